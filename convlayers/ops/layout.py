"""Between the layouts that users choose and the one that kernels read: five axes, (batch, depth, height, width, channels)."""

import numpy as np


def to_channels_last_5d(x, data_format):
    """Returns `x` as kernels read it: contiguous, channels last, unit axes in front of the spatial axes that it lacks.

    Args:
        x: array of rank 3, 4 or 5, with the batch first.
        data_format: "channels_last" or "channels_first".

    Returns:
        An array of shape (n, d, h, w, c). For contiguous channels-last arrays it is a view.
    """
    if data_format == "channels_first":
        x = np.moveaxis(x, 1, -1)
    n, *spatial, c = x.shape
    return np.ascontiguousarray(x).reshape(n, *_unit_axes(len(spatial)), *spatial, c)


def from_channels_last_5d(y5, data_format, rank):
    """Returns a kernel's result in the user's layout: the inverse of `to_channels_last_5d`.

    Args:
        y5: contiguous array of shape (n, d, h, w, c), with unit axes in front of the last `rank` spatial axes.
        data_format: "channels_last" or "channels_first".
        rank: number of spatial axes, 1 to 3.

    Returns:
        A contiguous array of rank `rank + 2`. For channels last it is a view.
    """
    n, *spatial, c = y5.shape
    y = y5.reshape(n, *spatial[3 - rank :], c)
    if data_format == "channels_first":
        y = np.ascontiguousarray(np.moveaxis(y, -1, 1))
    return y


def to_3d(sizes, filler=1):
    """Returns one number for each of the three spatial axes that kernels have: 2-D `(h, w)` is `(filler, h, w)`."""
    return (*(filler for _ in range(3 - len(sizes))), *sizes)


def _unit_axes(rank):
    return (1,) * (3 - rank)
