"""Any axes of an array as the rows of a matrix, which is what some kernels read."""

import math

import numpy as np

from convlayers.ops.dtypes import widen


def rows_along(x, axis):
    """Returns what lies along an axis as the rows of a contiguous matrix, in a number type that kernels have.

    Args:
        x: array of floats.
        axis: an int, several, or None for all axes.

    Returns:
        The matrix, and a function that puts such rows back to where they were, in the dtype of `x`.
    """
    if axis is None:
        axis = range(x.ndim)
    axes = [axis % x.ndim] if isinstance(axis, int) else [one % x.ndim for one in axis]
    order = [other for other in range(x.ndim) if other not in axes] + axes
    in_order = order == list(range(x.ndim))
    moved = x if in_order else x.transpose(order)
    shape, dtype = moved.shape, x.dtype
    length = math.prod(shape[x.ndim - len(axes) :])
    rows = np.ascontiguousarray(widen(moved.reshape(x.size // length if length else 0, length)))

    def restore(rows):
        y = rows.reshape(shape).astype(dtype, copy=False)
        return y if in_order else y.transpose(np.argsort(order))

    return rows, restore
