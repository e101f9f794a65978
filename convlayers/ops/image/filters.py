"""Images blurred, their edges, and how alike two of them are."""

import numpy as np

from convlayers.autograd import differentiable
from convlayers.config import standardize_data_format
from convlayers.ops import reductions
from convlayers.ops.core import cast
from convlayers.ops.dtypes import as_array, as_float
from convlayers.ops.image import bands, separable
from convlayers.ops.image.checks import check_rank
from convlayers.symbolic import one_node


@differentiable(new_gradients=True)
def gaussian_blur(images, kernel_size=(3, 3), sigma=(1.0, 1.0), data_format=None):
    """Averages each pixel with those around it, with weights that follow a normal distribution. Beyond the border are zeros.

    Args:
        images: an image, or a batch of images.
        kernel_size: how many columns, and how many rows, are averaged.
        sigma: the standard deviations along rows, and along columns.
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.

    Returns:
        Array of the shape and dtype of the images.

    Raises:
        ValueError: if the images are none.
    """
    images = as_array(images)
    data_format = standardize_data_format(data_format)
    check_rank(images.shape)
    lengths = separable.spatial_lengths(images.shape, 2, data_format)
    filters = [_normal_weights(int(size), float(width)) for size, width in zip(kernel_size, sigma, strict=True)]
    axes = [bands.filtering(length, weights) for length, weights in zip(lengths, reversed(filters), strict=True)]
    return separable.apply(images, axes, data_format)


@differentiable(new_gradients=True)
def sobel_edges(images, data_format=None):
    """Returns how much brighter images become downwards, and to the right. Beyond the border they are mirrored.

    Args:
        images: a batch of images.
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.

    Returns:
        Array with one axis more, of length 2, behind the others: downwards, and to the right.

    Raises:
        ValueError: if there is no batch of images.
    """
    images = as_array(images)
    data_format = standardize_data_format(data_format)
    if images.ndim != 4:
        raise ValueError(f"Invalid images rank: expected rank 4 (batch of images). Received: images.shape={list(images.shape)}")
    lengths = separable.spatial_lengths(images.shape, 2, data_format)
    smooth, change = (1.0, 2.0, 1.0), (-1.0, 0.0, 1.0)
    parts = [
        separable.apply(images, [bands.filtering(*one, "mirror") for one in zip(lengths, pair, strict=True)], data_format)
        for pair in ((change, smooth), (smooth, change))
    ]

    def backward(d_y):
        return sum(part(np.ascontiguousarray(d_y[..., index])) for index, (_, part) in enumerate(parts))

    return np.stack([edges for edges, _ in parts], axis=-1), backward


@one_node
def ssim(image1, image2, max_val=1.0, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03, data_format=None):
    """Returns how alike two images are: 1 if they are the same (Wang and others 2004, Image Quality Assessment).

    Args:
        image1, image2: images, or batches of images, of the same shape.
        max_val: the largest value of a pixel, where the least is 0.
        filter_size, filter_sigma: size and standard deviation of the windows that are compared.
        k1, k2: what keeps dark and even windows from counting too much.
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.

    Returns:
        A number for each image.

    Raises:
        ValueError: if the images are none.
    """
    data_format = standardize_data_format(data_format)
    image1, image2 = (image if hasattr(image, "shape") else as_array(image) for image in (image1, image2))
    for name, image in (("image1", image1), ("image2", image2)):
        check_rank(image.shape, name)
    dtype = image1.dtype
    floats = dtype if np.dtype(dtype).kind == "f" else as_float(0).dtype
    image1, image2 = cast(image1, floats), cast(image2, floats)
    window = _normal_weights(filter_size, filter_sigma)
    mean1, mean2, square1, square2, product = (
        _windows(image, window, data_format) for image in (image1, image2, image1 * image1, image2 * image2, image1 * image2)
    )
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    brightness = (2 * mean1 * mean2 + c1) / (mean1 * mean1 + mean2 * mean2 + c1)
    covariance = product - mean1 * mean2
    variances = square1 - mean1 * mean1 + square2 - mean2 * mean2
    alike = brightness * (2 * covariance + c2) / (variances + c2)
    return cast(reductions.mean(alike, axis=(-3, -2, -1)), dtype)


@differentiable(new_gradients=True)
def _windows(images, weights, data_format):
    """Returns the weighted means of all windows that lie inside."""
    images = as_array(images)
    lengths = separable.spatial_lengths(images.shape, 2, data_format)
    return separable.apply(images, [bands.filtering(length, weights, "valid") for length in lengths], data_format)


def _normal_weights(size, sigma):
    distances = np.arange(size) - (size - 1) / 2
    weights = np.exp(-0.5 * (distances / sigma) ** 2)
    return tuple((weights / weights.sum()).tolist())
