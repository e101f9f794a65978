"""Kernels of convolutions as Keras 1, and Keras on Theano, had them."""

import numpy as np

from convlayers.layers import Conv1D, Conv1DTranspose, Conv2D, Conv2DTranspose, Conv3D, Conv3DTranspose

_CONVOLUTIONS = (Conv1D, Conv2D, Conv3D, Conv1DTranspose, Conv2DTranspose, Conv3DTranspose)


class KernelConverter:
    """Turns the arrays of an older file into what layers have today.

    Args:
        reader: an `ArrayReader`.
        path: of the group that says which version of Keras wrote the file, and on which backend.

    Attributes:
        is_of_keras1: whether it was Keras 1.
    """

    def __init__(self, reader, path):
        version = reader.attribute(path, "keras_version") or "1"
        self.is_of_keras1 = version.startswith("1")
        # Theano turned kernels around, as convolutions in mathematics do.
        self._flips = reader.attribute(path, "backend") == "theano"

    def concerns(self, layer, variable):
        """Whether a weight may have been stored in another way than it is kept today."""
        return (self.is_of_keras1 or self._flips) and isinstance(layer, _CONVOLUTIONS) and variable is layer.kernel

    def convert(self, layer, variable, array):
        """Returns the array that a weight of a layer gets, for the one in the file."""
        if self.is_of_keras1:
            array = _transpose(layer, variable.shape, array)
        if self._flips and array.ndim > 2:
            array = np.flip(array, tuple(range(array.ndim - 2)))
        return array


def _transpose(layer, shape, array):
    last = layer.data_format == "channels_last"
    if isinstance(layer, Conv1D) and array.ndim == 4:
        # A convolution over images that are one pixel wide. Keras 1.0 had filters first.
        if array.shape[:2] != (shape[0], 1) or array.shape[3] != shape[2]:
            array = array.transpose(2, 3, 1, 0)
        return array[:, 0]
    if isinstance(layer, Conv2DTranspose):
        return array.transpose((0, 1, 3, 2) if last else (2, 3, 0, 1))
    if isinstance(layer, Conv2D) and not last:
        return array.transpose(2, 3, 1, 0)
    if isinstance(layer, Conv3D) and not last:
        return array.transpose(2, 3, 4, 1, 0)
    return array
