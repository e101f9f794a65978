"""Pooling: the largest or the mean number of each window, or of the whole image."""

import functools
import math

import numpy as np

from convlayers import _native, shapes
from convlayers.autograd import differentiable
from convlayers.config import standardize_data_format
from convlayers.ops.dtypes import as_array, as_float
from convlayers.ops.layout import from_channels_last_5d, to_3d, to_channels_last_5d


@differentiable(new_gradients=True)
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
    inputs = as_array(inputs)
    data_format = standardize_data_format(data_format)
    to_kernel, from_kernel = _layout(inputs, data_format)
    output_shape, *windows = _describe(inputs.shape, _hashable(pool_size), _hashable(strides), padding, data_format)
    x = to_kernel(inputs)
    y = np.empty(output_shape, x.dtype)
    kernels = _native.kernels(x.dtype).pool
    kernels.max_pool_forward(x, y, *windows)

    def backward(d_y):
        d_x = np.empty(x.shape, x.dtype)
        kernels.max_pool_backward(x, y, to_kernel(d_y), d_x, *windows)
        return from_kernel(d_x)

    return from_kernel(y), backward


@differentiable(new_gradients=True)
def average_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """Returns the mean of each window. What padding adds does not count. Arguments as for `max_pool`.

    Example:

    >>> average_pool(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, :, :, 0]
    [[2.5, 4.5], [10.5, 12.5]]
    """
    inputs = as_float(inputs)
    data_format = standardize_data_format(data_format)
    to_kernel, from_kernel = _layout(inputs, data_format)
    output_shape, *windows = _describe(inputs.shape, _hashable(pool_size), _hashable(strides), padding, data_format)
    x = to_kernel(inputs)
    y = np.empty(output_shape, x.dtype)
    kernels = _native.kernels(x.dtype).pool
    kernels.average_pool_forward(x, y, *windows)
    input_shape, dtype = x.shape, x.dtype

    def backward(d_y):
        d_x = np.empty(input_shape, dtype)
        kernels.average_pool_backward(to_kernel(d_y), d_x, *windows)
        return from_kernel(d_x)

    return from_kernel(y), backward


# The whole image ------------------------------------------------------------------------------------------------------


@differentiable(new_gradients=True)
def global_max_pool(inputs, data_format=None, keepdims=False):
    """Returns the largest number of each channel. Equal numbers share the gradient.

    Args:
        inputs: array of shape (batch, *spatial, channels), or (batch, channels, *spatial) for "channels_first".
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.
        keepdims: whether the spatial axes stay, with length 1.

    Returns:
        Array of shape (batch, channels); with `keepdims`, of the rank of the inputs.

    Raises:
        ValueError: if there are no pixels.
    """
    inputs = as_array(inputs)
    x, from_kernel, result = _images(inputs, standardize_data_format(data_format), keepdims)
    if x.shape[1] == 0:
        raise ValueError(
            f"Cannot compute the max of an empty tensor.\nThe images have no pixels. Received: inputs.shape={inputs.shape}"
        )
    y = np.empty((x.shape[0], x.shape[2]), x.dtype)
    kernels = _native.kernels(x.dtype).global_pool
    kernels.global_max_pool_forward(x, y)

    def backward(d_outputs):
        d_x = np.empty(x.shape, x.dtype)
        kernels.global_max_pool_backward(x, y, _channels(d_outputs, y), d_x)
        return from_kernel(d_x)

    return result(y), backward


@differentiable(new_gradients=True)
def global_average_pool(inputs, data_format=None, keepdims=False):
    """Returns the mean of each channel. Arguments as for `global_max_pool`."""
    x, from_kernel, result = _images(as_float(inputs), standardize_data_format(data_format), keepdims)
    shape, y = x.shape, np.empty((x.shape[0], x.shape[2]), x.dtype)
    kernels = _native.kernels(y.dtype).global_pool
    kernels.global_average_pool_forward(x, y)

    def backward(d_outputs):
        d_x = np.empty(shape, y.dtype)
        kernels.global_average_pool_backward(_channels(d_outputs, y), d_x)
        return from_kernel(d_x)

    return result(y), backward


def _images(inputs, data_format, keepdims):
    """Returns the inputs as kernels read them, (n, pixels, c), and two functions: from such a gradient to the user's layout and
    dtype, and from results (n, c) to what the user gets.

    Images with their channels first in memory are not transposed: each channel is an image of its own.
    """
    to_kernel, from_kernel = _layout(inputs, data_format)
    shape, dtype = inputs.shape, inputs.dtype
    batch, spatial, channels = shapes.split_shape(shape, data_format)
    pixels = math.prod(spatial)
    kept = shapes.join_shape(batch, [1] * len(spatial), channels, data_format) if keepdims else (batch, channels)

    def result(y):
        return y.reshape(kept).astype(dtype, copy=False)

    if data_format == "channels_first" and inputs.flags.c_contiguous:
        x = inputs.astype(_kernel_dtype(dtype), copy=False).reshape(batch * channels, pixels, 1)
        return x, lambda d_x: d_x.reshape(shape).astype(dtype, copy=False), result
    x5 = to_kernel(inputs)
    shape5 = x5.shape
    return x5.reshape(batch, pixels, channels), lambda d_x: from_kernel(d_x.reshape(shape5)), result


def _channels(d_outputs, y):
    return np.ascontiguousarray(d_outputs.reshape(y.shape), y.dtype)


# Between users and kernels --------------------------------------------------------------------------------------------


def _layout(inputs, data_format):
    """Returns two functions: from arrays in the user's layout and dtype to those of the kernels, and back."""
    rank, dtype = inputs.ndim - 2, inputs.dtype
    if rank not in (1, 2, 3):
        raise ValueError(
            "Inputs to pooling op must have ndim=3, 4 or 5, corresponding to 1D, 2D and 3D inputs. "
            f"Received input shape: {inputs.shape}.\nThe first axis is the batch, and the last or second the channels."
        )
    kernel_dtype = _kernel_dtype(dtype)

    def to_kernel(x):
        return to_channels_last_5d(x if x.dtype is kernel_dtype else x.astype(kernel_dtype), data_format)

    def from_kernel(y5):
        y = from_channels_last_5d(y5, data_format, rank)
        return y if dtype is kernel_dtype else y.astype(dtype)

    return to_kernel, from_kernel


@functools.cache
def _kernel_dtype(dtype):
    """Returns that of the two number types of kernels which holds all numbers of another."""
    return np.result_type(dtype, np.float32)


@functools.lru_cache(maxsize=4096, typed=True)
def _describe(input_shape, pool_size, strides, padding, data_format):
    """Returns what kernels need to know: output shape, sizes of windows, strides and pads, for three spatial axes."""
    rank = len(input_shape) - 2
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
    return (batch, *to_3d(output_spatial), channels), to_3d(pool_size), to_3d(strides), to_3d(pads, 0)


def _hashable(sizes):
    return tuple(sizes) if type(sizes) is not tuple and hasattr(sizes, "__iter__") else sizes
