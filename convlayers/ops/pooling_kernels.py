"""Poolings that are thought through once: how kernels read their arrays, and what these are told besides."""

import math

import numpy as np

from convlayers import _native
from convlayers.autograd import current_tape
from convlayers.launching import empty, launch
from convlayers.ops.layout import image_layout

# Bytes of the longest: kernels may read so many behind places.
_VECTOR = 64


class PoolPlan:
    """A pooling of images of one shape.

    Args:
        input_shape, output_shape: those of users.
        data_format: "channels_last" or "channels_first".
        dtype: that of the images.
        windows: what kernels need to know about them; None for those that divide the inputs evenly.
    """

    def __init__(self, input_shape, output_shape, data_format, dtype, windows):
        self._inputs = image_layout(input_shape, data_format, dtype)
        self._outputs = image_layout(output_shape, data_format, dtype)
        self._indices = image_layout(output_shape, data_format, np.dtype(np.int64))
        self._windows = windows
        self._kernels = _native.kernels(self._inputs.number_type).pool
        self._place_size = self._bytes_of_a_place()

    def _bytes_of_a_place(self):
        """Returns how many bytes hold the number of any pixel in the box that a window reaches over."""
        if self._windows is None:
            sizes = zip(self._inputs.kernel_shape[1:4], self._outputs.kernel_shape[1:4], strict=True)
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
        x, y = self._inputs.to_kernel(images), self._empty(self._outputs)
        if current_tape() is None and not return_indices:
            launch(self._kernels.max_pool_forward, x, y, self._windows)
            return self._outputs.from_kernel(y), None
        places, size = empty(y.size * self._place_size + _VECTOR, np.uint8), self._place_size
        launch(self._kernels.max_pool_with_places, x, y, places, size, self._windows)

        def backward(d_y):
            d_x = self._empty(self._inputs)
            launch(self._kernels.max_pool_backward, places, size, self._outputs.to_kernel(d_y), d_x, self._windows)
            return self._inputs.from_kernel(d_x)

        if not return_indices:
            return self._outputs.from_kernel(y), backward
        indices = empty(y.shape, np.int64)
        launch(self._kernels.max_pool_indices, places, size, x, indices, self._windows)
        results = self._outputs.from_kernel(y), self._indices.from_kernel(indices)
        return results, lambda gradients: None if gradients[0] is None else backward(gradients[0])

    def mean(self, images):
        """Returns the mean of each window, and the backward pass."""
        y = self._empty(self._outputs)
        launch(self._kernels.average_pool_forward, self._inputs.to_kernel(images), y, self._windows)

        def backward(d_y):
            d_x = self._empty(self._inputs)
            launch(self._kernels.average_pool_backward, self._outputs.to_kernel(d_y), d_x, self._windows)
            return self._inputs.from_kernel(d_x)

        return self._outputs.from_kernel(y), backward

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
