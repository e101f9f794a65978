"""Pooling of the whole image: the largest or the mean number of each channel."""

import math

import numpy as np

from convlayers import _native, shapes
from convlayers.autograd import differentiable
from convlayers.config import standardize_data_format
from convlayers.launching import empty, launch
from convlayers.ops.dtypes import as_array, as_float
from convlayers.ops.layout import image_layout, kernel_dtype
from convlayers.ops.pooling_kernels import spatial_rank

# Pixels that take less time to transpose than to begin with one channel after the other.
SMALL_PLANE = 100


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
    y = empty((x.shape[0], x.shape[2]), x.dtype)
    kernels = _native.kernels(x.dtype).global_pool
    launch(kernels.global_max_pool_forward, x, y)

    def backward(d_outputs):
        d_x = empty(x.shape, x.dtype)
        launch(kernels.global_max_pool_backward, x, y, _channels(d_outputs, y), d_x)
        return from_kernel(d_x)

    return result(y), backward


@differentiable(new_gradients=True)
def global_average_pool(inputs, data_format=None, keepdims=False):
    """Returns the mean of each channel. Arguments as for `global_max_pool`."""
    x, from_kernel, result = _images(as_float(inputs), standardize_data_format(data_format), keepdims)
    shape, y = x.shape, empty((x.shape[0], x.shape[2]), x.dtype)
    kernels = _native.kernels(y.dtype).global_pool
    launch(kernels.global_average_pool_forward, x, y)

    def backward(d_outputs):
        d_x = empty(shape, y.dtype)
        launch(kernels.global_average_pool_backward, _channels(d_outputs, y), d_x)
        return from_kernel(d_x)

    return result(y), backward


def _images(inputs, data_format, keepdims):
    """Returns the inputs as kernels read them, (n, pixels, c), and two functions: from such a gradient to the user's layout and
    dtype, and from results (n, c) to what the user gets.

    Images with their channels first in memory are not transposed, unless they are small: each channel is an image of its own.
    """
    shape, dtype = inputs.shape, inputs.dtype
    spatial_rank(shape)  # raises an error if it is none
    batch, spatial, channels = shapes.split_shape(shape, data_format)
    pixels = math.prod(spatial)
    kept = shapes.join_shape(batch, [1] * len(spatial), channels, data_format) if keepdims else (batch, channels)

    def result(y):
        return y.reshape(kept).astype(dtype, copy=False)

    if data_format == "channels_first" and inputs.flags.c_contiguous and pixels > SMALL_PLANE:
        x = inputs.astype(kernel_dtype(dtype), copy=False).reshape(batch * channels, pixels, 1)
        return x, lambda d_x: d_x.reshape(shape).astype(dtype, copy=False), result
    layout = image_layout(shape, data_format, dtype)
    return layout.to_kernel(inputs).reshape(batch, pixels, channels), layout.from_kernel, result


def _channels(d_outputs, y):
    return np.ascontiguousarray(d_outputs.reshape(y.shape), y.dtype)
