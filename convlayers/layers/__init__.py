"""The layers, under the names that Keras has for them."""

from convlayers import registry
from convlayers.layers.activations.activation import Activation
from convlayers.layers.activations.elu import ELU
from convlayers.layers.activations.leaky_relu import LeakyReLU
from convlayers.layers.activations.prelu import PReLU
from convlayers.layers.activations.relu import ReLU
from convlayers.layers.activations.softmax import Softmax
from convlayers.layers.convolutional.conv import Conv1D, Conv2D, Conv3D
from convlayers.layers.convolutional.conv_transpose import Conv1DTranspose, Conv2DTranspose, Conv3DTranspose
from convlayers.layers.convolutional.depthwise_conv import DepthwiseConv1D, DepthwiseConv2D
from convlayers.layers.convolutional.separable_conv import SeparableConv1D, SeparableConv2D
from convlayers.layers.core.dense import Dense
from convlayers.layers.core.einsum_dense import EinsumDense
from convlayers.layers.core.embedding import Embedding
from convlayers.layers.core.identity import Identity
from convlayers.layers.core.input_layer import Input, InputLayer
from convlayers.layers.core.lambda_layer import Lambda
from convlayers.layers.core.masking import Masking
from convlayers.layers.core.reversible_embedding import ReversibleEmbedding
from convlayers.layers.core.time_distributed import TimeDistributed
from convlayers.layers.core.wrapper import Wrapper
from convlayers.layers.encodings import deserialize, serialize
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.layer import Layer
from convlayers.layers.merging.concatenate import Concatenate, concatenate
from convlayers.layers.merging.dot import Dot, dot
from convlayers.layers.merging.elementwise import (
    Add,
    Average,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    maximum,
    minimum,
    multiply,
    subtract,
)
from convlayers.layers.normalization.batch_normalization import BatchNormalization
from convlayers.layers.normalization.group_normalization import GroupNormalization
from convlayers.layers.normalization.layer_normalization import LayerNormalization
from convlayers.layers.normalization.rms_normalization import RMSNormalization
from convlayers.layers.normalization.spectral_normalization import SpectralNormalization
from convlayers.layers.normalization.unit_normalization import UnitNormalization
from convlayers.layers.pooling.adaptive_pooling import (
    AdaptiveAveragePooling1D,
    AdaptiveAveragePooling2D,
    AdaptiveAveragePooling3D,
    AdaptiveMaxPooling1D,
    AdaptiveMaxPooling2D,
    AdaptiveMaxPooling3D,
)
from convlayers.layers.pooling.global_pooling import (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
)
from convlayers.layers.pooling.window_pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from convlayers.layers.regularization.activity_regularization import ActivityRegularization
from convlayers.layers.regularization.alpha_dropout import AlphaDropout
from convlayers.layers.regularization.dropout import Dropout
from convlayers.layers.regularization.gaussian_dropout import GaussianDropout
from convlayers.layers.regularization.gaussian_noise import GaussianNoise
from convlayers.layers.regularization.spatial_dropout import SpatialDropout1D, SpatialDropout2D, SpatialDropout3D
from convlayers.layers.reshaping.cropping import Cropping1D, Cropping2D, Cropping3D
from convlayers.layers.reshaping.flatten import Flatten
from convlayers.layers.reshaping.permute import Permute
from convlayers.layers.reshaping.repeat_vector import RepeatVector
from convlayers.layers.reshaping.reshape import Reshape
from convlayers.layers.reshaping.up_sampling import UpSampling1D, UpSampling2D, UpSampling3D
from convlayers.layers.reshaping.zero_padding import ZeroPadding1D, ZeroPadding2D, ZeroPadding3D
from convlayers.lazy_imports import lazy_names

# Keras's other names.
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
Convolution1D = Conv1D
Convolution1DTranspose = Conv1DTranspose
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
Convolution3D = Conv3D
Convolution3DTranspose = Conv3DTranspose
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D

# A class goes into files under its first name.
registry.register_family("keras.layers", registry.subclasses_in(globals(), Layer))

# Layers that prepare images are many, and most models have none.
registry.register_lazy_families("layers", "convlayers.layers.preprocessing")
_find, __dir__, _ = lazy_names(
    __name__,
    preprocessing="""
        AugMix AutoContrast CategoryEncoding CenterCrop ContrastLimitedAdaptiveHistogramEqualization CutMix
        Discretization Equalization MaxNumBoundingBoxes MixUp Normalization Pipeline RandAugment RandomBrightness
        RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing
        RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization
        RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom Rescaling Resizing
        Solarization
    """,
)


def __getattr__(name):
    if name == "__all__":  # for `import *`: what there is by then
        return [name for name in __dir__() if not name.startswith("_")]
    return _find(name)
