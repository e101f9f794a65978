"""Layers that prepare inputs, images above all: sizes, value ranges, and random changes while a model is trained.

`layers` has their names, too, and imports them when one of them is asked for.
"""

from convlayers.layers.preprocessing.adaptive_equalization import (
    ContrastLimitedAdaptiveHistogramEqualization,
)
from convlayers.layers.preprocessing.augmentations import AugMix, RandAugment
from convlayers.layers.preprocessing.category_encoding import CategoryEncoding
from convlayers.layers.preprocessing.cropping import CenterCrop, RandomCrop
from convlayers.layers.preprocessing.discretization import Discretization
from convlayers.layers.preprocessing.max_num_bounding_boxes import MaxNumBoundingBoxes
from convlayers.layers.preprocessing.mixing import CutMix, MixUp
from convlayers.layers.preprocessing.normalization import Normalization
from convlayers.layers.preprocessing.pipeline import Pipeline
from convlayers.layers.preprocessing.random_affine import RandomRotation, RandomShear, RandomTranslation, RandomZoom
from convlayers.layers.preprocessing.random_colors import (
    RandomColorDegeneration,
    RandomColorJitter,
    RandomGrayscale,
    RandomHue,
    RandomSaturation,
)
from convlayers.layers.preprocessing.random_filters import RandomErasing, RandomGaussianBlur, RandomSharpness
from convlayers.layers.preprocessing.random_flip import RandomFlip
from convlayers.layers.preprocessing.random_tone import RandomBrightness, RandomContrast
from convlayers.layers.preprocessing.random_warps import RandomElasticTransform, RandomPerspective
from convlayers.layers.preprocessing.rescaling import Rescaling
from convlayers.layers.preprocessing.resizing import Resizing
from convlayers.layers.preprocessing.value_layers import (
    AutoContrast,
    Equalization,
    RandomInvert,
    RandomPosterization,
    Solarization,
)
from convlayers.registry import register_family

_layers = {name: value for name, value in globals().items() if isinstance(value, type)}
register_family("keras.layers", _layers)
