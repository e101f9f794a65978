"""Arrays made of the entries of others, taken from other places along some axes: with a border, or mirrored."""

import math

import numpy as np

from convlayers import _native
from convlayers.ops.arithmetic import MANY
from convlayers.ops.layout import KERNEL_DTYPES

FILLER = -1  # a place that is none
_ONE_PLACE = np.zeros((1, 1), np.intp)


def take_places(x, places, filler=0):
    """Returns `x` with other entries along some axes, in one pass over memory; None where no kernel can, or should.

    The axes of the result lie in memory as those of `x` do.

    Args:
        x: array.
        places: {axis: function}. Of the length of the axis, a function makes a vector of ints: which of its entries are taken,
            `FILLER` for none. A matrix has such a vector for each entry of the first axis.
        filler: the number for `FILLER`.
    """
    if x.size < MANY or x.dtype not in KERNEL_DTYPES or not places:
        return None
    order = list(range(x.ndim)) if x.flags.c_contiguous else sorted(range(x.ndim), key=lambda axis: -x.strides[axis])
    in_memory = x.transpose(order)
    if not in_memory.flags.c_contiguous:
        return None
    shape = in_memory.shape
    tables = {order.index(axis): np.atleast_2d(of_length(x.shape[axis])) for axis, of_length in places.items()}
    differ = any(len(table) > 1 for table in tables.values())
    first, end = 1 if differ else min(tables), max(tables) + 1
    if end - first > 3 or (differ and (order[0] != 0 or 0 in tables)):
        return None
    taken = [tables[axis] if axis in tables else np.arange(shape[axis])[np.newaxis] for axis in range(first, end)]
    y = np.empty((*shape[:first], *(table.shape[1] for table in taken), *shape[end:]), x.dtype)
    images, images_y = (array.reshape(_in_five_axes(array.shape, first, end)) for array in (in_memory, y))
    _native.kernels(x.dtype).take.take(images, *[_ONE_PLACE] * (3 - len(taken)), *taken, filler, images_y)
    return y if x.flags.c_contiguous else y.transpose(np.argsort(order))


def _in_five_axes(shape, first, end):
    """Returns a shape with one axis for those in front of some, which may be three, and one for those behind them."""
    return math.prod(shape[:first]), *(1,) * (3 - end + first), *shape[first:end], math.prod(shape[end:])
