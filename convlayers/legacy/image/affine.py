"""An image turned, moved, sheared and zoomed, as `ImageDataGenerator` does it: by SciPy's rules about what is outside."""

import numpy as np

from convlayers import _native
from convlayers.ops.image.checks import FILL_MODES

_MODES = {"constant", "nearest", "reflect", "wrap"}


def apply_affine_transform(
    x,
    theta=0,
    tx=0,
    ty=0,
    shear=0,
    zx=1,
    zy=1,
    row_axis=1,
    col_axis=2,
    channel_axis=0,
    fill_mode="nearest",
    cval=0.0,
    order=1,
):
    """Returns an image turned, moved, sheared and zoomed around its centre.

    Args:
        x: array of rank 3, an image.
        theta: angle in degrees.
        tx, ty: how far it is moved, in pixels, along rows and columns.
        shear: angle in degrees.
        zx, zy: how much of it is seen, along rows and columns: less than 1 makes it larger.
        row_axis, col_axis, channel_axis: the axes; the channels are first or last.
        fill_mode: what lies outside: "constant" (`cval`), "nearest", "reflect" or "wrap".
        cval: the number for "constant".
        order: 0 for the nearest pixel, 1 to interpolate linearly, up to 5 for splines, which take SciPy.

    Returns:
        Array of the shape and dtype of `x`.

    Raises:
        ImportError: for splines, without SciPy.
        ValueError: if an argument is none of these.
    """
    x = np.asarray(x)
    _check(x, (row_axis, col_axis, channel_axis), fill_mode, order)
    matrix = _matrix(theta, tx, ty, shear, zx, zy)
    if matrix is None:
        return x
    matrix = _around_centre(matrix, x.shape[row_axis], x.shape[col_axis])
    if col_axis > row_axis:
        matrix = matrix[np.ix_((1, 0, 2), (1, 0, 2))]
    # As in Keras, the centre is not exchanged with the rest: an image that is not square turns around another point.
    y = _read(np.moveaxis(x, channel_axis, 2), matrix, fill_mode, cval, order)
    return np.moveaxis(y, 2, channel_axis)


def _check(x, axes, fill_mode, order):
    if len(set(axes)) != 3:
        raise ValueError("'row_axis', 'col_axis', and 'channel_axis' must be distinct")
    if set(axes) != {0, 1, 2}:
        raise ValueError(f"Invalid axis' indices: {set(axes) - {0, 1, 2}}")
    if x.ndim != 3:
        raise ValueError("Input arrays must be multi-channel 2D images.")
    if axes[2] == 1:
        raise ValueError("Channels are allowed and the first and last dimensions.")
    if fill_mode not in _MODES:
        raise ValueError(f"Unknown `fill_mode`. Expected one of: {sorted(_MODES)}. Received: fill_mode={fill_mode}")
    if order not in range(6):
        raise ValueError(f"The order of the interpolation is from 0 (the nearest pixel) to 5. Received: {order}")


def _matrix(theta, tx, ty, shear, zx, zy):
    """Returns the matrix from pixels of the result to places in the image, (x, y, 1), or None where nothing moves."""
    matrix = None
    if theta != 0:
        sine, cosine = np.sin(np.deg2rad(theta)), np.cos(np.deg2rad(theta))
        matrix = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    steps = []
    if tx != 0 or ty != 0:
        steps.append([[1, 0, tx], [0, 1, ty], [0, 0, 1]])
    if shear != 0:
        steps.append([[1, -np.sin(np.deg2rad(shear)), 0], [0, np.cos(np.deg2rad(shear)), 0], [0, 0, 1]])
    if zx != 1 or zy != 1:
        steps.append([[zx, 0, 0], [0, zy, 0], [0, 0, 1]])
    for step in steps:
        matrix = np.array(step, float) if matrix is None else matrix @ np.array(step, float)
    return matrix


def _around_centre(matrix, height, width):
    rows, columns = height / 2 - 0.5, width / 2 - 0.5
    there, back = np.eye(3), np.eye(3)
    there[:2, 2] = rows, columns
    back[:2, 2] = -rows, -columns
    return there @ matrix @ back


def _read(x, matrix, mode, cval, order):
    """Returns an image, (rows, columns, channels), read at the places that a matrix has for its pixels."""
    if order > 1:
        return _read_splines(x, matrix, mode, cval, order)
    computed = np.dtype(np.float64 if x.dtype == np.float64 else np.float32)
    source = np.ascontiguousarray(x, computed)[None]
    target = np.empty_like(source)
    warp = _native.kernels(computed).warp.warp_forward
    if mode in ("constant", "wrap"):
        # What is outside by SciPy's rules is found here.
        places = _places(matrix, x.shape[:2])
        inside = [_wrap(along, size) if mode == "wrap" else along for along, size in zip(places, x.shape, strict=False)]
        warp(source, None, np.stack(inside, axis=-1)[None], order, FILL_MODES.index("nearest"), 0.0, target)
        if mode == "constant":
            target[0, _are_outside(places, x.shape)] = cval
    else:
        row, column, _ = matrix
        # For each pixel (x, y) where it is read: (x', y').
        transform = [[column[1], column[0], column[2], row[1], row[0], row[2], 0.0, 0.0]]
        warp(source, np.array(transform), None, order, FILL_MODES.index(mode), 0.0, target)
    return (target[0] if x.dtype.kind == "f" else np.rint(target[0])).astype(x.dtype, copy=False)


def _places(matrix, shape):
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return [row[2] + rows * row[0] + columns * row[1] for row in matrix[:2]]


def _are_outside(places, shape):
    return np.any([(along < 0) | (along > size - 1) for along, size in zip(places, shape, strict=False)], axis=0)


def _wrap(along, size):
    """Returns places along an axis, those outside moved by lengths of the image; its last pixel counts as its first."""
    length = max(size - 1, 1)
    below = along + length * (np.trunc(-along / length) + 1)
    above = along - length * np.trunc(along / length)
    return np.where(along < 0, below, np.where(along > size - 1, above, along))


def _read_splines(x, matrix, mode, cval, order):
    try:
        from scipy import ndimage
    except ImportError:
        raise ImportError(
            f"An interpolation of order {order} requires SciPy.\nInstall it with `pip install scipy`, or use order 0 or 1."
        ) from None
    channels = [
        ndimage.affine_transform(x[..., channel], matrix[:2, :2], matrix[:2, 2], order=order, mode=mode, cval=cval)
        for channel in range(x.shape[2])
    ]
    return np.stack(channels, axis=-1)
