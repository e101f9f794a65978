"""Convolution."""

import functools

import numpy as np

from convlayers import config, shapes, validation
from convlayers.autograd import differentiable
from convlayers.config import DATA_FORMATS, standardize_data_format
from convlayers.ops.bias_activation import LINEAR, fused_code
from convlayers.ops.conv_passes import conv_passes
from convlayers.ops.conv_plan import ConvPlan
from convlayers.ops.conv_problem import ConvProblem
from convlayers.ops.conv_types import in_type_of_which, kernel_arrays
from convlayers.ops.kept_weights import kept_weights
from convlayers.ops.layout import image_layout, shape_for_users, to_3d
from convlayers.ops.pooling import max_pool
from convlayers.ops.shaping import reshape
from convlayers.padding import standardize_padding


def conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolves inputs with a kernel: the sum of products at each place (the kernel is not flipped).

    Args:
        inputs: array of shape (batch, *spatial, channels), with one, two or three spatial axes;
            (batch, channels, *spatial) for "channels_first".
        kernel: array of shape (*kernel_size, channels / groups, filters), whatever the data format. The number of groups
            follows from the number of channels.
        strides: int or tuple of ints, one for each spatial axis.
        padding: "valid" (none), "same" (zeros, so that outputs are as large as inputs / strides) or, for one spatial axis,
            "causal" (zeros in front). Or numbers of zeros: an int for all sides, a tuple of ints, one for both sides of each
            axis, or a tuple of pairs (in front, behind).
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.
        dilation_rate: int or tuple of ints: the distance of the kernel's taps. Strides and dilation go together here.

    Returns:
        Array of shape (batch, *new spatial, filters), or with the channels first as in the inputs.

    Raises:
        ValueError: if shapes do not fit together.

    Example:

    >>> conv(np.ones((1, 28, 28, 3), "float32"), np.ones((3, 3, 3, 8), "float32"), strides=2, padding="same").shape
    (1, 14, 14, 8)
    """
    return conv_bias_activation(
        inputs, kernel, None, shapes.hashable(strides), shapes.hashable(padding), data_format, shapes.hashable(dilation_rate)
    )


def conv_bias_activation(
    inputs, kernel, bias, strides=1, padding="valid", data_format=None, dilation_rate=1, activation=None, pool=None
):
    """Returns `activation(conv(inputs, kernel) + bias)`, in one pass where kernels know the activation.

    Args:
        bias: array of shape (filters,), or None.
        strides, dilation_rate: int or tuple of ints.
        padding: a string, an int, or a tuple.
        activation: a function, or None.
        pool: `pool_size`, `strides` and `padding` of a `max_pool` behind it, or None.
        The others as for `conv`.
    """
    code = fused_code(activation)
    arguments = inputs, kernel, bias, strides, padding, data_format, dilation_rate
    if code is not None:
        return _conv(*arguments, code, kept_weights(kernel), pool)
    y = activation(_conv(*arguments, LINEAR, kept_weights(kernel), None))
    return y if pool is None else max_pool(y, *pool, data_format)


def depthwise_conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolves each channel with kernels of its own.

    Args:
        kernel: array of shape (*kernel_size, channels, depth_multiplier), whatever the data format.
        The others as for `conv`.

    Returns:
        Array of shape (batch, *new spatial, channels * depth_multiplier), or with the channels first as in the inputs.

    Raises:
        ValueError: if shapes do not fit together.

    Example:

    >>> depthwise_conv(np.ones((1, 28, 28, 3), "float32"), np.ones((3, 3, 3, 2), "float32")).shape
    (1, 26, 26, 6)
    """
    shape, kernel_shape = np.shape(inputs), np.shape(kernel)
    if len(shape) == len(kernel_shape) > 2:
        validation.check_kernel_channels(kernel_shape[-2], kernel_shape, shape, standardize_data_format(data_format))
    return depthwise_conv_bias_activation(
        inputs, kernel, None, shapes.hashable(strides), shapes.hashable(padding), data_format, shapes.hashable(dilation_rate)
    )


def depthwise_conv_bias_activation(
    inputs, kernel, bias, strides=1, padding="valid", data_format=None, dilation_rate=1, activation=None
):
    """Returns `activation(depthwise_conv(inputs, kernel) + bias)`; arguments as for `conv_bias_activation`."""
    *size, channels, multiplier = kernel.shape
    kernel = reshape(kernel, (*size, 1, channels * multiplier))
    return conv_bias_activation(inputs, kernel, bias, strides, padding, data_format, dilation_rate, activation)


def separable_conv(inputs, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolves each channel with kernels of its own, and mixes the channels that come out.

    Args:
        depthwise_kernel: array of shape (*kernel_size, channels, depth_multiplier), whatever the data format.
        pointwise_kernel: array of shape (1, ..., 1, channels * depth_multiplier, filters).
        The others as for `conv`.

    Returns:
        Array of shape (batch, *new spatial, filters), or with the filters first as the channels in the inputs.

    Raises:
        ValueError: if shapes do not fit together.

    Example:

    >>> kernels = np.ones((3, 3, 3, 2), "float32"), np.ones((1, 1, 6, 8), "float32")
    >>> separable_conv(np.ones((1, 28, 28, 3), "float32"), *kernels).shape
    (1, 26, 26, 8)
    """
    between = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(between, pointwise_kernel, data_format=data_format)


@differentiable(new_gradients=True, overwrites=True)
def _conv(inputs, kernel, bias, strides, padding, data_format, dilation_rate, activation, kept, pool):
    given = in_type_of_which(inputs, kernel)
    inputs, kernel, bias = kernel_arrays(inputs, kernel, bias)
    if data_format not in DATA_FORMATS:  # Layers pass one that is: a call costs more than this.
        data_format = standardize_data_format(data_format)
    arguments = inputs.shape, kernel.shape, strides, padding, data_format, dilation_rate, inputs.dtype
    plans = _plan(arguments, pool, config.winograd())
    return conv_passes(plans, given, inputs, kernel, bias, activation, kept, pool)


@functools.lru_cache(maxsize=4096)
def _plan(arguments, pool, winograd):
    """Returns a `ConvPlan`, and the layouts of the inputs and of the outputs, those of `pool` if there is one."""
    # The setting is an argument for the cache only: `choose` asks for it itself.
    problem = conv_problem(*arguments)
    input_shape, _, _, _, data_format, _, dtype = arguments
    output_shape = shape_for_users(problem.output_shape, len(input_shape), data_format)
    if pool is not None:
        output_shape = shapes.compute_pooling_output_shape(output_shape, *pool, data_format)
    layouts = [image_layout(shape, data_format, dtype) for shape in (input_shape, output_shape)]
    return ConvPlan(problem), *layouts


def conv_problem(input_shape, kernel_shape, strides, padding, data_format, dilation_rate, dtype):
    """Checks the arguments of a convolution, and returns it as kernels see it.

    Raises:
        ValueError: if they do not fit together.
    """
    rank = rank_of_kernel(kernel_shape)
    padding = standardize_padding(padding, rank, allow_causal=rank == 1)
    kernel_size, kernel_channels, filters = kernel_shape[:-2], kernel_shape[-2], kernel_shape[-1]
    if len(input_shape) != rank + 2:
        # Says what is wrong, in Keras's words.
        shapes.compute_conv_output_shape(input_shape, filters, kernel_size, strides, padding, data_format, dilation_rate)
    strides = shapes.standardize_tuple(strides, rank, "strides")
    dilation_rate = shapes.standardize_tuple(dilation_rate, rank, "dilation_rate")
    batch, spatial, channels = shapes.split_shape(input_shape, data_format)
    if kernel_channels == 0 or channels % kernel_channels or filters % max(1, channels // kernel_channels):
        raise ValueError(
            "The number of input channels must be evenly divisible by kernel's in_channels. "
            f"Received input channels {channels} and kernel in_channels {kernel_channels}. \n"
            f"The quotient is the number of groups, and the number of filters, {filters}, must be a multiple of it. "
            f"Received: inputs.shape={input_shape}, kernel.shape={kernel_shape}, data_format={data_format}."
            + shapes.hint_at_data_format(input_shape, data_format)
        )
    output_shape = shapes.compute_conv_output_shape(
        input_shape, filters, kernel_size, strides, padding, data_format, dilation_rate
    )
    _, output_spatial, _ = shapes.split_shape(output_shape, data_format)
    pads = shapes.conv_pads_of_axes(spatial, kernel_size, strides, padding, dilation_rate)
    return ConvProblem(
        input_shape=(batch, *to_3d(spatial), channels),
        kernel_shape=(*to_3d(kernel_size), kernel_channels, filters),
        output_shape=(batch, *to_3d(output_spatial), filters),
        strides=to_3d(strides),
        dilations=to_3d(dilation_rate),
        pads=to_3d([front for front, _ in pads], 0),
        groups=channels // kernel_channels,
        dtype=dtype.name,
    )


def rank_of_kernel(kernel_shape):
    """Returns the number of spatial axes.

    Raises:
        ValueError: if there are none, or more than three.
    """
    rank = len(kernel_shape) - 2
    if rank not in (1, 2, 3):
        raise ValueError(
            f"A kernel has 1, 2 or 3 spatial axes, and those of channels and filters. Received: kernel.shape={kernel_shape}."
        )
    return rank
