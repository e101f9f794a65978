"""Other sizes for images."""

import math

import numpy as np

from convlayers import shapes
from convlayers.autograd import differentiable
from convlayers.config import standardize_data_format
from convlayers.ops.dtypes import as_array
from convlayers.ops.image import bands, proportions, separable
from convlayers.ops.image.checks import check_rank, image_axes, spatial_sizes
from convlayers.symbolic import runs_for_shapes


@differentiable(new_gradients=True)
def resize(
    images,
    size,
    interpolation="bilinear",
    antialias=False,
    crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False,
    fill_mode="constant",
    fill_value=0.0,
    data_format=None,
):
    """Resizes images.

    Args:
        images: an image, or a batch of images.
        size: the new height and width.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5".
        antialias: whether images that become smaller are averaged, so that no pixel is left out.
        crop_to_aspect_ratio: whether what does not have the proportions of `size` is cut off, evenly on both sides.
        pad_to_aspect_ratio: whether images get a border, so that they have the proportions of `size`.
        fill_mode: "constant", the only one.
        fill_value: the number in the border.
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.

    Returns:
        Array of the dtype of the images. Integers are rounded, and kept in the range of the dtype.

    Raises:
        ValueError: if an argument is none of these.

    Example:

    >>> resize(np.zeros((2, 4, 4, 3)), (8, 6)).shape
    (2, 8, 6, 3)
    """
    images = as_array(images)
    data_format = standardize_data_format(data_format)
    size = _check_resize(images.shape, size, interpolation, crop_to_aspect_ratio, pad_to_aspect_ratio, fill_mode)
    sizes = spatial_sizes(images.shape, data_format)
    area, d_area = images, lambda d_area: d_area
    if crop_to_aspect_ratio:
        area, d_area = _crop(images, *proportions.middle(sizes, size), image_axes(data_format))
    elif pad_to_aspect_ratio:
        area, d_area = _surround(images, proportions.borders(sizes, size), image_axes(data_format), fill_value)
    resized, d_resized = _interpolate(area, size, interpolation, antialias, data_format)
    return resized, lambda d_y: d_area(d_resized(d_y))


@differentiable(new_gradients=True)
def upsample(inputs, factors, interpolation="nearest", data_format=None):
    """Makes sequences, images or volumes some times as large.

    Args:
        inputs: array of shape (batch, *spatial, channels), or (batch, channels, *spatial) for "channels_first".
        factors: how many times, an int for each spatial axis.
        interpolation: as for `resize`.
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.
    """
    inputs = as_array(inputs)
    data_format = standardize_data_format(data_format)
    _check_interpolation(interpolation)
    _, spatial, _ = shapes.split_shape(inputs.shape, data_format)
    sizes = [factor * length for factor, length in zip(factors, spatial, strict=True)]
    return _interpolate(inputs, sizes, interpolation, False, data_format)


_METHODS = {"linear": "bilinear", "trilinear": "bilinear", "cubic": "bicubic", "tricubic": "bicubic"}


@differentiable(new_gradients=True)
def scale_and_translate(images, output_shape, scale, translation, spatial_dims, method, antialias=True):
    """Scales an array along some axes, and moves it.

    Args:
        images: array of any rank.
        output_shape: the shape of the result.
        scale: array with a number for each of the axes: how much longer things become.
        translation: array with a number for each of the axes: how far they move, in new pixels.
        spatial_dims: list of the axes.
        method: "linear", "cubic", "lanczos3" or "lanczos5".
        antialias: whether what becomes smaller is averaged, so that nothing is left out.

    Returns:
        Array of the dtype of the images. What lies outside of them is 0. Scale and translation have no gradient.

    Raises:
        ValueError: if there is no such method.
    """
    y, (scale, translation) = as_array(images), map(np.ravel, (scale, translation))
    interpolation = _METHODS.get(method, method)
    if interpolation not in bands.INTERPOLATIONS or interpolation == "nearest":
        raise ValueError(
            "Invalid value for argument `method`. Expected of one "
            f"{ {*_METHODS, *bands.INTERPOLATIONS} - {'nearest'} }. Received: method={method}"
        )
    if runs_for_shapes():  # Zero times as long is nothing.
        scale = np.ones_like(scale)
    steps = []
    for place, axis in enumerate(spatial_dims):
        axis %= y.ndim
        shape = y.shape
        band = bands.scaling(
            shape[axis], output_shape[axis], float(scale[place]), float(translation[place]), interpolation, antialias
        )
        # The axis as the height of images: what lies in front are images, what lies behind are channels.
        lines, step = separable.apply(y.reshape(-1, shape[axis], math.prod(shape[axis + 1 :])), [band], "channels_last")
        y = lines.reshape(*shape[:axis], output_shape[axis], *shape[axis + 1 :])
        steps.append((lines.shape, step, shape))

    def backward(d_y):
        for lines_shape, step, shape in reversed(steps):
            d_y = step(np.ascontiguousarray(d_y).reshape(lines_shape)).reshape(shape)
        return d_y

    return y, backward


def _check_interpolation(interpolation):
    if interpolation not in bands.INTERPOLATIONS:
        raise ValueError(
            "Invalid value for argument `interpolation`. Expected of one "
            f"{bands.INTERPOLATIONS}. Received: interpolation={interpolation}"
        )


def _check_resize(shape, size, interpolation, crop_to_aspect_ratio, pad_to_aspect_ratio, fill_mode):
    """Checks the arguments, and returns the size as a tuple."""
    size = tuple(size)
    if len(size) != 2:
        raise ValueError(f"Expected `size` to be a tuple of 2 integers. Received: size={size}")
    if size[0] <= 0 or size[1] <= 0:
        raise ValueError(f"`size` must have positive height and width. Received: size={size}")
    check_rank(shape)
    if pad_to_aspect_ratio and crop_to_aspect_ratio:
        raise ValueError("Only one of `pad_to_aspect_ratio` & `crop_to_aspect_ratio` can be `True`.")
    _check_interpolation(interpolation)
    if fill_mode != "constant":
        raise ValueError(
            f"Invalid value for argument `fill_mode`. Only `'constant'` is supported. Received: fill_mode={fill_mode}"
        )
    return size


# Parts and borders ----------------------------------------------------------------------------------------------------


def _crop(images, starts, lengths, axes):
    part = [slice(None)] * images.ndim
    for axis, start, length in zip(axes, starts, lengths, strict=False):
        part[axis] = slice(start, start + length)
    part, shape = tuple(part), images.shape

    def backward(d_part):
        d_images = np.zeros(shape, d_part.dtype)
        d_images[part] = d_part
        return d_images

    return images[part], backward


def _surround(images, borders, axes, fill_value):
    shape, inside = list(images.shape), [slice(None)] * images.ndim
    for axis, border in zip(axes, borders, strict=False):
        inside[axis] = slice(border, border + shape[axis])
        shape[axis] += 2 * border
    inside = tuple(inside)
    padded = np.full(shape, fill_value, images.dtype)
    padded[inside] = images
    return padded, lambda d_padded: d_padded[inside]


# The axes -------------------------------------------------------------------------------------------------------------


def _interpolate(inputs, sizes, interpolation, antialias, data_format):
    """Returns inputs with other sizes of their spatial axes, and the backward pass."""
    lengths = separable.spatial_lengths(inputs.shape, len(sizes), data_format)
    if 0 in lengths:
        raise ValueError(f"Images without pixels cannot be resized. Received: images.shape={inputs.shape}")
    if interpolation == "nearest" and inputs.dtype.kind != "f":
        return _repeat(inputs, sizes, data_format), None
    axes = [bands.resizing(length, size, interpolation, antialias) for length, size in zip(lengths, sizes, strict=True)]
    return separable.apply(inputs, axes, data_format)


def _repeat(inputs, sizes, data_format):
    """Returns the nearest numbers, in any dtype."""
    last = inputs.ndim - (data_format == "channels_last")
    for axis, size in enumerate(sizes, start=last - len(sizes)):
        inputs = inputs.take(bands.nearest_places(inputs.shape[axis], size), axis)
    return inputs
