"""Layers of an installed Keras that compute on the kernels of convlayers.

A model of Keras gets faster with one line changed:

    from convlayers.keras_layers import Conv2D, MaxPooling2D      # in place of `from keras.layers import ...`
    from convlayers import keras_layers as layers                 # in place of `from keras import layers`

Or, if it exists already:

    model = convlayers.keras_layers.convert(model)

Each is a subclass of the class of the same name in `keras.layers`, with the same arguments, weights and files. Keras's torch
backend trains them, with the kernels' own gradients; its numpy backend predicts. Any other name is that of `keras.layers`.

Tensors that kernels cannot read are computed by Keras: other number types than float32 and float64, other devices than the CPU,
and what PyTorch traces, compiles or exports.
"""

from convlayers.keras_layers.computations import (
    AVERAGE,
    CONVOLUTION,
    DEPTHWISE,
    GLOBAL_AVERAGE,
    GLOBAL_MAX,
    MAX,
    SEPARABLE,
    TRANSPOSED,
)
from convlayers.keras_layers.conversion import convert
from convlayers.keras_layers.faster import FASTER, faster
from convlayers.keras_layers.installed import keras

Conv1D = faster(keras.layers.Conv1D, CONVOLUTION)
Conv2D = faster(keras.layers.Conv2D, CONVOLUTION)
Conv3D = faster(keras.layers.Conv3D, CONVOLUTION)
DepthwiseConv1D = faster(keras.layers.DepthwiseConv1D, DEPTHWISE)
DepthwiseConv2D = faster(keras.layers.DepthwiseConv2D, DEPTHWISE)
SeparableConv1D = faster(keras.layers.SeparableConv1D, SEPARABLE)
SeparableConv2D = faster(keras.layers.SeparableConv2D, SEPARABLE)
Conv1DTranspose = faster(keras.layers.Conv1DTranspose, TRANSPOSED)
Conv2DTranspose = faster(keras.layers.Conv2DTranspose, TRANSPOSED)
Conv3DTranspose = faster(keras.layers.Conv3DTranspose, TRANSPOSED)
MaxPooling1D = faster(keras.layers.MaxPooling1D, MAX)
MaxPooling2D = faster(keras.layers.MaxPooling2D, MAX)
MaxPooling3D = faster(keras.layers.MaxPooling3D, MAX)
AveragePooling1D = faster(keras.layers.AveragePooling1D, AVERAGE)
AveragePooling2D = faster(keras.layers.AveragePooling2D, AVERAGE)
AveragePooling3D = faster(keras.layers.AveragePooling3D, AVERAGE)
GlobalMaxPooling1D = faster(keras.layers.GlobalMaxPooling1D, GLOBAL_MAX)
GlobalMaxPooling2D = faster(keras.layers.GlobalMaxPooling2D, GLOBAL_MAX)
GlobalMaxPooling3D = faster(keras.layers.GlobalMaxPooling3D, GLOBAL_MAX)
GlobalAveragePooling1D = faster(keras.layers.GlobalAveragePooling1D, GLOBAL_AVERAGE)
GlobalAveragePooling2D = faster(keras.layers.GlobalAveragePooling2D, GLOBAL_AVERAGE)
GlobalAveragePooling3D = faster(keras.layers.GlobalAveragePooling3D, GLOBAL_AVERAGE)


def __getattr__(name):
    """Other names of these layers, as `MaxPool2D`, and all other layers of Keras."""
    try:
        layer = getattr(keras.layers, name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}, nor has keras.layers") from None
    return FASTER.get(layer, layer)
