"""Between the layouts that users choose and the one that kernels read: five axes, (batch, depth, height, width, channels).

A layout is a matter of axes, and where numbers lie in memory is another. What kernels compute stays where they put it,
channels last, and "channels_first" is a view of it with the axes in another order. So between consecutive layers nothing
is moved, whatever the data format: only what comes from elsewhere with its channels first in memory is transposed, once.
"""

import functools
import math

import numpy as np

from convlayers import _native
from convlayers.launching import empty, launch
from convlayers.shapes import join_shape, split_shape

KERNEL_DTYPES = (np.dtype("float32"), np.dtype("float64"))


class Layout:
    """How kernels read arrays of one shape: with their axes in another order, in another shape, in a number type of theirs.

    Args:
        shape, dtype: those of the arrays.
        kernel_shape: the shape that kernels see.
        order: the order of axes in which they do, a list of ints; by default that of the arrays.

    Attributes:
        kernel_shape, number_type: shape and dtype of what kernels see.
    """

    def __init__(self, shape, dtype, kernel_shape, order=None):
        self.kernel_shape, self.number_type = kernel_shape, kernel_dtype(dtype)
        self._dtype = dtype
        axes = list(range(len(shape)))
        self._order = None if order == axes else order
        self._back = None if self._order is None else [order.index(axis) for axis in axes]
        self._ordered_shape = tuple(shape[axis] for axis in self._order or axes)

    def to_kernel(self, x, or_planes=False):
        """Returns an array as kernels read it: contiguous. It is a view of the array where that can be.

        Args:
            or_planes: whether a view may also have its channels first in memory.
        """
        if x.dtype is not self.number_type:
            x = x.astype(self.number_type, copy=False)  # What comes from a pickle has an equal dtype, which is another object.
        or_planes = or_planes and x.flags.c_contiguous
        if self._order is not None:
            x = x.transpose(self._order)
        return (x if or_planes or x.flags.c_contiguous else contiguous(x)).reshape(self.kernel_shape)

    def from_kernel(self, y):
        """Returns what a kernel has made, of `kernel_shape`, as such an array: a view, unless the dtypes differ."""
        y = y.reshape(self._ordered_shape)
        if y.dtype is not self._dtype:
            y = y.astype(self._dtype, copy=False)
        return y if self._back is None else y.transpose(self._back)


@functools.lru_cache(maxsize=4096)
def image_layout(shape, data_format, dtype):
    """Returns the `Layout` of images: kernels have the channels last, and unit axes in front of the spatial axes that lack.

    Args:
        shape: of rank 3, 4 or 5, with the batch first.
        data_format: "channels_last" or "channels_first".
        dtype: that of the images.

    Returns:
        A `Layout` with the kernel shape (n, d, h, w, c).
    """
    batch, spatial, channels = split_shape(shape, data_format)
    order = [0, *range(2, len(shape)), 1] if data_format == "channels_first" else None
    return Layout(shape, dtype, (batch, *to_3d(spatial), channels), order)


@functools.lru_cache(maxsize=4096)
def planes_layout(shape, dtype, in_one_row=False):
    """Returns the `Layout` of "channels_first" images for kernels that take each channel as an image, or as a row."""
    batch, channels, *spatial = shape
    if in_one_row:
        spatial = [math.prod(spatial)]
    return Layout(shape, dtype, (batch * channels, *to_3d(spatial), 1))


def shape_for_users(kernel_shape, ndim, data_format):
    """Returns the shape with so many axes that users see of images of which kernels see this one."""
    return join_shape(kernel_shape[0], kernel_shape[6 - ndim : 4], kernel_shape[4], data_format)


@functools.cache
def kernel_dtype(dtype):
    """Returns that of the two number types of kernels which holds all numbers of another."""
    return np.result_type(dtype, np.float32)


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
    y = empty(x.shape, x.dtype)
    launch(np.copyto, y, x)
    return y


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
    y = empty((len(x), columns, rows), x.dtype)
    launch(_native.kernels(x.dtype).layout.transpose, x, y)
    return y
