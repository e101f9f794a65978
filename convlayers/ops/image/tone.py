"""Brightness and contrast: a multiplication and an addition with other numbers for each image, within a range of values."""

import math

import numpy as np

from convlayers import _native
from convlayers.autograd import differentiable
from convlayers.ops.dtypes import as_array, widen
from convlayers.ops.image.checks import channels_last

_BLOCK = 1 << 15  # numbers that stay in cache from one step to the next


@differentiable(new_gradients=True)
def scale_shift_clip(images, shifts, scales, low, high, data_format):
    """Returns `clip(images * scales + shifts, low, high)`, in one pass over memory.

    Args:
        images: a batch of images, of floats.
        shifts: array with a number for each image, or for each of its channels; its axes of length 1 are those of `images`.
        scales: array with a number for each image. It has no gradient.
        low, high: the least and the largest number of the result.
        data_format: "channels_last" or "channels_first".
    """
    images, shifts = as_array(images), as_array(shifts)
    dtype = images.dtype
    to_kernel, from_kernel = channels_last(4, data_format)
    x = widen(to_kernel(images))
    n, height, width, channels = x.shape
    x = x.reshape(n, height, width * channels)
    scales = np.broadcast_to(np.ravel(scales), n).astype(x.dtype)
    by_channel = math.prod(shifts.shape[1:]) > 1
    # As long as a row of pixels: NumPy is slow where it repeats a few numbers.
    terms = np.broadcast_to(shifts.reshape(len(shifts), channels if by_channel else 1), (n, channels))
    terms = np.tile(terms, width).astype(x.dtype, copy=False)
    y = np.empty_like(x)
    _native.kernels(x.dtype).elementwise.scale_shift_clip(x, scales, terms, low, high, y)

    def backward(d_y):
        d_y = to_kernel(d_y).reshape(y.shape)
        d_x, d_terms = np.empty_like(y), np.zeros_like(terms)
        rows = max(1, _BLOCK // max(1, width * channels))
        for i, part in [(i, slice(start, start + rows)) for i in range(n if y.size else 0) for start in range(0, height, rows)]:
            inside = (y[i, part] > low) & (y[i, part] < high)
            target = np.multiply(d_y[i, part], inside, out=d_x[i, part])
            d_terms[i] += target.sum(axis=0)
            target *= scales[i]
        d_shifts = d_terms.reshape(n, width, channels).sum(axis=1)
        if not by_channel:
            d_shifts = d_shifts.sum(axis=1)
        if len(shifts) < n:
            d_shifts = d_shifts.sum(axis=0)
        return from_kernel(d_x.reshape(n, height, width, channels)), d_shifts.reshape(shifts.shape)

    return from_kernel(y.reshape(n, height, width, channels)).astype(dtype, copy=False), backward
