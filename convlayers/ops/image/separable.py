"""Linear maps of images that are done axis by axis: resizing, blurring."""

import functools
import math

import numpy as np

from convlayers import _native
from convlayers.ops.image.bands import UNCHANGED
from convlayers.ops.layout import KERNEL_DTYPES, Layout, to_3d

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
    dtype = inputs.dtype
    computed = dtype if dtype in KERNEL_DTYPES else KERNEL_DTYPES[0]
    # With few channels, first in memory, nothing is transposed: each channel is an image of its own.
    as_planes = data_format == "channels_first" and inputs.flags.c_contiguous and inputs.shape[-len(axes) - 1] < MANY_CHANNELS

    def run(source, axes):
        before, tables, after = _job(source.shape, axes, data_format, as_planes, computed)
        target = np.empty(after.kernel_shape, computed)
        _native.kernels(computed).resize.resize(before.to_kernel(source), *tables, target)
        return after.from_kernel(target)

    def backward(d_y):
        return run(d_y.astype(computed, copy=False), tuple([axis.transposed for axis in axes]))

    y = run(inputs.astype(computed, copy=False), tuple(axes))
    return (y if dtype.kind == "f" else _saturate(y, dtype)).astype(dtype, copy=False), backward


@functools.lru_cache(maxsize=256)
def _job(shape, axes, data_format, as_planes, dtype):
    """Returns the `Layout` of the inputs, what a kernel is told of the bands, and the `Layout` of the result."""
    tables = [array for axis in to_3d(axes, UNCHANGED) for array in axis.for_kernel(dtype)]
    lengths = [len(axis.starts) for axis in axes]
    behind = shape[-1:] if data_format == "channels_last" else ()
    new_shape = (*shape[: len(shape) - len(lengths) - len(behind)], *lengths, *behind)
    before, after = (_layout(one, len(axes), data_format, as_planes, dtype) for one in (shape, new_shape))
    return before, tables, after


def _layout(shape, rank, data_format, as_planes, dtype):
    """Returns the `Layout` of images with `rank` spatial axes, with a batch in front of them or not."""
    spatial = to_3d(spatial_lengths(shape, rank, data_format))
    if as_planes:
        return Layout(shape, dtype, (math.prod(shape[:-rank]), *spatial, 1))
    axes = list(range(len(shape)))
    channels = -1 if data_format == "channels_last" else -rank - 1
    order = axes[: -rank - 1] + axes[-rank:] + axes[-rank - 1 : -rank] if data_format == "channels_first" else None
    return Layout(shape, dtype, (math.prod(shape[: -rank - 1]), *spatial, shape[channels]), order)


def _saturate(numbers, dtype):
    """Returns floats as whole numbers that an integer dtype, or truth values, can hold."""
    if dtype.kind == "b":
        return numbers != 0
    limits = np.iinfo(dtype)
    low, high = (numbers.dtype.type(limit) for limit in (limits.min, limits.max))
    # Floats do not meet the limits of wide integers: the next one inside does.
    return np.clip(np.rint(numbers), low, high if int(high) <= limits.max else np.nextafter(high, low))
