"""Blocks of pixels: cut out, put together, exchanged for channels."""

import math

import numpy as np

from convlayers import shapes
from convlayers.autograd import differentiable
from convlayers.config import standardize_data_format
from convlayers.ops.dtypes import as_array
from convlayers.ops.indexing import get_item
from convlayers.ops.scatter import scatter
from convlayers.ops.shaping import pad, reshape, transpose


@differentiable
def depth_to_space(x, block_size, data_format="channels_last"):
    """Exchanges channels for pixels: those of a pixel become a block of pixels.

    Args:
        x: array of shape (batch, height, width, channels), or (batch, channels, height, width) for "channels_first".
        block_size: int, the height and width of a block. Its square divides the number of channels.

    Returns:
        Array of shape (batch, height * block_size, width * block_size, channels / block_size**2), or with these first.

    Raises:
        ValueError: if the number of channels is no multiple.
    """
    x = as_array(x)
    channels, _ = _check_block(x, data_format, block_size)
    if channels % block_size**2:
        raise ValueError(
            f"The number of channels must be divisible by block_size**2. Received: channels={channels}, block_size={block_size}"
        )
    return _to_space(x, block_size, data_format), lambda d_y: _to_depth(d_y, block_size, data_format)


@differentiable
def space_to_depth(x, block_size, data_format="channels_last"):
    """Exchanges pixels for channels: those of a block become one pixel. The opposite of `depth_to_space`.

    Raises:
        ValueError: if the height or the width is no multiple of `block_size`.
    """
    x = as_array(x)
    _, (height, width) = _check_block(x, data_format, block_size)
    if height % block_size or width % block_size:
        raise ValueError(
            "The height and width must be divisible by block_size. "
            f"Received: height={height}, width={width}, block_size={block_size}"
        )
    return _to_depth(x, block_size, data_format), lambda d_y: _to_space(d_y, block_size, data_format)


def _check_block(x, data_format, block_size):
    """Returns the number of channels, and the height and width."""
    standardize_data_format(data_format)
    if not isinstance(block_size, int) or block_size < 2:
        raise ValueError(f"`block_size` must be at least 2. Received: block_size={block_size}")
    _, spatial, channels = shapes.split_shape(x.shape, data_format)
    return channels, spatial


def _to_space(x, n, data_format):
    batch, (height, width), channels = shapes.split_shape(x.shape, data_format)
    kept = channels // n**2
    if data_format == "channels_first":
        blocks = x.reshape(batch, kept, n, n, height, width)
        return blocks.transpose(0, 1, 4, 2, 5, 3).reshape(batch, kept, height * n, width * n)
    blocks = x.reshape(batch, height, width, n, n, kept)
    return blocks.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height * n, width * n, kept)


def _to_depth(x, n, data_format):
    batch, (height, width), channels = shapes.split_shape(x.shape, data_format)
    height, width, more = height // n, width // n, channels * n**2
    if data_format == "channels_first":
        blocks = x.reshape(batch, channels, height, n, width, n)
        return blocks.transpose(0, 1, 3, 5, 2, 4).reshape(batch, more, height, width)
    blocks = x.reshape(batch, height, n, width, n, channels)
    return blocks.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height, width, more)


def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """Returns the windows of images as columns.

    Args:
        x: array of shape (batch, channels, height, width).
        kernel_size, dilation, padding, stride: ints, or pairs of ints for height and width.

    Returns:
        Array of shape (batch, channels * pixels of a window, windows).
    """
    batch, channels, *sizes = x.shape
    places, padded_sizes = _windows(sizes, kernel_size, dilation, padding, stride)
    pads = [((n - size) // 2,) * 2 for n, size in zip(padded_sizes, sizes, strict=True)]
    columns = get_item(reshape(pad(x, ((0, 0), (0, 0), *pads)), (batch, channels, -1)), (..., places))
    return reshape(columns, (batch, channels * len(places), -1))


def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Returns images made of windows that `unfold` cut out: where windows overlap, their sum.

    Args:
        x: array of shape (batch, channels * pixels of a window, windows).
        output_size: the height and width of the images.
        kernel_size, dilation, padding, stride: as for `unfold`.

    Returns:
        Array of shape (batch, channels, height, width).
    """
    height, width = sizes = shapes.standardize_tuple(output_size, 2, "output_size")
    places, padded_sizes = _windows(sizes, kernel_size, dilation, padding, stride)
    if len(x.shape) != 3:
        raise ValueError(f"Input must be a 3D tensor. Received: input.shape={tuple(x.shape)}")
    batch, rows, windows = x.shape
    channels = rows // len(places)
    columns = reshape(transpose(reshape(x, (batch * channels, len(places) * windows)), (1, 0)), (-1, batch * channels))
    flat = scatter(places.reshape(-1, 1), columns, (math.prod(padded_sizes), batch * channels))
    images = reshape(transpose(flat, (1, 0)), (batch, channels, *padded_sizes))
    top, left = ((n - size) // 2 for n, size in zip(padded_sizes, sizes, strict=True))
    return images[:, :, top : top + height, left : left + width]


def _windows(sizes, kernel_size, dilation, padding, stride):
    """Returns where the pixels of all windows are in the flattened padded image, and the size of that."""
    kernel_size, dilation, stride = (
        shapes.standardize_tuple(value, 2, name)
        for value, name in ((kernel_size, "kernel_size"), (dilation, "dilation"), (stride, "stride"))
    )
    pads = shapes.standardize_tuple(padding, 2, "padding", allow_zero=True)
    padded = [size + 2 * before for size, before in zip(sizes, pads, strict=True)]
    lines = []
    for size, taps, step, distance in zip(padded, kernel_size, stride, dilation, strict=True):
        starts = np.arange(0, size - (taps - 1) * distance, step)
        lines.append(np.arange(taps)[:, np.newaxis] * distance + starts)
    rows, columns = lines
    places = rows[:, np.newaxis, :, np.newaxis] * padded[1] + columns[np.newaxis, :, np.newaxis, :]
    return places.reshape(math.prod(kernel_size), -1), padded
