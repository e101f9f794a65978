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
# Zen 4, from memory: with so many, both directions together take 1.0 to 1.7 times as long for planes as for pixels.
MANY_CHANNELS = 32


class _Layouts(NamedTuple):
    """How kernels read the inputs, the outputs, and indices of the same shape."""

    inputs: Layout
    outputs: Layout
    indices: Layout


class PoolPlan:
    """A pooling of images of one shape.

    Images with their channels first in memory are not transposed: each channel is an image of its own. They are where gradients
    are wanted of many channels.

    Args:
        input_shape, output_shape: those of users.
        data_format: "channels_last" or "channels_first".
        dtype: that of the images.
        windows: what kernels need to know about them; None for those that divide the inputs evenly.
    """

    def __init__(self, input_shape, output_shape, data_format, dtype, windows):
        arrays = (input_shape, dtype), (output_shape, dtype), (output_shape, np.dtype(np.int64))
        self._pixels = _Layouts(*(image_layout(shape, data_format, dtype) for shape, dtype in arrays))
        self._planes = _Layouts(*(planes_layout(*array) for array in arrays)) if data_format == "channels_first" else None
        self._windows = windows
        self._kernels = _native.kernels(self._pixels.inputs.number_type).pool
        self._place_size = self._bytes_of_a_place()

    def _bytes_of_a_place(self):
        """Returns how many bytes hold the number of any pixel in the box that a window reaches over."""
        if self._windows is None:
            sizes = zip(self._pixels.inputs.kernel_shape[1:4], self._pixels.outputs.kernel_shape[1:4], strict=True)
            reaches = [-(-i // o) + 1 for i, o in sizes]
        else:
            sizes, _, _, dilations, _ = self._windows
            reaches = [(size - 1) * dilation + 1 for size, dilation in zip(sizes, dilations, strict=True)]
        return 1 if math.prod(reaches) <= 256 else 4

    def largest(self, images, return_indices=False):
        """Returns the largest number of each window, and the backward pass.

        Args:
            images: array.
            return_indices: whether to return a pair: the numbers, and where they are.
        """
        inputs, outputs, of_indices = self._layouts_of(images)
        x, y = inputs.to_kernel(images), self._empty(outputs)
        if current_tape() is None and not return_indices:
            launch(self._kernels.max_pool_forward, x, y, self._windows)
            return outputs.from_kernel(y), None
        places, size = empty(y.size * self._place_size + _VECTOR, np.uint8), self._place_size
        launch(self._kernels.max_pool_with_places, x, y, places, size, self._windows)

        def backward(d_y):
            d_x = self._empty(inputs)
            launch(self._kernels.max_pool_backward, places, size, outputs.to_kernel(d_y), d_x, self._windows)
            return inputs.from_kernel(d_x)

        if not return_indices:
            return outputs.from_kernel(y), backward
        indices = empty(y.shape, np.int64)
        launch(self._kernels.max_pool_indices, places, size, x, indices, self._windows)
        results = outputs.from_kernel(y), of_indices.from_kernel(indices)
        return results, lambda gradients: None if gradients[0] is None else backward(gradients[0])

    def mean(self, images):
        """Returns the mean of each window, and the backward pass."""
        inputs, outputs, _ = self._layouts_of(images)
        y = self._empty(outputs)
        launch(self._kernels.average_pool_forward, inputs.to_kernel(images), y, self._windows)

        def backward(d_y):
            d_x = self._empty(inputs)
            launch(self._kernels.average_pool_backward, outputs.to_kernel(d_y), d_x, self._windows)
            return inputs.from_kernel(d_x)

        return outputs.from_kernel(y), backward

    def _layouts_of(self, images):
        if self._planes is None or not images.flags.c_contiguous:
            return self._pixels
        few = self._pixels.inputs.kernel_shape[4] < MANY_CHANNELS
        return self._planes if few or current_tape() is None else self._pixels

    @staticmethod
    def _empty(layout):
        return empty(layout.kernel_shape, layout.number_type)


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
