"""Any axes of an array as the rows of a matrix, which is what some kernels read."""

import functools
import math

from convlayers.ops.dtypes import widen
from convlayers.ops.layout import contiguous


def rows_along(x, axis):
    """Returns what lies along an axis as the rows of a contiguous matrix, in a number type that kernels have.

    Args:
        x: array of floats.
        axis: an int, several, or None for all axes.

    Returns:
        The matrix, and a function that puts such rows back to where they were, in the dtype of `x`.
    """
    order, back, moved_shape, rows_shape = _layout(axis if axis is None or isinstance(axis, int) else tuple(axis), x.shape)
    dtype = x.dtype
    rows = widen(contiguous(x if order is None else x.transpose(order)))
    if rows_shape != moved_shape:
        rows = rows.reshape(rows_shape)

    def restore(rows):
        y = rows if rows_shape == moved_shape else rows.reshape(moved_shape)
        if y.dtype is not dtype:
            y = y.astype(dtype)
        return y if order is None else y.transpose(back)

    return rows, restore


@functools.lru_cache(maxsize=4096)
def _layout(axis, shape):
    """Returns the order in which the axes of rows come last (None if they do already), the order back, and two shapes.

    They are those of the array in this order, and of the matrix.
    """
    ndim = len(shape)
    axes = range(ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    for one in axes:
        if not -ndim <= one < ndim:
            raise ValueError(f"axis {one} is out of bounds for an array with dimension {ndim}.")
    axes = sorted(one % ndim for one in axes)
    order = [*(other for other in range(ndim) if other not in axes), *axes]
    moved_shape = tuple(shape[one] for one in order)
    length = math.prod(shape[one] for one in axes)
    rows_shape = math.prod(shape) // length if length else 0, length
    if order == list(range(ndim)):
        return None, None, moved_shape, rows_shape
    return order, [order.index(place) for place in range(ndim)], moved_shape, rows_shape
