"""Colors of images."""

import numpy as np

from convlayers.autograd import differentiable
from convlayers.config import standardize_data_format
from convlayers.ops import arithmetic, cutting, pointwise, shaping
from convlayers.ops.comparison import equal, greater, less
from convlayers.ops.core import cast
from convlayers.ops.dtypes import as_array, as_float
from convlayers.ops.image.checks import check_float, check_rank, image_axes

GRAY = 0.2989, 0.587, 0.114  # how bright red, green and blue are


@differentiable
def rgb_to_grayscale(images, data_format=None):
    """Returns the brightness of images.

    Args:
        images: an image, or a batch of images, with 3 channels (or 1: then a copy is returned).
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.

    Returns:
        Array with one channel, of the dtype of the images.

    Raises:
        ValueError: if there is another number of channels.
    """
    images = as_array(images)
    axis = image_axes(standardize_data_format(data_format))[-1]
    check_rank(images.shape)
    if images.shape[axis] not in (1, 3):
        raise ValueError(
            f"Invalid channel size: expected 3 (RGB) or 1 (Grayscale). Received input with shape: images.shape={images.shape}"
        )
    if images.shape[axis] == 1:
        return images.copy(), lambda d_y: d_y
    numbers = as_float(images)
    weights = np.array(GRAY, numbers.dtype)
    gray = np.expand_dims(np.tensordot(numbers, weights, axes=(axis, 0)), axis)

    def backward(d_y):
        return d_y * weights.reshape(-1, *(1,) * (-1 - axis))

    return gray.astype(images.dtype, copy=False), backward


def rgb_to_hsv(images, data_format=None):
    """Returns hue, saturation and value of images whose numbers are from 0 to 1.

    Args:
        images: an image, or a batch of images, of floats, with 3 channels.
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.

    Returns:
        Array of the shape and dtype of the images, with numbers from 0 to 1.

    Raises:
        ValueError: if the images are none, or no floats.
    """
    images, axis = _check_colors(images, data_format)
    smallest = float(np.finfo(images.dtype).eps)
    images = arithmetic.where(less(pointwise.abs(images), smallest), 0.0, images)
    red, green, blue = cutting.unstack(images, axis=axis)
    value = arithmetic.maximum(arithmetic.maximum(red, green), blue)
    spread = value - arithmetic.minimum(arithmetic.minimum(red, green), blue)
    bright, colored = greater(value, 0), greater(spread, 0)
    saturation = arithmetic.where(bright, spread / arithmetic.where(bright, value, 1.0), 0.0)
    sixth = 1 / (6 * arithmetic.where(colored, spread, 1.0))
    hue = arithmetic.where(equal(value, green), sixth * (blue - red) + 2 / 6, sixth * (red - green) + 4 / 6)
    hue = arithmetic.where(equal(value, red), sixth * (green - blue), hue)
    hue = arithmetic.where(colored, hue, 0.0) + cast(less(hue, 0), images.dtype)
    return shaping.stack([hue, saturation, value], axis=axis)


def hsv_to_rgb(images, data_format=None):
    """Returns the colors of images that are given as hue, saturation and value: the inverse of `rgb_to_hsv`."""
    images, axis = _check_colors(images, data_format)
    hue, saturation, value = cutting.unstack(images, axis=axis)
    place = arithmetic.mod(hue, 1.0) * 6
    shares = (
        pointwise.abs(place - 3) - 1,
        2 - pointwise.abs(place - 2),
        2 - pointwise.abs(place - 4),
    )
    gray = 1 - saturation
    return shaping.stack([value * (gray + saturation * arithmetic.clip(share, 0, 1)) for share in shares], axis=axis)


def _check_colors(images, data_format):
    """Returns the images, as an array if they were none, and the axis of their channels."""
    images = images if hasattr(images, "shape") else as_array(images)
    axis = image_axes(standardize_data_format(data_format))[-1]
    check_rank(images.shape)
    check_float(np.dtype(images.dtype))
    if images.shape[axis] not in (None, 3):
        raise ValueError(
            f"Input images must have 3 channels, but received images with {images.shape[axis]} channels."
            f"\nReceived: images.shape={images.shape}"
        )
    return images, axis
