"""Pooling of the whole image: the largest or the mean number of each channel."""

import functools
import math

import numpy as np

from convlayers import _native, shapes
from convlayers.autograd import current_tape, differentiable
from convlayers.config import standardize_data_format
from convlayers.launching import empty, launch
from convlayers.ops.dtypes import as_array, as_float
from convlayers.ops.layout import image_layout, planes_layout
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
    images = _images_of(inputs, data_format, keepdims)
    if images.pixels == 0:
        raise ValueError(
            f"Cannot compute the max of an empty tensor.\nThe images have no pixels. Received: inputs.shape={inputs.shape}"
        )
    if images.rows is not None and current_tape() is None:
        return images.pool_rows("max_pool_forward", inputs), None
    x, y = images.to_kernel(inputs), images.empty_results()
    launch(images.kernels.global_max_pool_forward, x, y)

    def backward(d_outputs):
        d_x = empty(x.shape, x.dtype)
        launch(images.kernels.global_max_pool_backward, x, y, images.results_to_kernel(d_outputs), d_x)
        return images.from_kernel(d_x)

    return images.results_from_kernel(y), backward


@differentiable(new_gradients=True)
def global_average_pool(inputs, data_format=None, keepdims=False):
    """Returns the mean of each channel. Arguments as for `global_max_pool`."""
    inputs = as_float(inputs)
    images = _images_of(inputs, data_format, keepdims)

    def backward(d_outputs):
        d_x = empty(images.shape, images.number_type)
        launch(images.kernels.global_average_pool_backward, images.results_to_kernel(d_outputs), d_x)
        return images.from_kernel(d_x)

    if images.rows is not None and images.pixels <= SMALL_PLANE:
        return images.pool_rows("average_pool_forward", inputs), backward
    y = images.empty_results()
    launch(images.kernels.global_average_pool_forward, images.to_kernel(inputs), y)
    return images.results_from_kernel(y), backward


def _images_of(inputs, data_format, keepdims):
    return _Images(inputs.shape, inputs.dtype, standardize_data_format(data_format), keepdims, inputs.flags.c_contiguous)


@functools.lru_cache(maxsize=4096)
class _Images:
    """Images as kernels see them: (n, pixels, c), and their results: (n, c).

    Images with their channels first in memory are not transposed, unless they are small: each channel is an image of its own.
    As rows of pixels, each of which is one window, no size is too small for them.

    Args:
        shape, dtype: those of the images.
        c_contiguous: whether their axes lie in memory in their order.

    Attributes:
        pixels: of an image.
        shape, number_type: of what kernels see.
        kernels: those for it.
        rows: the `Layout` of such rows; None for images that are no planes in memory.
    """

    def __init__(self, shape, dtype, data_format, keepdims, c_contiguous):
        self._dtype = dtype
        spatial_rank(shape)  # raises an error if it is none
        batch, spatial, channels = shapes.split_shape(shape, data_format)
        self.pixels = math.prod(spatial)
        self._kept = shapes.join_shape(batch, [1] * len(spatial), channels, data_format) if keepdims else (batch, channels)
        are_planes = data_format == "channels_first" and c_contiguous
        self.rows = planes_layout(shape, dtype, in_one_row=True) if are_planes else None
        large = are_planes and self.pixels > SMALL_PLANE
        self._layout = self.rows if large else image_layout(shape, data_format, dtype)
        n, *_, c = self._layout.kernel_shape
        self.shape, self.number_type = (n, self.pixels, c), self._layout.number_type
        self.kernels = _native.kernels(self.number_type).global_pool

    def to_kernel(self, inputs):
        return self._layout.to_kernel(inputs).reshape(self.shape)

    def from_kernel(self, d_x):
        return self._layout.from_kernel(d_x)

    def pool_rows(self, name, inputs):
        """Returns what a kernel for windows makes of the rows, each of which is one."""
        x = self.rows.to_kernel(inputs)
        y = empty((len(x), 1, 1, 1, 1), x.dtype)
        launch(getattr(_native.kernels(x.dtype).pool, name), x, y, None)
        return self.results_from_kernel(y)

    def empty_results(self):
        return empty((self.shape[0], self.shape[2]), self.number_type)

    def results_from_kernel(self, y):
        """Returns what the user gets."""
        return y.reshape(self._kept).astype(self._dtype, copy=False)

    def results_to_kernel(self, d_outputs):
        return np.ascontiguousarray(d_outputs.reshape(self.shape[0], self.shape[2]), self.number_type)
