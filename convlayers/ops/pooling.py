"""Pooling: the largest or the mean number of each window."""

import functools

from convlayers import shapes
from convlayers.autograd import differentiable
from convlayers.config import standardize_data_format
from convlayers.ops.dtypes import as_array, as_float
from convlayers.ops.layout import to_3d
from convlayers.ops.pooling_kernels import PoolPlan, spatial_rank
from convlayers.padding import standardize_pool_pads


@differentiable(new_gradients=True)
def max_pool(
    inputs,
    pool_size,
    strides=None,
    padding="valid",
    data_format=None,
    *,
    dilation_rate=1,
    ceil_mode=False,
    return_indices=False,
):
    """Returns the largest number of each window. Of several that are largest, the first gets the gradient.

    Args:
        inputs: array of shape (batch, *spatial, channels), with one, two or three spatial axes;
            (batch, channels, *spatial) for "channels_first".
        pool_size: int or tuple of ints, the size of the window.
        strides: int or tuple of ints, how far the window moves between two outputs; by default `pool_size`.
        padding: "valid" takes only windows that lie inside the input. "same" takes so many that the output has
            ceil(input / strides) pixels; what lies outside of the input does not count. Or numbers of pixels, less than a
            window has: an int for all sides, a tuple of ints, one for both sides of each axis, or a tuple of pairs (in
            front, behind).
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.
        dilation_rate: int or tuple of ints, the distance of the pixels that a window takes.
        ceil_mode: whether a last window that reaches beyond the padding is taken too, if it begins before.
        return_indices: whether to return where the largest numbers are, too.

    Returns:
        Array of shape (batch, *new spatial, channels), or with the channels first as in the inputs. With `return_indices`,
        a pair: this, and an array of int64 of the same shape. An index counts the pixels of the input in the order of its
        spatial axes, without batch and channels: for an image, row * width + column.

    Raises:
        ValueError: if an argument is none of these, or if the window is larger than the inputs.

    Example:

    >>> max_pool(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, :, :, 0]
    [[5.0, 7.0], [13.0, 15.0]]
    """
    inputs = as_array(inputs)
    windows = shapes.hashable((pool_size, strides, padding, dilation_rate, ceil_mode))
    plan = _plan(inputs.shape, inputs.dtype, standardize_data_format(data_format), *windows)
    return plan.largest(inputs, return_indices)


def max_of_images(images, pool_size, strides, padding):
    """Returns what `max_pool` does with images as kernels see them, and the backward pass.

    Args:
        pool_size, strides: tuples of ints, one for each spatial axis.
        padding: "valid" or "same".
    """
    return _plan(images.shape, images.dtype, "channels_last", to_3d(pool_size), to_3d(strides), padding).largest(images)


@differentiable(new_gradients=True)
def average_pool(
    inputs,
    pool_size,
    strides=None,
    padding="valid",
    data_format=None,
    *,
    dilation_rate=1,
    ceil_mode=False,
    count_include_pad=False,
):
    """Returns the mean of each window.

    Args:
        count_include_pad: whether what padding adds counts, as zeros. What lies beyond it, with `ceil_mode`, never does.
        The others as for `max_pool`.

    Example:

    >>> average_pool(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, :, :, 0]
    [[2.5, 4.5], [10.5, 12.5]]
    """
    inputs = as_float(inputs)
    windows = shapes.hashable((pool_size, strides, padding, dilation_rate, ceil_mode, count_include_pad))
    return _plan(inputs.shape, inputs.dtype, standardize_data_format(data_format), *windows).mean(inputs)


@functools.lru_cache(maxsize=4096, typed=True)
def _plan(
    input_shape, dtype, data_format, pool_size, strides, padding, dilation_rate=1, ceil_mode=False, count_include_pad=False
):
    """Checks the arguments of a pooling, and returns its `PoolPlan`.

    Kernels know windows by their sizes, strides, pads in front, dilations, and pads behind if padding counts, else None.
    """
    rank = spatial_rank(input_shape)
    pool_size = shapes.standardize_tuple(pool_size, rank, "pool_size")
    strides = pool_size if strides is None else shapes.standardize_tuple(strides, rank, "strides")
    dilation_rate = shapes.standardize_tuple(dilation_rate, rank, "dilation_rate")
    padding = standardize_pool_pads(padding, pool_size, dilation_rate)
    output_shape = shapes.compute_pooling_output_shape(
        input_shape, pool_size, strides, padding, data_format, dilation_rate, ceil_mode
    )
    _, spatial, _ = shapes.split_shape(input_shape, data_format)
    front, behind = zip(*shapes.conv_pads_of_axes(spatial, pool_size, strides, padding, dilation_rate), strict=True)
    counted = to_3d(behind, 0) if count_include_pad else None
    windows = to_3d(pool_size), to_3d(strides), to_3d(front, 0), to_3d(dilation_rate), counted
    return PoolPlan(input_shape, output_shape, data_format, dtype, windows)
