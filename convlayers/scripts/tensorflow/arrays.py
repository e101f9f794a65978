"""Functions on arrays that `tf` has and `keras.ops` has not, or not so."""

import builtins
import math

import numpy as np

from convlayers import ops
from convlayers.autograd import Operand, value_of
from convlayers.models.tensorflow_ops import places
from convlayers.scripts.tensorflow.dtypes import int32

newaxis = None


def constant(value, dtype=None, shape=None, name=None):
    """Returns an array; of a shape, in which a single number is repeated."""
    array = ops.convert_to_tensor(value, dtype=dtype)
    if shape is None:
        return array
    return ops.full(shape, array) if np.size(array) == 1 else ops.reshape(array, shape)


def fill(dims, value, name=None):
    """Returns an array of one number, repeated."""
    return ops.full(dims, value, dtype=ops.convert_to_tensor(value).dtype)


def gather(params, indices, validate_indices=None, axis=None, batch_dims=0, name=None):
    """Returns the rows with some numbers, or what is along another axis."""
    params, indices = ops.convert_to_tensor(params), ops.convert_to_tensor(indices)
    return places.gather(params, indices, axis=axis, batch_dims=batch_dims)


def boolean_mask(tensor, mask, axis=None, name=None):
    """Returns the parts of an array where a mask is true."""
    mask, axis = np.asarray(value_of(mask), np.bool_), axis or 0
    shape = tuple(tensor.shape)
    flat = ops.reshape(tensor, (*shape[:axis], -1, *shape[axis + mask.ndim :]))
    return ops.take(flat, np.flatnonzero(mask), axis=axis)


def broadcast_to(input, shape, name=None):
    return ops.broadcast_to(input, tuple(int(n) for n in shape))


def is_tensor(x):
    """Returns whether `x` is an array, tensor or variable."""
    return isinstance(x, (np.ndarray, Operand))


def ensure_shape(x, shape, name=None):
    """Returns an array, if it has a shape, in which None stands for any size."""
    if len(x.shape) != len(shape) or any(wanted not in (None, n) for n, wanted in zip(x.shape, shape, strict=False)):
        raise ValueError(f"Expected an array of shape {tuple(shape)}. Received: shape={tuple(x.shape)}")
    return x


def slice(input_, begin, size, name=None):
    """Returns the part of an array that begins at a place. A size of -1 is all that there is."""
    parts = zip(begin, size, strict=True)
    return input_[tuple(builtins.slice(int(first), None if count == -1 else int(first + count)) for first, count in parts)]


def gather_nd(params, indices, batch_dims=0, name=None):
    """Returns the parts of an array that the last axis of `indices` has the places of."""
    return places.gather_nd(ops.convert_to_tensor(params), ops.convert_to_tensor(indices), batch_dims)


def matmul(a, b, transpose_a=False, transpose_b=False, name=None):
    """Returns the product of two matrices, or of two stacks of them, each as it is or turned."""
    a, b = (ops.swapaxes(x, -1, -2) if turned else x for x, turned in ((a, transpose_a), (b, transpose_b)))
    return ops.matmul(a, b)


def set_diag(input, diagonal, name=None):
    """Returns matrices with other numbers on their diagonals."""
    rows, columns = input.shape[-2:]
    diagonal = ops.pad(diagonal, [(0, 0)] * (len(input.shape) - 2) + [(0, max(rows, columns) - min(rows, columns))])
    return ops.where(np.eye(rows, columns, dtype="bool"), ops.expand_dims(diagonal, -1)[..., :rows, :], input)


def where(condition, x=None, y=None, name=None):
    """Returns numbers of `x` where a condition holds, else of `y`; without these the places where it holds, one in each row."""
    return np.argwhere(value_of(condition)) if x is None and y is None else ops.where(condition, x, y)


def argsort(values, axis=-1, direction="ASCENDING", stable=False, name=None):
    """Returns the places of values in their order; those of equal values as they come, in both directions."""
    if direction != "DESCENDING":
        return ops.argsort(values, axis)
    # Numbers without a sign have no negative, so values and places are turned round.
    turned = ops.flip(values, axis)
    return turned.shape[axis] - 1 - ops.flip(ops.argsort(turned, axis), axis)


def confusion_matrix(labels, predictions, num_classes=None, weights=None, dtype=int32, name=None):
    """Returns how many samples of each class, in rows, were taken for each class, in columns."""
    places = np.asarray(labels), np.asarray(predictions)
    count = num_classes or int(np.max(places)) + 1
    matrix = np.zeros((count, count), dtype)
    np.add.at(matrix, places, 1 if weights is None else weights)
    return matrix


def clip_by_global_norm(t_list, clip_norm, use_norm=None, name=None):
    """Returns arrays that are not longer than `clip_norm` together, and how long they were. None stays None."""
    squares = [ops.sum(ops.square(t)) for t in t_list if t is not None]
    length = ops.sqrt(sum(squares)) if use_norm is None else use_norm
    factor = ops.divide(clip_norm, ops.maximum(length, clip_norm))
    return [None if t is None else ops.multiply(t, factor) for t in t_list], length


def shape(input, out_type=int32, name=None):
    """Returns the sizes of an array as an array; those of a symbolic tensor as a tuple, if one of them is not known."""
    sizes = ops.shape(input)
    return sizes if None in sizes else ops.convert_to_tensor(sizes, out_type)


def size(input, out_type=int32, name=None):
    """Returns how many numbers there are in an array."""
    return ops.cast(math.prod(input.shape), out_type)


def rank(input, name=None):
    """Returns how many axes an array has."""
    return ops.cast(len(input.shape), int32)
