"""Order: sorting, ranking, and where numbers are among others."""

import numpy as np

from convlayers.autograd import differentiable
from convlayers.ops.dtypes import as_array
from convlayers.ops.indexing import line_along
from convlayers.symbolic import with_shapes


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
    line, along = line_along(shape, axis)
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


@differentiable
def argpartition(x, kth, axis=-1):
    """Returns indices, as int32, that bring the `kth` smallest to its place, smaller ones before and larger ones behind it."""
    return np.argpartition(as_array(x), kth, axis).astype(np.int32), None


def _mend_unique(
    found, x, sorted=True, return_index=False, return_inverse=False, return_counts=False, axis=None, size=None, fill_value=None
):
    parts = list(found) if isinstance(found, tuple) else [found]
    if return_inverse:
        parts.pop(1 + return_index)
    along = 0 if axis is None else axis % len(x.shape)
    parts[0].shape = tuple(size if place == along else n for place, n in enumerate(parts[0].shape))
    for of_entries in parts[1:]:
        of_entries.shape = (size,)


@with_shapes(_mend_unique)
@differentiable
def unique(
    x, sorted=True, return_index=False, return_inverse=False, return_counts=False, axis=None, size=None, fill_value=None
):
    """Returns the distinct numbers, or the distinct entries along an axis. They have no gradient.

    Args:
        sorted: taken for compatibility: they are always sorted.
        return_index: whether to return also where each was first.
        return_inverse: whether to return also which of them each number was.
        return_counts: whether to return also how often each was there.
        axis: int; without it, of the flattened array.
        size: how many to return: what is missing is filled up with `fill_value`, by default the smallest.
        fill_value: number.
    """
    x = as_array(x)
    found = np.unique(x, return_index, return_inverse, return_counts, axis, equal_nan=False)
    several = isinstance(found, tuple)
    parts = list(found) if several else [found]
    parts[1:] = [part.astype(np.int32) for part in parts[1:]]
    if size is not None:
        along = 0 if axis is None else axis
        parts[0] = _resized(parts[0], size, along, fill_value)
        inverse = 1 + return_index if return_inverse else None
        for at in range(1, len(parts)):
            if at != inverse:
                parts[at] = _resized(parts[at], size, 0, 0 if at == len(parts) - 1 and return_counts else None)
    return (tuple(parts) if several else parts[0]), None


def _resized(array, size, axis, fill_value):
    kept = np.take(array, range(min(size, array.shape[axis])), axis)
    missing = size - kept.shape[axis]
    if missing <= 0:
        return kept
    filling = np.repeat(np.take(array, [0], axis), missing, axis)
    if fill_value is not None:
        filling = np.full_like(filling, fill_value)
    return np.concatenate([kept, filling], axis)
