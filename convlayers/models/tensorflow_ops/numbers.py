"""Functions of TensorFlow that compute, with its arguments."""

import math

from convlayers import ops
from convlayers.models.tensorflow_ops import making
from convlayers.models.tensorflow_ops.arguments import LOST_ARGUMENTS, as_number_or_array
from convlayers.ops.shaping import as_axes


class OfTwo:
    """A function of two arguments as TensorFlow has it: one of them may be an array, which files have as a list.

    Args:
        function: an op.
    """

    def __init__(self, function):
        self.function = function
        self.__name__ = function.__name__

    def __call__(self, x, y):
        dtype = getattr(y if isinstance(x, (list, tuple)) else x, "dtype", "float32")
        return self.function(as_number_or_array(x, dtype), as_number_or_array(y, dtype))


def equal(x, y):
    return ops.equal(as_number_or_array(x), as_number_or_array(y))


def not_equal(x, y):
    return ops.not_equal(as_number_or_array(x), as_number_or_array(y))


def squared_difference(x, y):
    return ops.square(ops.subtract(x, y))


def divide_no_nan(x, y):
    nothing = ops.equal(y, 0)
    return ops.where(nothing, 0.0, ops.divide(x, ops.where(nothing, 1.0, y)))


def multiply_no_nan(x, y):
    return ops.where(ops.equal(y, 0), 0.0, ops.multiply(x, y))


def reciprocal_no_nan(x):
    return divide_no_nan(1.0, x)


def xlogy(x, y):
    nothing = ops.equal(x, 0)
    return ops.where(nothing, 0.0, ops.multiply(x, ops.log(ops.where(nothing, 1.0, y))))


def atan2(y, x):
    return ops.arctan2(y, x)


def xdivy(x, y):
    nothing = ops.equal(x, 0)
    return ops.where(nothing, 0.0, ops.divide(x, ops.where(nothing, 1.0, y)))


def xlog1py(x, y):
    return xlogy(x, ops.add(y, 1.0))


def truncatediv(x, y):
    return ops.cast(ops.trunc(ops.divide(x, y)), x.dtype)


def ndtri(x):
    """Where the normal distribution reaches a probability."""
    return ops.multiply(ops.erfinv(ops.subtract(ops.multiply(x, 2.0), 1.0)), math.sqrt(2))


def erfcinv(x):
    return ops.erfinv(ops.subtract(1.0, x))


def polyval(coeffs, x):
    total = ops.multiply(ops.ones_like(x), coeffs[0])
    for coefficient in coeffs[1:]:
        total = ops.add(ops.multiply(total, x), coefficient)
    return total


def scalar_mul(scalar, x):
    return ops.multiply(x, scalar)


def add_n(inputs):
    total = inputs[0]
    for term in inputs[1:]:
        total = ops.add(total, term)
    return total


def clip_by_value(t, clip_value_min, clip_value_max):
    bounds = [as_number_or_array(bound, t.dtype) for bound in (clip_value_min, clip_value_max)]
    if any(hasattr(bound, "dtype") for bound in bounds):  # In files, `ops.clip` has numbers.
        return ops.minimum(ops.maximum(t, bounds[0]), bounds[1])
    return ops.clip(t, *bounds)


def cast(x, dtype):
    return ops.cast(x, dtype)


def saturate_cast(value, dtype):
    return ops.saturate_cast(value, dtype)


def same(x, *args, **kwargs):
    """What tensors are made of, checked for, or printed by, in TensorFlow."""
    return x


def same_of_list(input):
    return input


def meshgrid(*args, indexing="xy"):
    if len(args) < 2:
        raise TypeError(LOST_ARGUMENTS.format("meshgrid"))
    return ops.meshgrid(*args, indexing=indexing)


def sequence_mask(lengths, maxlen=None, dtype="bool"):
    lengths = as_number_or_array(lengths, "int32")
    places = making.range_(maxlen, dtype="int32")
    return ops.cast(ops.less(places, ops.expand_dims(lengths, -1)), dtype)


def searchsorted(sorted_sequence, values, side="left", out_type="int32"):
    sequence = as_number_or_array(sorted_sequence)
    if len(sequence.shape) > 1:
        raise TypeError(f"There is no translation of `tf.searchsorted` in several sequences. Received: {sequence.shape}")
    return ops.cast(ops.searchsorted(sequence, as_number_or_array(values), side), out_type)


def zeros_like(input, dtype=None):
    return ops.zeros_like(input, dtype)


def ones_like(input, dtype=None):
    return ops.ones_like(input, dtype)


class Reduction:
    """A function of an array and axes as TensorFlow has it.

    Args:
        function: an op.
    """

    def __init__(self, function):
        self.function = function
        self.__name__ = function.__name__

    def __call__(self, input_tensor, axis=None, keepdims=False, keep_dims=False, reduction_indices=None):
        axis = as_axes(reduction_indices if axis is None else axis)
        return self.function(input_tensor, axis=axis, keepdims=keepdims or keep_dims)


def mean(x, axis, keepdims):
    y = ops.mean(x, axis=axis, keepdims=keepdims)
    # Of whole numbers, TensorFlow has the whole part.
    return ops.cast(ops.trunc(y), x.dtype) if "int" in str(x.dtype) else y


def euclidean_norm(x, axis, keepdims):
    return ops.sqrt(ops.sum(ops.square(x), axis=axis, keepdims=keepdims))


def count_nonzero(input, axis=None, keepdims=False, dtype="int64"):
    count = ops.cast(ops.count_nonzero(input, as_axes(axis)), dtype)
    return ops.expand_dims(count, as_axes(axis)) if keepdims else count


def argmax(input, axis=None, output_type="int64", dimension=None):
    axis = dimension if axis is None else axis
    return ops.cast(ops.argmax(input, 0 if axis is None else axis), output_type)


def argmin(input, axis=None, output_type="int64", dimension=None):
    axis = dimension if axis is None else axis
    return ops.cast(ops.argmin(input, 0 if axis is None else axis), output_type)


def cumsum(x, axis=0, exclusive=False, reverse=False):
    y = ops.flip(ops.cumsum(ops.flip(x, axis), axis), axis) if reverse else ops.cumsum(x, axis)
    return ops.subtract(y, x) if exclusive else y


def cumprod(x, axis=0, exclusive=False, reverse=False):
    axis = axis % len(x.shape)
    if reverse:
        return ops.flip(cumprod(ops.flip(x, axis), axis, exclusive), axis)
    if exclusive:
        sides = [(int(n == axis), 0) for n in range(len(x.shape))]
        x = ops.get_item(ops.pad(x, sides, constant_values=1), (*[slice(None)] * axis, slice(None, -1)))
    return ops.cumprod(x, axis)


def cumulative_logsumexp(x, axis=0, exclusive=False, reverse=False):
    largest = ops.max(x, axis=axis, keepdims=True)
    return ops.add(ops.log(cumsum(ops.exp(ops.subtract(x, largest)), axis, exclusive, reverse)), largest)


def in_top_k(predictions, targets, k):
    return ops.in_top_k(as_number_or_array(targets, "int32"), predictions, k)


def zero_fraction(value, dtype="float32"):
    return ops.mean(ops.cast(ops.equal(value, 0), dtype))
