"""Images turned, moved, sheared and bent."""

import numpy as np

from convlayers import _native
from convlayers import random as randomness
from convlayers.autograd import differentiable
from convlayers.config import standardize_data_format
from convlayers.ops.dtypes import as_array
from convlayers.ops.image.checks import (
    FILL_MODES,
    WARP_INTERPOLATIONS,
    channels_last,
    check_rank,
    check_warp,
    spatial_sizes,
    with_batch,
)
from convlayers.ops.image.filters import gaussian_blur
from convlayers.symbolic import runs_for_shapes


@differentiable(new_gradients=True)
def affine_transform(images, transform, interpolation="bilinear", fill_mode="constant", fill_value=0, data_format=None):
    """Reads images at transformed places.

    Pixel (x, y) of the result is read at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k), where k = c0 x + c1 y + 1.

    Args:
        images: an image, or a batch of images.
        transform: the numbers [a0, a1, a2, b0, b1, b2, c0, c1], for all images or for each. They have no gradient.
        interpolation: "nearest" or "bilinear".
        fill_mode: what lies outside of an image: "constant" (`fill_value`), "nearest" (the outermost pixels), "wrap" (the image
            again), "mirror" (the image, mirrored at the outermost pixels) or "reflect" (mirrored at the border).
        fill_value: the number for "constant".
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.

    Returns:
        Array of the shape and dtype of the images. Integers are rounded.

    Raises:
        ValueError: if an argument is none of these.

    Example:

    >>> image = np.arange(3.0).reshape(1, 3, 1)
    >>> affine_transform(image, [1, 0, 1, 0, 1, 0, 0, 0]).ravel()  # to the left
    [1.0, 2.0, 0.0]
    """
    images, transform = as_array(images), as_array(transform)
    data_format = standardize_data_format(data_format)
    check_warp(interpolation, fill_mode)
    check_rank(images.shape)
    if transform.ndim not in (1, 2):
        raise ValueError(
            "Invalid transform rank: expected rank 1 (single transform) or rank 2 (batch of transforms). "
            f"Received input with shape: transform.shape={transform.shape}"
        )
    transforms = transform.reshape(-1, transform.shape[-1])
    batch = with_batch(images.shape)[0]
    if transforms.shape[1] != 8 or len(transforms) not in (1, batch):
        raise ValueError(
            f"A transform has 8 numbers, and there is one for all images or one for each. Expected: (8,) or ({batch}, 8). "
            f"Received: transform.shape={transform.shape}"
        )
    return _warp(images, transforms, None, interpolation, fill_mode, fill_value, data_format)


@differentiable(new_gradients=True)
def perspective_transform(images, start_points, end_points, interpolation="bilinear", fill_value=0, data_format=None):
    """Moves four points of images to other places, and the rest with them, as if they were seen from somewhere else.

    Args:
        images: an image, or a batch of images.
        start_points: array of shape (4, 2), or (batch, 4, 2): the (x, y) of four points.
        end_points: where they go, in the same shape.
        interpolation: "nearest" or "bilinear".
        fill_value: the number outside of an image.
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.

    Returns:
        Array of the shape and dtype of the images.

    Raises:
        ValueError: if an argument is none of these.
    """
    images, start_points, end_points = as_array(images), as_array(start_points), as_array(end_points)
    data_format = standardize_data_format(data_format)
    check_warp(interpolation, "constant")
    check_rank(images.shape)
    for name, points in (("start_points", start_points), ("end_points", end_points)):
        if points.ndim not in (2, 3) or points.shape[-2:] != (4, 2):
            raise ValueError(
                f"Invalid {name} shape: expected (4,2) for a single image or (N,4,2) for a batch. "
                f"Received shape: {points.shape}"
            )
    if start_points.shape != end_points.shape:
        raise ValueError(
            "start_points and end_points must have the same shape."
            f" Received start_points.shape={start_points.shape}, end_points.shape={end_points.shape}"
        )
    transforms = homographies(start_points.reshape(-1, 4, 2), end_points.reshape(-1, 4, 2))
    return _warp(images, transforms, None, interpolation, "constant", fill_value, data_format)


@differentiable(new_gradients=True)
def elastic_transform(
    images,
    alpha=20.0,
    sigma=5.0,
    interpolation="bilinear",
    fill_mode="reflect",
    fill_value=0.0,
    seed=None,
    data_format=None,
):
    """Bends images at random: every pixel is read at another place, neighbours at neighbouring ones.

    Args:
        images: an image, or a batch of images.
        alpha: how far places move.
        sigma: how smooth the bends are: the standard deviation of a blur, in pixels.
        interpolation, fill_mode, fill_value: as for `affine_transform`.
        seed: int or `SeedGenerator`.
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.

    Returns:
        Array of the shape and dtype of the images.

    Raises:
        ValueError: if an argument is none of these.
    """
    images = as_array(images)
    data_format = standardize_data_format(data_format)
    check_warp(interpolation, fill_mode)
    check_rank(images.shape)
    batch = with_batch(images.shape)[0]
    height, width = spatial_sizes(images.shape, data_format)
    size = int(6 * sigma) | 1
    shifts = randomness.normal((batch, height, width, 2), seed=seed) * sigma
    shifts = gaussian_blur(shifts, (size, size), (sigma, sigma), data_format="channels_last")
    places = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"), axis=-1) + alpha * shifts
    places = np.ascontiguousarray(places, np.float64)
    return _warp(images, None, places, interpolation, fill_mode, fill_value, data_format)


def homographies(start_points, end_points):
    """Returns the transformations that read, at each end point, the start point."""
    start_points, end_points = (points.astype(np.float64) for points in (start_points, end_points))
    equations = np.zeros((len(start_points), 4, 2, 8))
    for row, columns in enumerate((slice(0, 3), slice(3, 6))):
        equations[:, :, row, columns] = np.concatenate([end_points, np.ones_like(end_points[..., :1])], axis=-1)
        equations[:, :, row, 6:] = -start_points[..., row, None] * end_points
    if runs_for_shapes():  # For points that are all the same there is no answer.
        equations[...] = np.eye(8).reshape(4, 2, 8)
    return np.linalg.solve(equations.reshape(-1, 8, 8), start_points.reshape(-1, 8, 1))[..., 0]


def _warp(images, transforms, places, interpolation, fill_mode, fill_value, data_format):
    """Returns images read at other places, and the backward pass for them."""
    dtype = images.dtype
    computed = np.dtype(np.float64 if dtype == np.float64 else np.float32)
    to_kernel, from_kernel = channels_last(images.ndim, data_format)
    x = to_kernel(images.astype(computed, copy=False))
    kernels = _native.kernels(computed).warp
    if transforms is not None:
        transforms = np.ascontiguousarray(transforms, np.float64)
    how = transforms, places, WARP_INTERPOLATIONS.index(interpolation), FILL_MODES.index(fill_mode)
    y = np.empty_like(x)
    kernels.warp_forward(x, *how, fill_value, y)
    shape = x.shape

    def backward(d_y):
        d_x = np.empty(shape, computed)
        kernels.warp_backward(to_kernel(d_y.astype(computed, copy=False)), *how, d_x)
        return from_kernel(d_x)

    y = from_kernel(y)
    return (y if dtype.kind == "f" else np.rint(y)).astype(dtype, copy=False), backward
