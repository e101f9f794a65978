"""Between the layouts that users choose and the one that kernels read: five axes, (batch, depth, height, width, channels).

A layout is a matter of axes, and where numbers lie in memory is another. What kernels compute stays where they put it,
channels last, and "channels_first" is a view of it with the axes in another order. So between consecutive layers nothing
is moved, whatever the data format: only what comes from elsewhere with its channels first in memory is transposed, once.
"""

import math

import numpy as np

from convlayers import _native

KERNEL_DTYPES = (np.dtype("float32"), np.dtype("float64"))


def to_channels_last_5d(x, data_format):
    """Returns `x` as kernels read it: contiguous, channels last, unit axes in front of the spatial axes that it lacks.

    Args:
        x: array of rank 3, 4 or 5, with the batch first.
        data_format: "channels_last" or "channels_first".

    Returns:
        An array of shape (n, d, h, w, c). It is a view where the channels are last in memory already.
    """
    if data_format == "channels_first":
        x = x.transpose(0, *range(2, x.ndim), 1)
    shape = x.shape
    return (x if x.flags.c_contiguous else contiguous(x)).reshape(shape[:1] + _UNIT_AXES[len(shape)] + shape[1:])


def from_channels_last_5d(y5, data_format, rank):
    """Returns a kernel's result in the user's layout: the inverse of `to_channels_last_5d`.

    Args:
        y5: contiguous array of shape (n, d, h, w, c), with unit axes in front of the last `rank` spatial axes.
        data_format: "channels_last" or "channels_first".
        rank: number of spatial axes, 1 to 3.

    Returns:
        A view of rank `rank + 2`.
    """
    shape = y5.shape
    y = y5.reshape(shape[:1] + shape[4 - rank :])
    return y.transpose(0, rank + 1, *range(1, rank + 1)) if data_format == "channels_first" else y


def to_3d(sizes, filler=1):
    """Returns one number for each of the three spatial axes that kernels have: 2-D `(h, w)` is `(filler, h, w)`."""
    return (*(filler for _ in range(3 - len(sizes))), *sizes)


def contiguous(x):
    """Returns `x` in the order of its axes in memory: as it is, or a copy.

    Where two neighbouring groups of axes have changed places, as between channels first and last, a kernel makes the copy.
    """
    if x.flags.c_contiguous:
        return x
    for first in range(x.ndim - 1):
        for second in range(first + 1, x.ndim):
            in_memory = x.transpose(*range(first), *range(second, x.ndim), *range(first, second))
            if in_memory.flags.c_contiguous and x.dtype in KERNEL_DTYPES:
                rows, columns = x.shape[second:], x.shape[first:second]
                return _transpose(in_memory, math.prod(rows), math.prod(columns)).reshape(x.shape)
    return np.ascontiguousarray(x)


def compact(x):
    """Returns `x`, or a copy without gaps between its numbers. Their order in memory may be any."""
    if x.flags.c_contiguous:
        return x
    distance = x.itemsize
    for stride, length in sorted(zip(x.strides, x.shape, strict=True)):
        if length > 1 and stride != distance:
            return contiguous(x)
        distance *= length
    return x


def in_order_of(x, other):
    """Returns `x` with its numbers in memory in the same order as those of `other`: a compact array of the same shape."""
    if x.strides == other.strides or (x.flags.c_contiguous and other.flags.c_contiguous):
        return x
    order = sorted(range(x.ndim), key=lambda axis: -other.strides[axis])
    return contiguous(x.transpose(order)).transpose(np.argsort(order))


def _transpose(x, rows, columns):
    x = x.reshape(-1, rows, columns)
    y = np.empty((len(x), columns, rows), x.dtype)
    _native.kernels(x.dtype).layout.transpose(x, y)
    return y


# The spatial axes that arrays of 3, 4 and 5 axes lack.
_UNIT_AXES = {3: (1, 1), 4: (1,), 5: ()}
