"""Order: sorting, ranking, and where numbers are among others."""

import math

import numpy as np

from convlayers.autograd import differentiable
from convlayers.ops.dtypes import as_array


@differentiable
def sort(x, axis=-1):
    """Returns the numbers along an axis in ascending order; without an axis, all in one row."""
    x = as_array(x)
    order = np.argsort(x, axis, kind="stable")
    shape = x.shape

    def backward(d_y):
        return _put_back(d_y, order, shape, axis)

    return np.take_along_axis(x, order, axis), backward


@differentiable
def argsort(x, axis=-1):
    """Returns the indices, as int32, that sort the numbers along an axis; of equal numbers the first stays first."""
    return np.argsort(as_array(x), axis, kind="stable").astype(np.int32), None


@differentiable
def top_k(x, k, sorted=True):
    """Returns the `k` largest numbers along the last axis, largest first, and their indices as int32.

    Args:
        sorted: kept for compatibility: the numbers are always sorted.
    """
    x = as_array(x)
    # Reversed twice, so that of equal numbers the first is the first.
    order = x.shape[-1] - 1 - np.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1][..., :k]
    shape = x.shape

    def backward(d_outputs):
        return None if d_outputs[0] is None else _put_back(d_outputs[0], order, shape, -1)

    return (np.take_along_axis(x, order, -1), order.astype(np.int32)), backward


def _put_back(d_y, order, shape, axis):
    line, along = ((math.prod(shape),), 0) if axis is None else (shape, axis)
    d_x = np.zeros(line, d_y.dtype)
    np.put_along_axis(d_x, order, d_y, along)
    return d_x.reshape(shape)


@differentiable
def searchsorted(sorted_sequence, values, side="left"):
    """Returns the indices, as int32, at which `values` would have to be inserted to keep a sequence sorted.

    Args:
        sorted_sequence: vector in ascending order.
        side: whether values go to the "left" or "right" of equal ones.
    """
    return np.searchsorted(as_array(sorted_sequence), as_array(values), side).astype(np.int32), None
