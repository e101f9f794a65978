"""Layers that prepare inputs, images above all: sizes, value ranges, and random changes while a model is trained.

`layers` has their names, too, and imports them when one of them is asked for.
"""

from convlayers.layers.preprocessing.adaptive_equalization import (
    ContrastLimitedAdaptiveHistogramEqualization as ContrastLimitedAdaptiveHistogramEqualization,
)
from convlayers.layers.preprocessing.augmentations import AugMix as AugMix
from convlayers.layers.preprocessing.augmentations import RandAugment as RandAugment
from convlayers.layers.preprocessing.category_encoding import CategoryEncoding as CategoryEncoding
from convlayers.layers.preprocessing.cropping import CenterCrop as CenterCrop
from convlayers.layers.preprocessing.cropping import RandomCrop as RandomCrop
from convlayers.layers.preprocessing.discretization import Discretization as Discretization
from convlayers.layers.preprocessing.max_num_bounding_boxes import MaxNumBoundingBoxes as MaxNumBoundingBoxes
from convlayers.layers.preprocessing.mixing import CutMix as CutMix
from convlayers.layers.preprocessing.mixing import MixUp as MixUp
from convlayers.layers.preprocessing.normalization import Normalization as Normalization
from convlayers.layers.preprocessing.pipeline import Pipeline as Pipeline
from convlayers.layers.preprocessing.random_affine import RandomRotation as RandomRotation
from convlayers.layers.preprocessing.random_affine import RandomShear as RandomShear
from convlayers.layers.preprocessing.random_affine import RandomTranslation as RandomTranslation
from convlayers.layers.preprocessing.random_affine import RandomZoom as RandomZoom
from convlayers.layers.preprocessing.random_colors import RandomColorDegeneration as RandomColorDegeneration
from convlayers.layers.preprocessing.random_colors import RandomColorJitter as RandomColorJitter
from convlayers.layers.preprocessing.random_colors import RandomGrayscale as RandomGrayscale
from convlayers.layers.preprocessing.random_colors import RandomHue as RandomHue
from convlayers.layers.preprocessing.random_colors import RandomSaturation as RandomSaturation
from convlayers.layers.preprocessing.random_filters import RandomErasing as RandomErasing
from convlayers.layers.preprocessing.random_filters import RandomGaussianBlur as RandomGaussianBlur
from convlayers.layers.preprocessing.random_filters import RandomSharpness as RandomSharpness
from convlayers.layers.preprocessing.random_flip import RandomFlip as RandomFlip
from convlayers.layers.preprocessing.random_tone import RandomBrightness as RandomBrightness
from convlayers.layers.preprocessing.random_tone import RandomContrast as RandomContrast
from convlayers.layers.preprocessing.random_warps import RandomElasticTransform as RandomElasticTransform
from convlayers.layers.preprocessing.random_warps import RandomPerspective as RandomPerspective
from convlayers.layers.preprocessing.rescaling import Rescaling as Rescaling
from convlayers.layers.preprocessing.resizing import Resizing as Resizing
from convlayers.layers.preprocessing.value_layers import AutoContrast as AutoContrast
from convlayers.layers.preprocessing.value_layers import Equalization as Equalization
from convlayers.layers.preprocessing.value_layers import RandomInvert as RandomInvert
from convlayers.layers.preprocessing.value_layers import RandomPosterization as RandomPosterization
from convlayers.layers.preprocessing.value_layers import Solarization as Solarization
from convlayers.registry import register_family

_layers = {name: value for name, value in globals().items() if isinstance(value, type)}
register_family("keras.layers", _layers)
