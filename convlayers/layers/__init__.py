"""The layers, under the names that Keras has for them."""

from convlayers.layers.activations.activation import Activation as Activation
from convlayers.layers.activations.elu import ELU as ELU
from convlayers.layers.activations.leaky_relu import LeakyReLU as LeakyReLU
from convlayers.layers.activations.prelu import PReLU as PReLU
from convlayers.layers.activations.relu import ReLU as ReLU
from convlayers.layers.activations.softmax import Softmax as Softmax
from convlayers.layers.convolutional.conv import Conv1D as Conv1D
from convlayers.layers.convolutional.conv import Conv2D as Conv2D
from convlayers.layers.convolutional.conv import Conv3D as Conv3D
from convlayers.layers.convolutional.conv_transpose import Conv1DTranspose as Conv1DTranspose
from convlayers.layers.convolutional.conv_transpose import Conv2DTranspose as Conv2DTranspose
from convlayers.layers.convolutional.conv_transpose import Conv3DTranspose as Conv3DTranspose
from convlayers.layers.convolutional.depthwise_conv import DepthwiseConv1D as DepthwiseConv1D
from convlayers.layers.convolutional.depthwise_conv import DepthwiseConv2D as DepthwiseConv2D
from convlayers.layers.convolutional.separable_conv import SeparableConv1D as SeparableConv1D
from convlayers.layers.convolutional.separable_conv import SeparableConv2D as SeparableConv2D
from convlayers.layers.core.dense import Dense as Dense
from convlayers.layers.core.einsum_dense import EinsumDense as EinsumDense
from convlayers.layers.core.embedding import Embedding as Embedding
from convlayers.layers.core.identity import Identity as Identity
from convlayers.layers.core.input_layer import Input as Input
from convlayers.layers.core.input_layer import InputLayer as InputLayer
from convlayers.layers.core.lambda_layer import Lambda as Lambda
from convlayers.layers.core.masking import Masking as Masking
from convlayers.layers.core.reversible_embedding import ReversibleEmbedding as ReversibleEmbedding
from convlayers.layers.core.time_distributed import TimeDistributed as TimeDistributed
from convlayers.layers.core.wrapper import Wrapper as Wrapper
from convlayers.layers.encodings import deserialize as deserialize
from convlayers.layers.encodings import serialize as serialize
from convlayers.layers.input_spec import InputSpec as InputSpec
from convlayers.layers.layer import Layer as Layer
from convlayers.layers.merging.concatenate import Concatenate as Concatenate
from convlayers.layers.merging.concatenate import concatenate as concatenate
from convlayers.layers.merging.dot import Dot as Dot
from convlayers.layers.merging.dot import dot as dot
from convlayers.layers.merging.elementwise import Add as Add
from convlayers.layers.merging.elementwise import Average as Average
from convlayers.layers.merging.elementwise import Maximum as Maximum
from convlayers.layers.merging.elementwise import Minimum as Minimum
from convlayers.layers.merging.elementwise import Multiply as Multiply
from convlayers.layers.merging.elementwise import Subtract as Subtract
from convlayers.layers.merging.elementwise import add as add
from convlayers.layers.merging.elementwise import average as average
from convlayers.layers.merging.elementwise import maximum as maximum
from convlayers.layers.merging.elementwise import minimum as minimum
from convlayers.layers.merging.elementwise import multiply as multiply
from convlayers.layers.merging.elementwise import subtract as subtract
from convlayers.layers.normalization.batch_normalization import BatchNormalization as BatchNormalization
from convlayers.layers.normalization.group_normalization import GroupNormalization as GroupNormalization
from convlayers.layers.normalization.layer_normalization import LayerNormalization as LayerNormalization
from convlayers.layers.normalization.rms_normalization import RMSNormalization as RMSNormalization
from convlayers.layers.normalization.spectral_normalization import SpectralNormalization as SpectralNormalization
from convlayers.layers.normalization.unit_normalization import UnitNormalization as UnitNormalization
from convlayers.layers.pooling.adaptive_pooling import AdaptiveAveragePooling1D as AdaptiveAveragePooling1D
from convlayers.layers.pooling.adaptive_pooling import AdaptiveAveragePooling2D as AdaptiveAveragePooling2D
from convlayers.layers.pooling.adaptive_pooling import AdaptiveAveragePooling3D as AdaptiveAveragePooling3D
from convlayers.layers.pooling.adaptive_pooling import AdaptiveMaxPooling1D as AdaptiveMaxPooling1D
from convlayers.layers.pooling.adaptive_pooling import AdaptiveMaxPooling2D as AdaptiveMaxPooling2D
from convlayers.layers.pooling.adaptive_pooling import AdaptiveMaxPooling3D as AdaptiveMaxPooling3D
from convlayers.layers.pooling.global_pooling import GlobalAveragePooling1D as GlobalAveragePooling1D
from convlayers.layers.pooling.global_pooling import GlobalAveragePooling2D as GlobalAveragePooling2D
from convlayers.layers.pooling.global_pooling import GlobalAveragePooling3D as GlobalAveragePooling3D
from convlayers.layers.pooling.global_pooling import GlobalMaxPooling1D as GlobalMaxPooling1D
from convlayers.layers.pooling.global_pooling import GlobalMaxPooling2D as GlobalMaxPooling2D
from convlayers.layers.pooling.global_pooling import GlobalMaxPooling3D as GlobalMaxPooling3D
from convlayers.layers.pooling.window_pooling import AveragePooling1D as AveragePooling1D
from convlayers.layers.pooling.window_pooling import AveragePooling2D as AveragePooling2D
from convlayers.layers.pooling.window_pooling import AveragePooling3D as AveragePooling3D
from convlayers.layers.pooling.window_pooling import MaxPooling1D as MaxPooling1D
from convlayers.layers.pooling.window_pooling import MaxPooling2D as MaxPooling2D
from convlayers.layers.pooling.window_pooling import MaxPooling3D as MaxPooling3D
from convlayers.layers.regularization.activity_regularization import ActivityRegularization as ActivityRegularization
from convlayers.layers.regularization.alpha_dropout import AlphaDropout as AlphaDropout
from convlayers.layers.regularization.dropout import Dropout as Dropout
from convlayers.layers.regularization.gaussian_dropout import GaussianDropout as GaussianDropout
from convlayers.layers.regularization.gaussian_noise import GaussianNoise as GaussianNoise
from convlayers.layers.regularization.spatial_dropout import SpatialDropout1D as SpatialDropout1D
from convlayers.layers.regularization.spatial_dropout import SpatialDropout2D as SpatialDropout2D
from convlayers.layers.regularization.spatial_dropout import SpatialDropout3D as SpatialDropout3D
from convlayers.layers.reshaping.cropping import Cropping1D as Cropping1D
from convlayers.layers.reshaping.cropping import Cropping2D as Cropping2D
from convlayers.layers.reshaping.cropping import Cropping3D as Cropping3D
from convlayers.layers.reshaping.flatten import Flatten as Flatten
from convlayers.layers.reshaping.permute import Permute as Permute
from convlayers.layers.reshaping.repeat_vector import RepeatVector as RepeatVector
from convlayers.layers.reshaping.reshape import Reshape as Reshape
from convlayers.layers.reshaping.up_sampling import UpSampling1D as UpSampling1D
from convlayers.layers.reshaping.up_sampling import UpSampling2D as UpSampling2D
from convlayers.layers.reshaping.up_sampling import UpSampling3D as UpSampling3D
from convlayers.layers.reshaping.zero_padding import ZeroPadding1D as ZeroPadding1D
from convlayers.layers.reshaping.zero_padding import ZeroPadding2D as ZeroPadding2D
from convlayers.layers.reshaping.zero_padding import ZeroPadding3D as ZeroPadding3D
from convlayers.lazy_imports import lazy_names
from convlayers.registry import register_family, register_lazy_families

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
_layers = {name: value for name, value in globals().items() if isinstance(value, type) and issubclass(value, Layer)}
register_family("keras.layers", _layers)

# Layers that prepare images are many, and most models have none.
register_lazy_families("layers", "convlayers.layers.preprocessing")
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
