"""Functions of TensorFlow that compute, with its arguments."""

from convlayers import ops
from convlayers.models.tensorflow_ops.arguments import as_number_or_array, check_unused


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


def scalar_mul(scalar, x):
    return ops.multiply(x, scalar)


def add_n(inputs):
    total = inputs[0]
    for term in inputs[1:]:
        total = ops.add(total, term)
    return total


def clip_by_value(t, clip_value_min, clip_value_max):
    return ops.clip(t, clip_value_min, clip_value_max)


def cast(x, dtype):
    return ops.cast(x, dtype)


def same(x, *args, **kwargs):
    """What tensors are made of, or checked for, in TensorFlow."""
    return x


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
        axis = _axes(reduction_indices if axis is None else axis)
        return self.function(input_tensor, axis=axis, keepdims=keepdims or keep_dims)


def euclidean_norm(x, axis, keepdims):
    return ops.sqrt(ops.sum(ops.square(x), axis=axis, keepdims=keepdims))


def norm(tensor, ord="euclidean", axis=None, keepdims=False, keep_dims=False):
    # Of matrices, TensorFlow knows this one by two names.
    ord = None if ord in ("euclidean", "fro") else ord
    return ops.norm(tensor, ord, _axes(axis), keepdims or keep_dims)


def l2_normalize(x, axis=None, epsilon=1e-12, dim=None):
    axis = dim if axis is None else axis
    squares = ops.sum(ops.square(x), axis=_axes(axis), keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(squares, epsilon)))


def count_nonzero(input, axis=None, keepdims=False, dtype="int64"):
    count = ops.cast(ops.count_nonzero(input, _axes(axis)), dtype)
    return ops.expand_dims(count, _axes(axis)) if keepdims else count


def argmax(input, axis=0, output_type="int64", dimension=None):
    return ops.cast(ops.argmax(input, axis if dimension is None else dimension), output_type)


def argmin(input, axis=0, output_type="int64", dimension=None):
    return ops.cast(ops.argmin(input, axis if dimension is None else dimension), output_type)


def cumsum(x, axis=0, exclusive=False, reverse=False):
    y = ops.flip(ops.cumsum(ops.flip(x, axis), axis), axis) if reverse else ops.cumsum(x, axis)
    return ops.subtract(y, x) if exclusive else y


def cumprod(x, axis=0, exclusive=False, reverse=False):
    check_unused("math.cumprod", exclusive=exclusive)
    return ops.flip(ops.cumprod(ops.flip(x, axis), axis), axis) if reverse else ops.cumprod(x, axis)


def matmul(a, b, transpose_a=False, transpose_b=False, adjoint_a=False, adjoint_b=False, **storage):
    a, b = as_number_or_array(a), as_number_or_array(b)
    a = ops.swapaxes(a, -2, -1) if transpose_a or adjoint_a else a
    return ops.matmul(a, ops.swapaxes(b, -2, -1) if transpose_b or adjoint_b else b)


def tensordot(a, b, axes):
    return ops.tensordot(as_number_or_array(a), as_number_or_array(b), axes)


def einsum(inputs, equation):
    return ops.einsum(equation, *map(as_number_or_array, inputs))


def _axes(axis):
    return tuple(axis) if isinstance(axis, list) else axis
