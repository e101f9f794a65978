"""Any axes of an array as the rows of a matrix, which is what some kernels read."""

import functools
import math

from convlayers.ops.layout import Layout
from convlayers.validation import is_integer


def row_layout(shape, axis, dtype):
    """Returns the `Layout` of arrays for which what lies along an axis is a row of a matrix.

    Args:
        shape, dtype: those of the arrays.
        axis: an int, several, or None for all axes.
    """
    return _row_layout(shape, axis if axis is None else int(axis) if is_integer(axis) else tuple(axis), dtype)


@functools.lru_cache(maxsize=4096)
def _row_layout(shape, axis, dtype):
    ndim = len(shape)
    axes = range(ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    for one in axes:
        if not -ndim <= one < ndim:
            raise ValueError(f"axis {one} is out of bounds for an array with dimension {ndim}.")
    axes = sorted(one % ndim for one in axes)
    order = [*(other for other in range(ndim) if other not in axes), *axes]
    length = math.prod(shape[one] for one in axes)
    return Layout(shape, dtype, (math.prod(shape) // length if length else 0, length), order)
