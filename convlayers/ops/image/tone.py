"""Brightness and contrast: a multiplication and an addition with other numbers for each image, within a range of values."""

import itertools
import math

import numpy as np

from convlayers import _native
from convlayers.autograd import differentiable
from convlayers.ops.dtypes import as_array
from convlayers.ops.image.checks import image_axes
from convlayers.ops.layout import image_layout, planes_layout

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
    n, channels = len(images), images.shape[image_axes(data_format)[-1]]
    # Planes are images of one channel, with numbers of their own.
    planes = data_format == "channels_first" and images.flags.c_contiguous
    layout = planes_layout(images.shape, images.dtype) if planes else image_layout(images.shape, data_format, images.dtype)
    count, _, height, width, together = layout.kernel_shape
    x = layout.to_kernel(images).reshape(count, height, width * together)
    numbers, parts = math.prod(shifts.shape[1:]), channels if planes else 1
    factors = np.empty((n, parts), x.dtype)
    factors[:] = scales.reshape(-1, 1)
    factors = factors.reshape(count)
    # As long as a row of pixels: NumPy is slow where it repeats a few numbers.
    terms = np.empty((n, parts, width, together), x.dtype)
    terms[:] = shifts.reshape(len(shifts), *((numbers, 1, 1) if planes else (1, 1, numbers)))
    terms = terms.reshape(count, width * together)
    y = np.empty_like(x)
    _native.kernels(x.dtype).elementwise.scale_shift_clip(x, factors, terms, low, high, y)

    def backward(d_y):
        d_y = layout.to_kernel(d_y).reshape(y.shape)
        d_x, d_terms = np.empty_like(y), np.zeros_like(terms)
        rows = max(1, _BLOCK // max(1, width * together))
        blocks = [slice(start, start + rows) for start in range(0, height, rows)]
        for i, block in itertools.product(range(count if y.size else 0), blocks):
            inside = (y[i, block] > low) & (y[i, block] < high)
            target = np.multiply(d_y[i, block], inside, out=d_x[i, block])
            d_terms[i] += target.sum(axis=0)
            target *= factors[i]
        d_shifts = d_terms.reshape(count, width, together).sum(axis=1).reshape(n, channels)
        if numbers == 1:
            d_shifts = d_shifts.sum(axis=1)
        if len(shifts) < n:
            d_shifts = d_shifts.sum(axis=0)
        return layout.from_kernel(d_x), d_shifts.reshape(shifts.shape)

    return layout.from_kernel(y), backward
