"""The layers, under the names that Keras has for them."""

from convlayers.layers.activations.activation import Activation as Activation
from convlayers.layers.activations.relu import ReLU as ReLU
from convlayers.layers.activations.softmax import Softmax as Softmax
from convlayers.layers.convolutional.conv import Conv1D as Conv1D
from convlayers.layers.convolutional.conv import Conv2D as Conv2D
from convlayers.layers.convolutional.conv import Conv3D as Conv3D
from convlayers.layers.convolutional.depthwise_conv import DepthwiseConv1D as DepthwiseConv1D
from convlayers.layers.convolutional.depthwise_conv import DepthwiseConv2D as DepthwiseConv2D
from convlayers.layers.convolutional.separable_conv import SeparableConv1D as SeparableConv1D
from convlayers.layers.convolutional.separable_conv import SeparableConv2D as SeparableConv2D
from convlayers.layers.core.dense import Dense as Dense
from convlayers.layers.core.input_layer import Input as Input
from convlayers.layers.core.input_layer import InputLayer as InputLayer
from convlayers.layers.input_spec import InputSpec as InputSpec
from convlayers.layers.layer import Layer as Layer
from convlayers.layers.merging.concatenate import Concatenate as Concatenate
from convlayers.layers.merging.concatenate import concatenate as concatenate
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
from convlayers.layers.regularization.dropout import Dropout as Dropout
from convlayers.layers.reshaping.flatten import Flatten as Flatten
from convlayers.layers.reshaping.reshape import Reshape as Reshape
from convlayers.layers.reshaping.zero_padding import ZeroPadding1D as ZeroPadding1D
from convlayers.layers.reshaping.zero_padding import ZeroPadding2D as ZeroPadding2D
from convlayers.layers.reshaping.zero_padding import ZeroPadding3D as ZeroPadding3D
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
