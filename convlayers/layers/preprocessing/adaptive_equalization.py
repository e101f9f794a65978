"""Contrast by neighbourhood."""

import numpy as np

from convlayers.autograd import differentiable
from convlayers.layers.preprocessing.image_layer import ImageLayer
from convlayers.layers.preprocessing.value_ranges import BYTES, to_range
from convlayers.ops.image.checks import channels_last

_LEVELS = 256


class ContrastLimitedAdaptiveHistogramEqualization(ImageLayer):
    """Spreads the values of each channel over the whole range, tile by tile (CLAHE), in training and outside of it.

    Each tile of the image has its own table of values, made so that all become equally frequent. A pixel is looked up in the
    tables of the four nearest tiles, so that no borders are seen.

    Args:
        value_range: the least and the largest value of a pixel.
        clip_limit: how many times as frequent as the mean a value counts at most, so that noise in even regions does not become
            contrast. 0 is for no limit.
        tile_grid_size: how many tiles there are, from top to bottom and from left to right.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input. Integers stay integers.

    Example:

    >>> layer = ContrastLimitedAdaptiveHistogramEqualization(clip_limit=0)
    >>> layer(np.random.uniform(100, 110, (1, 64, 64, 3))).max()
    255.0
    """

    def __init__(self, value_range=(0, 255), clip_limit=4.0, tile_grid_size=(8, 8), data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = value_range
        self.clip_limit = clip_limit
        self.tile_grid_size = tile_grid_size

    def transform_images(self, images, transformation=None, training=True):
        return _equalize_tiles(images, self.value_range, self.clip_limit, self.tile_grid_size, self.data_format)

    def get_config(self):
        return {
            **super().get_config(),
            "value_range": self.value_range,
            "clip_limit": self.clip_limit,
            "tile_grid_size": self.tile_grid_size,
        }


@differentiable(new_gradients=True)
def _equalize_tiles(images, value_range, clip_limit, grid, data_format):
    """Returns images whose values are looked up in tables of their tiles: the gradient is 0."""
    to_rows, from_rows = channels_last(images.ndim, data_format)
    levels = np.clip(to_range(to_rows(images), value_range, BYTES, "float32"), *BYTES).astype(np.intp)
    tile = [-(-size // count) for size, count in zip(levels.shape[1:3], grid, strict=True)]
    tables = _tables(levels, clip_limit, grid, tile)
    equalized = to_range(_look_up(tables, levels, tile), BYTES, value_range, "float32")
    return from_rows(equalized).astype(images.dtype, copy=False), np.zeros_like


def _tables(levels, clip_limit, grid, tile):
    """Returns what becomes of each value, for each tile and channel: array of shape (batch, rows, columns, channels, 256)."""
    missing = [count * length - size for size, count, length in zip(levels.shape[1:3], grid, tile, strict=True)]
    levels = np.pad(levels, [(0, 0), *((0, number) for number in missing), (0, 0)], mode="symmetric")
    batch, height, width, channels = levels.shape
    row, column = np.arange(height)[:, None, None] // tile[0], np.arange(width)[:, None] // tile[1]
    place = ((np.arange(batch)[:, None, None, None] * grid[0] + row) * grid[1] + column) * channels + np.arange(channels)
    shape = batch, *grid, channels, _LEVELS
    counts = np.bincount((place * _LEVELS + levels).ravel(), minlength=np.prod(shape)).reshape(shape).astype("float32")
    pixels = tile[0] * tile[1]
    if clip_limit > 0:
        clipped = np.minimum(counts, np.float32(clip_limit * pixels / _LEVELS))
        counts = clipped + (counts - clipped).sum(axis=-1, keepdims=True) / _LEVELS
    sums = counts.cumsum(axis=-1, dtype="float32")
    least = sums.min(axis=-1, keepdims=True)
    others = pixels - least
    return np.clip((sums - least) * 255 / np.where(others == 0, 1, others), *BYTES)


def _look_up(tables, levels, tile):
    """Returns what becomes of each pixel: a mean of what the tables of the nearest tiles say, weighted by their distances."""
    tables = np.pad(tables, [(0, 0), (1, 1), (1, 1), (0, 0), (0, 0)], mode="edge")
    (top, down), (left, along) = (
        np.divmod((np.arange(size, dtype="float32") - length / 2) / length + 1, 1)
        for size, length in zip(levels.shape[1:3], tile, strict=True)
    )
    rows, columns = top.astype(np.intp)[:, None, None], left.astype(np.intp)[:, None]
    down, along = down[:, None, None], along[:, None]
    batch, channels = np.arange(len(levels))[:, None, None, None], np.arange(levels.shape[-1])

    def between_columns(rows):
        before, behind = (tables[batch, rows, columns + step, channels, levels] for step in (0, 1))
        return before * (1 - along) + behind * along

    return between_columns(rows) * (1 - down) + between_columns(rows + 1) * down
