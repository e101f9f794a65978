"""Functions of TensorFlow's `tf.nn`, with its arguments."""

import functools

from convlayers import ops
from convlayers.models.tensorflow_ops.arguments import as_number_or_array, check_unused


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


def dropout(x, rate, **kwargs):
    # It drops in predictions as well: TensorFlow does not know of training.
    check_unused("nn.dropout", rate=rate)
    return x


def bias_add(value, bias, data_format=None):
    bias = as_number_or_array(bias)
    if data_format is not None and data_format.startswith("NC"):
        bias = ops.reshape(bias, (-1, *[1] * (len(value.shape) - 2)))
    return ops.add(value, bias)


def depth_to_space(input, block_size, data_format="NHWC"):
    return ops.depth_to_space(input, block_size, _keras_format(data_format))


def space_to_depth(input, block_size, data_format="NHWC"):
    return ops.space_to_depth(input, block_size, _keras_format(data_format))


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

    def __call__(self, input, filters=None, strides=1, padding="VALID", data_format=None, dilations=1, **older):
        kernel = as_number_or_array(filters if filters is not None else older.pop("filter"))
        strides = _spatial(older.pop("stride", strides), input, data_format)
        dilations = _spatial(older.pop("dilation_rate", dilations), input, data_format)
        older.pop("use_cudnn_on_gpu", None)
        check_unused(f"nn.{self.__name__}", **older)
        return self.function(input, kernel, strides, _keras_padding(padding), _keras_format(data_format), dilations)


def local_response_normalization(input, depth_radius=5, bias=1, alpha=1, beta=0.5):
    """Divides by what the neighbours of a channel have, as in AlexNet."""
    channels = input.shape[-1]
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


def _spatial(sizes, input, data_format):
    """Returns the sizes of the spatial axes. TensorFlow also takes one for all of them, and one for each axis."""
    rank = len(input.shape) - 2
    if isinstance(sizes, (list, tuple)) and len(sizes) == rank + 2:
        sizes = sizes[2:] if _keras_format(data_format) == "channels_first" else sizes[1:-1]
    if isinstance(sizes, (list, tuple)):
        return tuple(sizes) if len(sizes) == rank else (sizes[0],) * rank
    return (sizes,) * rank
