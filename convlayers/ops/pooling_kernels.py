"""What all pooling does: it gives arrays of users to the kernels, and back."""

import functools
import math

import numpy as np

from convlayers import _native
from convlayers.autograd import current_tape
from convlayers.ops.layout import from_channels_last_5d, to_channels_last_5d

# Bytes of the longest: kernels may read so many behind places.
_VECTOR = 64


def max_of_windows(inputs, data_format, output_shape, windows, return_indices=False):
    """Returns the largest number of each window, and the backward pass.

    Args:
        inputs: array.
        data_format: "channels_last" or "channels_first".
        output_shape: as kernels see it, (batch, d, h, w, channels).
        windows: what kernels need to know about them; None for those that divide the inputs evenly.
        return_indices: whether to return a pair: the numbers, and where they are.
    """
    to_kernel, from_kernel = kernel_layout(inputs, data_format)
    x = to_kernel(inputs)
    y = np.empty(output_shape, x.dtype)
    kernels = _native.kernels(x.dtype).pool
    if current_tape() is None and not return_indices:
        kernels.max_pool_forward(x, y, windows)
        return from_kernel(y), None
    input_shape, dtype = x.shape, x.dtype
    size = _place_size(input_shape, output_shape, windows)
    places = np.empty(y.size * size + _VECTOR, np.uint8)
    kernels.max_pool_with_places(x, y, places, size, windows)

    def backward(d_y):
        d_x = np.empty(input_shape, dtype)
        kernels.max_pool_backward(places, size, to_kernel(d_y), d_x, windows)
        return from_kernel(d_x)

    if not return_indices:
        return from_kernel(y), backward
    indices = np.empty(output_shape, np.int64)
    kernels.max_pool_indices(places, size, x, indices, windows)
    results = from_kernel(y), from_channels_last_5d(indices, data_format, spatial_rank(inputs.shape))
    return results, lambda gradients: None if gradients[0] is None else backward(gradients[0])


@functools.lru_cache(maxsize=4096)
def _place_size(input_shape, output_shape, windows):
    """Returns how many bytes hold the number of any pixel in the box that a window reaches over."""
    if windows is None:
        reaches = [-(-i // o) + 1 for i, o in zip(input_shape[1:4], output_shape[1:4], strict=True)]
    else:
        reaches = [(size - 1) * dilation + 1 for size, dilation in zip(windows[0], windows[3], strict=True)]
    return 1 if math.prod(reaches) <= 256 else 4


def mean_of_windows(inputs, data_format, output_shape, windows):
    """Returns the mean of each window, and the backward pass. Arguments as for `max_of_windows`."""
    to_kernel, from_kernel = kernel_layout(inputs, data_format)
    x = to_kernel(inputs)
    y = np.empty(output_shape, x.dtype)
    kernels = _native.kernels(x.dtype).pool
    kernels.average_pool_forward(x, y, windows)
    input_shape, dtype = x.shape, x.dtype

    def backward(d_y):
        d_x = np.empty(input_shape, dtype)
        kernels.average_pool_backward(to_kernel(d_y), d_x, windows)
        return from_kernel(d_x)

    return from_kernel(y), backward


def spatial_rank(shape):
    """Returns the number of spatial axes.

    Raises:
        ValueError: if it is not 1, 2 or 3.
    """
    rank = len(shape) - 2
    if rank not in (1, 2, 3):
        raise ValueError(
            "Inputs to pooling op must have ndim=3, 4 or 5, corresponding to 1D, 2D and 3D inputs. "
            f"Received input shape: {shape}.\nThe first axis is the batch, and the last or second the channels."
        )
    return rank


def kernel_layout(inputs, data_format):
    """Returns two functions: from arrays in the user's layout and dtype to those of the kernels, and back."""
    rank, dtype = spatial_rank(inputs.shape), inputs.dtype
    number_type = kernel_dtype(dtype)

    def to_kernel(x):
        return to_channels_last_5d(x if x.dtype is number_type else x.astype(number_type), data_format)

    def from_kernel(y5):
        y = from_channels_last_5d(y5, data_format, rank)
        return y if dtype is number_type else y.astype(dtype)

    return to_kernel, from_kernel


@functools.cache
def kernel_dtype(dtype):
    """Returns that of the two number types of kernels which holds all numbers of another."""
    return np.result_type(dtype, np.float32)
