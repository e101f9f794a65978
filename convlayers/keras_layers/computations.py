"""How each family of Keras's layers is computed by our ops."""

import functools
import inspect
from typing import NamedTuple

import numpy as np

from convlayers import activations, ops, shapes
from convlayers.keras_layers.installed import keras
from convlayers.ops.bias_activation import fused_code


class Computation(NamedTuple):
    """How a family of layers is computed.

    Attributes:
        function: takes a layer, an activation known to kernels or None, the inputs, and the weights (None without a bias).
        weights: their names in a layer.
        keeps_output: whether the gradient follows from the output also without an activation.
        differs: takes a layer and the shape of its inputs: whether this backend of Keras gives other numbers than most.
    """

    function: callable
    weights: tuple = ()
    keeps_output: bool = False
    differs: callable = lambda layer, input_shape: False


def _convolve(layer, activation, inputs, kernel, bias):
    return ops.conv_bias_activation(
        inputs, kernel, bias, layer.strides, layer.padding, layer.data_format, layer.dilation_rate, activation
    )


def _convolve_channels(layer, activation, inputs, kernel, bias):
    return ops.depthwise_conv_bias_activation(
        inputs, kernel, bias, layer.strides, layer.padding, layer.data_format, layer.dilation_rate, activation
    )


def _convolve_channels_and_mix(layer, activation, inputs, depthwise_kernel, pointwise_kernel, bias):
    between = _convolve_channels(layer, None, inputs, depthwise_kernel, None)
    return ops.conv_bias_activation(between, pointwise_kernel, bias, 1, "valid", layer.data_format, 1, activation)


def _add_up_windows(layer, activation, inputs, kernel, bias):
    return ops.conv_transpose_bias_activation(
        inputs,
        kernel,
        bias,
        layer.strides,
        layer.padding,
        layer.output_padding,
        layer.data_format,
        layer.dilation_rate,
        activation,
    )


def _max_pool(layer, activation, inputs):
    return ops.max_pool(inputs, layer.pool_size, layer.strides, layer.padding, layer.data_format)


def _average_pool(layer, activation, inputs):
    return ops.average_pool(inputs, layer.pool_size, layer.strides, layer.padding, layer.data_format)


def _global_max_pool(layer, activation, inputs):
    return ops.global_max_pool(inputs, layer.data_format, layer.keepdims)


def _global_average_pool(layer, activation, inputs):
    return ops.global_average_pool(inputs, layer.data_format, layer.keepdims)


def _repeats_the_border(layer, input_shape):
    """Whether "same" is uneven: then the torch backend repeats outermost pixels, and others leave out what is not there."""
    if keras.backend.backend() != "torch":
        return False
    _, spatial, _ = shapes.split_shape(input_shape, layer.data_format)
    dilations = (1,) * len(spatial)
    pads = shapes.conv_pads_of_axes(spatial, layer.pool_size, layer.strides, layer.padding, dilations)
    return any(front != behind for front, behind in pads)


def _shifts_windows(layer, input_shape):
    """Whether there are strides and "same" in an older version, whose torch backend puts windows elsewhere than others."""
    return layer.padding == "same" and max(layer.strides) > 1 and _keras_shifts_windows()


@functools.cache
def _keras_shifts_windows():
    window = np.array([1, 2, 3], "float32").reshape(3, 1, 1), 2, "same", None, "channels_last"
    pixel = np.ones((1, 1, 1), "float32")
    theirs = keras.ops.convert_to_numpy(keras.ops.conv_transpose(pixel, *window))
    return not np.array_equal(theirs, ops.conv_transpose(pixel, *window))


CONVOLUTION = Computation(_convolve, ("kernel", "bias"))
DEPTHWISE = Computation(_convolve_channels, ("kernel", "bias"))
SEPARABLE = Computation(_convolve_channels_and_mix, ("depthwise_kernel", "pointwise_kernel", "bias"))
TRANSPOSED = Computation(_add_up_windows, ("kernel", "bias"), differs=_shifts_windows)
MAX = Computation(_max_pool, keeps_output=True)
AVERAGE = Computation(_average_pool, differs=_repeats_the_border)
GLOBAL_MAX = Computation(_global_max_pool, keeps_output=True)
GLOBAL_AVERAGE = Computation(_global_average_pool)


def in_kernels(activation):
    """Returns whether kernels can apply one of Keras's activations, and under which function of ours they know it."""
    return activation in _IN_KERNELS, _IN_KERNELS.get(activation)


# Keras notes the logits in what comes out of its sigmoid, for the sake of losses: that one has to be Keras's own.
_IN_KERNELS = {
    theirs: getattr(activations, name)
    for name, theirs in inspect.getmembers(keras.activations, inspect.isfunction)
    if name != "sigmoid" and hasattr(activations, name) and fused_code(getattr(activations, name)) is not None
}
_IN_KERNELS[None] = _IN_KERNELS[keras.activations.linear] = None
