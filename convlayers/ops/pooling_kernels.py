"""Poolings that are thought through once: how kernels read their arrays, and what these are told besides."""

import math
from typing import NamedTuple

import numpy as np

from convlayers import _native
from convlayers.autograd import current_tape
from convlayers.launching import empty, launch
from convlayers.ops.layout import Layout, image_layout, planes_layout

# Bytes of the longest: kernels may read so many behind places.
_VECTOR = 64
# The padding of windows that have none, and their dilation.
_PLAIN = (0, 0, 0), (1, 1, 1), None
# Pixels that are added up in one row: of more, a sum would have a larger error than that of sums of rows.
SMALL_IMAGE = 1024
# Zen 4, from memory: with so many, both directions together take 1.0 to 1.7 times as long for planes as for pixels.
MANY_CHANNELS = 32


class _Way(NamedTuple):
    """How kernels see a pooling: the layouts of the inputs, the outputs, and indices of the same shape, and the windows."""

    inputs: Layout
    outputs: Layout
    indices: Layout
    windows: tuple | None


class PoolPlan:
    """A pooling of images of one shape.

    Images with their channels first in memory are not transposed: each channel is an image of its own. They are where places
    are noted of many channels, and so are gradients of means, which need nothing of the inputs.

    Args:
        input_shape, output_shape: those of users.
        data_format: "channels_last" or "channels_first".
        dtype: that of the images.
        windows: what kernels need to know about them; None for those that divide the inputs evenly.
    """

    def __init__(self, input_shape, output_shape, data_format, dtype, windows):
        arrays = (input_shape, dtype), (output_shape, dtype), (output_shape, np.dtype(np.int64))
        self._pixels = _Way(*(image_layout(shape, data_format, dtype) for shape, dtype in arrays), windows)
        self._planes = None
        if data_format == "channels_first":
            self._planes = _Way(*(planes_layout(*array) for array in arrays), windows)
            if _are_whole_images(self._planes):
                self._planes = _Way(*(planes_layout(*array, in_one_row=True) for array in arrays), None)
        self._kernels = _native.kernels(self._pixels.inputs.number_type).pool
        self._place_size = self._bytes_of_a_place()

    def _bytes_of_a_place(self):
        """Returns how many bytes hold the number of any pixel in the box that a window reaches over."""
        inputs, outputs, _, windows = self._pixels
        if windows is None:
            sizes = zip(inputs.kernel_shape[1:4], outputs.kernel_shape[1:4], strict=True)
            reaches = [-(-i // o) + 1 for i, o in sizes]
        else:
            sizes, _, _, dilations, _ = windows
            reaches = [(size - 1) * dilation + 1 for size, dilation in zip(sizes, dilations, strict=True)]
        return 1 if math.prod(reaches) <= 256 else 4

    def largest(self, images, return_indices=False):
        """Returns the largest number of each window, and the backward pass.

        Args:
            images: array.
            return_indices: whether to return a pair: the numbers, and where they are.
        """
        with_places = return_indices or current_tape() is not None
        inputs, outputs, of_indices, windows = self._way_of(images, few_channels_only=with_places)
        x, y = inputs.to_kernel(images), self._empty(outputs)
        if not with_places:
            launch(self._kernels.max_pool_forward, x, y, windows)
            return outputs.from_kernel(y), None
        places, size = empty(y.size * self._place_size + _VECTOR, np.uint8), self._place_size
        launch(self._kernels.max_pool_with_places, x, y, places, size, windows)

        def backward(d_y):
            d_x = self._empty(inputs)
            launch(self._kernels.max_pool_backward, places, size, outputs.to_kernel(d_y), d_x, windows)
            return inputs.from_kernel(d_x)

        if not return_indices:
            return outputs.from_kernel(y), backward
        indices = empty(y.shape, np.int64)
        launch(self._kernels.max_pool_indices, places, size, x, indices, windows)
        results = outputs.from_kernel(y), of_indices.from_kernel(indices)
        return results, lambda gradients: None if gradients[0] is None else backward(gradients[0])

    def mean(self, images):
        """Returns the mean of each window, and the backward pass."""
        inputs, outputs, _, windows = self._way_of(images)
        y = self._empty(outputs)
        launch(self._kernels.average_pool_forward, inputs.to_kernel(images), y, windows)

        def backward(d_y):
            inputs, outputs, _, windows = self._way_of(d_y, few_channels_only=True)
            d_x = self._empty(inputs)
            launch(self._kernels.average_pool_backward, outputs.to_kernel(d_y), d_x, windows)
            return inputs.from_kernel(d_x)

        return outputs.from_kernel(y), backward

    def _way_of(self, images, few_channels_only=False):
        if self._planes is None or not images.flags.c_contiguous:
            return self._pixels
        many = self._pixels.inputs.kernel_shape[4] >= MANY_CHANNELS
        return self._pixels if few_channels_only and many else self._planes

    @staticmethod
    def _empty(layout):
        return empty(layout.kernel_shape, layout.number_type)


def _are_whole_images(way):
    """Whether each window is a small image: its pixels are one row then."""
    inputs, outputs = way.inputs.kernel_shape[1:4], way.outputs.kernel_shape[1:4]
    if outputs != (1, 1, 1) or math.prod(inputs) > SMALL_IMAGE:
        return False
    return way.windows is None or (way.windows[0] == inputs and way.windows[2:] == _PLAIN)


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
