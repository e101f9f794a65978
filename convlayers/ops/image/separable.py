"""Linear maps of images that are done axis by axis: resizing, blurring."""

import math

import numpy as np

from convlayers import _native
from convlayers.ops.image.bands import UNCHANGED
from convlayers.ops.layout import image_layout, shape_for_users, to_3d

# With so many, the kernel makes pixels in loops over channels. It looks up numbers of a plane, which takes longer than to
# transpose them.
MANY_CHANNELS = 8


def spatial_lengths(shape, rank, data_format):
    """Returns the lengths of the `rank` spatial axes; there may be a batch in front of them or not."""
    return shape[-rank - 1 : -1] if data_format == "channels_last" else shape[-rank:]


def apply(inputs, axes, data_format):
    """Applies a band to each spatial axis.

    Args:
        inputs: array of shape (batch, *spatial, channels), or (batch, channels, *spatial) for "channels_first"; without the
            batch, too.
        axes: for each spatial axis a `Band`.
        data_format: "channels_last" or "channels_first".

    Returns:
        The result, in the dtype of the inputs (integers are rounded, and kept in its range), and the backward pass.
    """
    dtype, rank = inputs.dtype, len(axes)
    computed = np.dtype(np.float64 if dtype == np.float64 else np.float32)
    to_kernel, from_kernel = _layout(inputs, rank, data_format, computed)
    x = to_kernel(inputs.astype(computed, copy=False))

    def run(source, axes):
        target = np.empty((source.shape[0], *to_3d([len(axis.starts) for axis in axes]), source.shape[4]), computed)
        starts_and_weights = [array for axis in to_3d(axes, UNCHANGED) for array in axis.for_kernel(computed)]
        _native.kernels(computed).resize.resize(source, *starts_and_weights, target)
        return from_kernel(target)

    def backward(d_y):
        return run(to_kernel(d_y.astype(computed, copy=False)), [axis.transposed for axis in axes])

    y = run(x, axes)
    return (y if dtype.kind == "f" else _saturate(y, dtype)).astype(dtype, copy=False), backward


def _layout(inputs, rank, data_format, dtype):
    """Returns two functions: from arrays in the user's layout to those of the kernel, and back.

    With few channels, first in memory, nothing is transposed: each channel is an image of its own.
    """
    single = inputs.ndim == rank + 1
    if data_format == "channels_first" and inputs.flags.c_contiguous and inputs.shape[-rank - 1] < MANY_CHANNELS:
        outer = inputs.shape[: inputs.ndim - rank]
        images = (math.prod(outer), *(1,) * (3 - rank))

        def to_kernel(x):
            return np.ascontiguousarray(x).reshape(*images, *x.shape[-rank:], 1)

        return to_kernel, lambda y: y.reshape(*outer, *y.shape[4 - rank : 4])

    def to_kernel(x):
        images = x[None] if single else x
        return image_layout(images.shape, data_format, dtype).to_kernel(images)

    def from_kernel(y):
        shape = shape_for_users(y.shape, rank + 2, data_format)
        images = image_layout(shape, data_format, dtype).from_kernel(y)
        return images[0] if single else images

    return to_kernel, from_kernel


def _saturate(numbers, dtype):
    """Returns floats as whole numbers that an integer dtype, or truth values, can hold."""
    if dtype.kind == "b":
        return numbers != 0
    limits = np.iinfo(dtype)
    low, high = (numbers.dtype.type(limit) for limit in (limits.min, limits.max))
    # Floats do not meet the limits of wide integers: the next one inside does.
    return np.clip(np.rint(numbers), low, high if int(high) <= limits.max else np.nextafter(high, low))
