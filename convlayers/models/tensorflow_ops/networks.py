"""Functions of TensorFlow's `tf.nn`, with its arguments."""

import functools

import numpy as np

from convlayers import ops
from convlayers.models.tensorflow_ops.arguments import as_ints, as_number_or_array, check_unused
from convlayers.models.tensorflow_ops.sizes import takes_sizes, with_samples
from convlayers.shapes import conv_transpose_output_length

_LEAST = float(np.finfo("float32").min)


def gelu(features, approximate=False):
    return ops.gelu(features, approximate)


def leaky_relu(features, alpha=0.2):
    return ops.leaky_relu(features, alpha)


def silu(features, beta=1.0):
    return ops.silu(features) if beta == 1 else ops.multiply(features, ops.sigmoid(ops.multiply(features, beta)))


def crelu(features, axis=-1):
    return ops.relu(ops.concatenate([features, ops.negative(features)], axis))


def softmax(logits, axis=-1, dim=None):
    return ops.softmax(logits, axis if dim is None else dim)


def log_softmax(logits, axis=-1, dim=None):
    return ops.log_softmax(logits, axis if dim is None else dim)


def bias_add(value, bias, data_format=None):
    bias = as_number_or_array(bias)
    if data_format is not None and data_format.startswith("NC"):
        bias = ops.reshape(bias, (-1, *[1] * (len(value.shape) - 2)))
    return ops.add(value, bias)


class Blocks:
    """An exchange of channels for pixels, or of pixels for channels. Keras has another order where channels are first.

    Args:
        function: an op.
    """

    def __init__(self, function):
        self.function = function
        self.__name__ = function.__name__

    def __call__(self, input, block_size, data_format="NHWC"):
        if _keras_format(data_format) == "channels_last":
            return self.function(input, block_size, "channels_last")
        return ops.transpose(self(ops.transpose(input, (0, 2, 3, 1)), block_size), (0, 3, 1, 2))


class Pooling:
    """A pooling as TensorFlow has it.

    Args:
        function: an op.
    """

    def __init__(self, function):
        self.function = function
        self.__name__ = function.__name__

    def __call__(self, input, ksize, strides, padding, data_format=None):
        size, strides = (_spatial(sizes, input, data_format) for sizes in (ksize, strides))
        return self.function(input, size, strides, _keras_padding(padding), _keras_format(data_format))


def max_pool_with_argmax(
    input, ksize, strides, padding, data_format="NHWC", output_dtype="int64", include_batch_in_index=False
):
    """The places are numbers of an image's pixels and channels."""
    check_unused("nn.max_pool_with_argmax", include_batch_in_index=include_batch_in_index)
    size, strides = (_spatial(sizes, input, data_format) for sizes in (ksize, strides))
    settings = (input, size, strides, _keras_padding(padding), "channels_last")
    channels = input.shape[-1]
    _, pixels = ops.max_pool(*settings, return_indices=True)
    places = ops.add(ops.multiply(pixels, channels), np.arange(channels))
    return ops.max_pool(*settings), ops.cast(places, output_dtype)


def dilation2d(input, filters=None, strides=None, padding="VALID", data_format="NHWC", dilations=None, filter=None, rates=None):
    """The largest sum of a pixel and a number of the filter, of each window."""
    filters = as_number_or_array(filters if filter is None else filter)
    rows, columns = filters.shape[:2]
    steps, rates = _spatial(strides, input, "NHWC"), _spatial(rates if dilations is None else dilations, input, "NHWC")
    sizes = [(size - 1) * rate + 1 for size, rate in zip((rows, columns), rates, strict=True)]
    sides, ends = [(0, 0)], []
    for given, size, step in zip(input.shape[1:3], sizes, steps, strict=True):
        wanted = -(-given // step) if padding.upper() == "SAME" else (given - size) // step + 1
        more = max(0, (wanted - 1) * step + size - given)
        sides.append((more // 2, more - more // 2))
        ends.append((wanted - 1) * step + 1)
    x = ops.pad(input, [*sides, (0, 0)], constant_values=_LEAST)
    windows = []
    for row, column in np.ndindex(rows, columns):
        starts = (row * rates[0], column * rates[1])
        places = [slice(start, start + end, step) for start, end, step in zip(starts, ends, steps, strict=True)]
        part = ops.get_item(x, (slice(None), *places))
        windows.append(ops.add(part, ops.get_item(filters, (row, column))))
    return functools.reduce(ops.maximum, windows)


def erosion2d(value, filters, strides, padding, data_format, dilations):
    flipped = ops.flip(as_number_or_array(filters), (0, 1))
    return ops.negative(dilation2d(ops.negative(value), flipped, strides, padding, data_format, dilations))


def weighted_moments(x, axes, frequency_weights, keep_dims=False, keepdims=False):
    weights = ops.multiply(frequency_weights, ops.ones_like(x))
    kept, axes = keepdims or keep_dims, tuple(axes)
    total = ops.sum(weights, axis=axes, keepdims=True)
    mean = ops.divide(ops.sum(ops.multiply(weights, x), axis=axes, keepdims=True), total)
    squares = ops.square(ops.subtract(x, mean))
    variance = ops.divide(ops.sum(ops.multiply(weights, squares), axis=axes, keepdims=True), total)
    return (mean, variance) if kept else (ops.squeeze(mean, axes), ops.squeeze(variance, axes))


def pool(input, window_shape, pooling_type, padding="VALID", strides=None, dilation_rate=None, data_format=None):
    check_unused("nn.pool", dilation_rate=dilation_rate)
    function = {"MAX": ops.max_pool, "AVG": ops.average_pool}[pooling_type]
    return function(input, window_shape, strides or 1, _keras_padding(padding), _keras_format(data_format))


class Convolution:
    """A convolution as TensorFlow has it. Its kernel is an array in the file, or comes from elsewhere in the graph.

    Args:
        function: an op.
    """

    def __init__(self, function):
        self.function = function
        self.__name__ = function.__name__

    def __call__(
        self, input, filters=None, strides=1, padding="VALID", data_format=None, dilations=1, explicit_paddings=(), **older
    ):
        kernel = as_number_or_array(filters if filters is not None else older.pop("filter"))
        strides = _spatial(older.pop("stride", strides), input, data_format)
        dilations = _spatial(older.pop("dilation_rate", older.pop("rate", dilations)), input, data_format)
        if padding == "EXPLICIT":
            padding = list(zip(explicit_paddings[::2], explicit_paddings[1::2], strict=True))
        if not isinstance(padding, str):
            input, padding = ops.pad(input, [tuple(pair) for pair in padding]), "VALID"
        older.pop("use_cudnn_on_gpu", None)
        check_unused(f"nn.{self.__name__}", **older)
        return self.function(input, kernel, strides, _keras_padding(padding), _keras_format(data_format), dilations)


def separable_conv2d(input, depthwise_filter, pointwise_filter, strides, padding, data_format=None, dilations=1, rate=None):
    depthwise, pointwise = as_number_or_array(depthwise_filter), as_number_or_array(pointwise_filter)
    strides, rates = (_spatial(sizes, input, data_format) for sizes in (strides, dilations if rate is None else rate))
    return ops.separable_conv(input, depthwise, pointwise, strides, _keras_padding(padding), _keras_format(data_format), rates)


@takes_sizes
def conv_transpose(
    input, filters, output_shape, strides=1, padding="SAME", data_format=None, dilations=1, explicit_paddings=(), **older
):
    older.pop("use_cudnn_on_gpu", None)
    kernel, axes = as_number_or_array(filters), _spatial_axes(data_format)
    strides, dilations = (_spatial(sizes, input, data_format) for sizes in (strides, dilations))
    check_unused("nn.conv_transpose", dilations=max(dilations) > 1, explicit_paddings=list(explicit_paddings), **older)
    padding, settings = _keras_padding(padding), {"strides": strides, "data_format": _keras_format(data_format)}
    # The shape that is asked for is nearly always the one that Keras finds by itself.
    expected = [
        [conv_transpose_output_length(*axis, padding) for axis in zip(shape[axes], kernel.shape, strides, strict=False)]
        for shape in with_samples(input.shape)
    ]
    wanted = [as_ints(shape)[axes] for shape in with_samples(output_shape)]
    if wanted == expected:
        return ops.conv_transpose(input, kernel, padding=padding, **settings)
    if wanted[0] != wanted[1] or None in input.shape[axes]:
        raise TypeError(
            f"There is no translation of a transposed convolution with the output shape {wanted[0]} for {expected[0]}."
        )
    y = ops.conv_transpose(input, kernel, padding="valid", **settings)
    parts, sides = [slice(None)] * len(y.shape), [(0, 0)] * len(y.shape)
    for axis, size, given, length, stride in zip(
        range(len(y.shape))[axes], wanted[0], input.shape[axes], kernel.shape, strides, strict=False
    ):
        front = max(0, (given - 1) * stride + length - size) // 2 if padding == "same" else 0
        parts[axis], sides[axis] = slice(front, front + size), (0, max(0, front + size - y.shape[axis]))
    return ops.get_item(ops.pad(y, sides), tuple(parts))


@takes_sizes
def conv_transpose_of_node(output_shape, filters, input, **settings):
    """Nodes are the gradient of a convolution: they begin with the shape of what it was computed from."""
    return conv_transpose(input, filters, output_shape, **settings)


def local_response_normalization(input, depth_radius=5, bias=1, alpha=1, beta=0.5):
    """Divides by what the neighbours of a channel have, as in AlexNet."""
    channels = input.shape[-1]
    depth_radius = min(depth_radius, channels)
    sides = [(0, 0)] * (len(input.shape) - 1)
    squares = ops.pad(ops.square(input), [*sides, (depth_radius, depth_radius)])
    near = [ops.get_item(squares, (..., slice(start, start + channels))) for start in range(2 * depth_radius + 1)]
    total = functools.reduce(ops.add, near)
    return ops.divide(input, ops.power(ops.add(ops.multiply(total, alpha), bias), beta))


def _keras_format(data_format):
    return "channels_first" if data_format is not None and data_format.startswith("NC") else "channels_last"


def _keras_padding(padding):
    if not isinstance(padding, str):
        raise TypeError(f"There is no translation of numbers as the padding of a window. Received: padding={padding}")
    return padding.lower()


def _spatial_axes(data_format):
    return slice(2, None) if _keras_format(data_format) == "channels_first" else slice(1, -1)


def _spatial(sizes, input, data_format):
    """Returns the sizes of the spatial axes. TensorFlow also takes one for all of them, and one for each axis."""
    rank = len(input.shape) - 2
    if isinstance(sizes, (list, tuple)) and len(sizes) == rank + 2:
        sizes = sizes[_spatial_axes(data_format)]
    if isinstance(sizes, (list, tuple)):
        return tuple(sizes) if len(sizes) == rank else (sizes[0],) * rank
    return (sizes,) * rank
