"""Pooling: the largest or the mean number of each window, or of the whole image."""

import functools
from typing import NamedTuple

import numpy as np

from convlayers import _native, shapes
from convlayers.autograd import differentiable
from convlayers.config import standardize_data_format
from convlayers.ops import reductions
from convlayers.ops.dtypes import as_array, as_float
from convlayers.ops.layout import from_channels_last_5d, to_3d, to_channels_last_5d


class _PoolProblem(NamedTuple):
    """A pooling as kernels see it: in three spatial dimensions."""

    output_shape: tuple
    pool_size: tuple
    strides: tuple
    pads: tuple


@differentiable
def max_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """Returns the largest number of each window. Of several that are largest, the first gets the gradient.

    Args:
        inputs: array of shape (batch, *spatial, channels), with one, two or three spatial axes;
            (batch, channels, *spatial) for "channels_first".
        pool_size: int or tuple of ints, the size of the window.
        strides: int or tuple of ints, how far the window moves between two outputs; by default `pool_size`.
        padding: "valid" takes only windows that lie inside the input. "same" takes so many that the output has
            ceil(input / strides) pixels; what lies outside of the input does not count.
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.

    Returns:
        Array of shape (batch, *new spatial, channels), or with the channels first as in the inputs.

    Raises:
        ValueError: if an argument is none of these, or if the window is larger than the inputs.

    Example:

    >>> max_pool(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, :, :, 0]
    [[5.0, 7.0], [13.0, 15.0]]
    """
    return _pool("max_pool", as_array(inputs), pool_size, strides, padding, data_format)


@differentiable
def average_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """Returns the mean of each window. What padding adds does not count. Arguments as for `max_pool`.

    Example:

    >>> average_pool(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, :, :, 0]
    [[2.5, 4.5], [10.5, 12.5]]
    """
    return _pool("average_pool", as_float(inputs), pool_size, strides, padding, data_format)


def _pool(name, inputs, pool_size, strides, padding, data_format):
    data_format = standardize_data_format(data_format)
    rank = inputs.ndim - 2
    problem = _pool_problem(inputs.shape, _hashable(pool_size), _hashable(strides), padding, data_format)
    # Kernels have float32 and float64, which hold all smaller types.
    dtype = np.result_type(inputs.dtype, np.float32)
    x = to_channels_last_5d(inputs.astype(dtype, copy=False), data_format)
    y = np.empty(problem.output_shape, dtype)
    kernels = _native.kernels(dtype).pool
    windows = problem.pool_size, problem.strides, problem.pads
    getattr(kernels, f"{name}_forward")(x, y, *windows)

    def backward(d_outputs):
        d_y = to_channels_last_5d(d_outputs.astype(dtype, copy=False), data_format)
        d_x = np.empty_like(x)
        getattr(kernels, f"{name}_backward")(x, y, d_y, d_x, *windows)
        return from_channels_last_5d(d_x, data_format, rank).astype(inputs.dtype, copy=False)

    return from_channels_last_5d(y, data_format, rank).astype(inputs.dtype, copy=False), backward


@functools.lru_cache(maxsize=4096, typed=True)
def _pool_problem(input_shape, pool_size, strides, padding, data_format):
    rank = len(input_shape) - 2
    if rank not in (1, 2, 3):
        raise ValueError(
            "Inputs to pooling op must have ndim=3, 4 or 5, corresponding to 1D, 2D and 3D inputs. "
            f"Received input shape: {input_shape}.\nThe first axis is the batch, and the last or second the channels."
        )
    pool_size = shapes.standardize_tuple(pool_size, rank, "pool_size")
    strides = pool_size if strides is None else shapes.standardize_tuple(strides, rank, "strides")
    padding = shapes.standardize_pool_padding(padding)
    output_shape = shapes.compute_pooling_output_shape(input_shape, pool_size, strides, padding, data_format)
    _, spatial, _ = shapes.split_shape(input_shape, data_format)
    pads = [
        shapes.conv_pads(length, size, stride, padding)[0]
        for length, size, stride in zip(spatial, pool_size, strides, strict=True)
    ]
    batch, output_spatial, channels = shapes.split_shape(output_shape, data_format)
    return _PoolProblem(
        output_shape=(batch, *to_3d(output_spatial), channels),
        pool_size=to_3d(pool_size),
        strides=to_3d(strides),
        pads=to_3d(pads, 0),
    )


def _hashable(sizes):
    return tuple(sizes) if hasattr(sizes, "__iter__") else sizes


# The whole image ------------------------------------------------------------------------------------------------------


def global_max_pool(inputs, data_format=None, keepdims=False):
    """Returns the largest number of each channel. Equal numbers share the gradient.

    Args:
        inputs: array of shape (batch, *spatial, channels), or (batch, channels, *spatial) for "channels_first".
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.
        keepdims: whether the spatial axes stay, with length 1.

    Raises:
        ValueError: if there are no pixels.
    """
    axes = shapes.spatial_axes(standardize_data_format(data_format), len(inputs.shape))
    if 0 in (inputs.shape[axis] for axis in axes):
        raise ValueError(
            "Cannot compute the max of an empty tensor.\n"
            f"The images have no pixels. Received: inputs.shape={tuple(inputs.shape)}"
        )
    return reductions.max(inputs, axes, keepdims)


def global_average_pool(inputs, data_format=None, keepdims=False):
    """Returns the mean of each channel. Arguments as for `global_max_pool`."""
    axes = shapes.spatial_axes(standardize_data_format(data_format), len(inputs.shape))
    return reductions.mean(inputs, axes, keepdims)
