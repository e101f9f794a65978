"""Arrays made of the entries of others, taken from other places along some axes: with a border, or mirrored."""

import functools
import math

import numpy as np

from convlayers import _native
from convlayers.ops.layout import KERNEL_DTYPES

FILLER = -1  # a place that is none
_MANY = 1 << 13  # numbers, from which on NumPy takes longer than it takes to tell a kernel what to do
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
    if x.size < _MANY or x.dtype not in KERNEL_DTYPES or not places:
        return None
    order = list(range(x.ndim)) if x.flags.c_contiguous else sorted(range(x.ndim), key=lambda axis: -x.strides[axis])
    in_memory = x.transpose(order)
    if not in_memory.flags.c_contiguous:
        return None
    shape = in_memory.shape
    tables = {order.index(axis): np.atleast_2d(of_length(x.shape[axis])) for axis, of_length in places.items()}
    differ = any(len(table) > 1 for table in tables.values())
    all_places = _places_in_three_axes(shape, tuple(tables), differ)
    if all_places is None or (differ and order[0] != 0):
        return None
    taken = [places if axis is None else tables[axis] for axis, places in all_places]
    first, end = 1 if differ else min(tables), max(tables) + 1
    lengths = [table.shape[1] for table in taken]
    y = np.empty((*shape[:first], *lengths[first - end :], *shape[end:]), x.dtype)
    front, behind = math.prod(shape[:first]), math.prod(shape[end:])
    images = in_memory.reshape(front, *(1,) * (3 - end + first), *shape[first:end], behind)
    _native.kernels(x.dtype).take.take(images, *taken, filler, y.reshape(front, *lengths, behind))
    return y if x.flags.c_contiguous else y.transpose(np.argsort(order))


@functools.lru_cache(maxsize=1024)
def _places_in_three_axes(shape, axes, differ):
    """Returns for each of a kernel's three axes which of `axes` it is; None and all its places where it is none of them.

    There is one axis in front of them, and one behind. None in place of all says that three are not enough.
    """
    first, end = 1 if differ else min(axes), max(axes) + 1
    if end - first > 3 or (differ and 0 in axes):
        return None
    between = [(axis, None) if axis in axes else (None, np.arange(shape[axis])[np.newaxis]) for axis in range(first, end)]
    return [(None, _ONE_PLACE)] * (3 - len(between)) + between
