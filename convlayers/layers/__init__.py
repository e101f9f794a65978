"""The layers, under the names that Keras has for them."""

from convlayers.layers.activation import Activation as Activation
from convlayers.layers.activation import ReLU as ReLU
from convlayers.layers.activation import Softmax as Softmax
from convlayers.layers.conv import Conv1D as Conv1D
from convlayers.layers.conv import Conv2D as Conv2D
from convlayers.layers.conv import Conv3D as Conv3D
from convlayers.layers.core import Input as Input
from convlayers.layers.core import InputLayer as InputLayer
from convlayers.layers.dense import Dense as Dense
from convlayers.layers.depthwise_conv import DepthwiseConv1D as DepthwiseConv1D
from convlayers.layers.depthwise_conv import DepthwiseConv2D as DepthwiseConv2D
from convlayers.layers.global_pooling import GlobalAveragePooling1D as GlobalAveragePooling1D
from convlayers.layers.global_pooling import GlobalAveragePooling2D as GlobalAveragePooling2D
from convlayers.layers.global_pooling import GlobalAveragePooling3D as GlobalAveragePooling3D
from convlayers.layers.global_pooling import GlobalMaxPooling1D as GlobalMaxPooling1D
from convlayers.layers.global_pooling import GlobalMaxPooling2D as GlobalMaxPooling2D
from convlayers.layers.global_pooling import GlobalMaxPooling3D as GlobalMaxPooling3D
from convlayers.layers.input_spec import InputSpec as InputSpec
from convlayers.layers.layer import Layer as Layer
from convlayers.layers.merging import Add as Add
from convlayers.layers.merging import Average as Average
from convlayers.layers.merging import Concatenate as Concatenate
from convlayers.layers.merging import Maximum as Maximum
from convlayers.layers.merging import Minimum as Minimum
from convlayers.layers.merging import Multiply as Multiply
from convlayers.layers.merging import Subtract as Subtract
from convlayers.layers.merging import add as add
from convlayers.layers.merging import average as average
from convlayers.layers.merging import concatenate as concatenate
from convlayers.layers.merging import maximum as maximum
from convlayers.layers.merging import minimum as minimum
from convlayers.layers.merging import multiply as multiply
from convlayers.layers.merging import subtract as subtract
from convlayers.layers.normalization import BatchNormalization as BatchNormalization
from convlayers.layers.pooling import AveragePooling1D as AveragePooling1D
from convlayers.layers.pooling import AveragePooling2D as AveragePooling2D
from convlayers.layers.pooling import AveragePooling3D as AveragePooling3D
from convlayers.layers.pooling import MaxPooling1D as MaxPooling1D
from convlayers.layers.pooling import MaxPooling2D as MaxPooling2D
from convlayers.layers.pooling import MaxPooling3D as MaxPooling3D
from convlayers.layers.regularization import Dropout as Dropout
from convlayers.layers.reshaping import Flatten as Flatten
from convlayers.layers.reshaping import Reshape as Reshape
from convlayers.layers.reshaping import ZeroPadding1D as ZeroPadding1D
from convlayers.layers.reshaping import ZeroPadding2D as ZeroPadding2D
from convlayers.layers.reshaping import ZeroPadding3D as ZeroPadding3D
from convlayers.layers.separable_conv import SeparableConv1D as SeparableConv1D
from convlayers.layers.separable_conv import SeparableConv2D as SeparableConv2D
from convlayers.registry import register_family

# Keras's other names.
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
Convolution1D = Conv1D
Convolution2D = Conv2D
Convolution3D = Conv3D
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
