"""Images cut into patches."""

import itertools

import numpy as np

from convlayers import shapes
from convlayers.autograd import differentiable
from convlayers.config import standardize_data_format
from convlayers.ops.dtypes import as_array


def extract_patches(images, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """Cuts images into patches.

    Args:
        images: an image, or a batch of images; with a `size` of three ints, volumes.
        size: the size of a patch: an int, or a tuple of two or three ints.
        strides: how far one patch lies from the next, int or tuple; by default `size`, so that they do not overlap.
        dilation_rate: how far neighbours in a patch lie from one another in the image, int or tuple.
        padding: "valid" takes only patches that lie inside; "same" adds zeros.
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.

    Returns:
        Array with a pixel for each patch. Its channels are the numbers of the patch, in the order (rows, columns, channels).

    Raises:
        TypeError: if the size is no int or tuple.
        ValueError: if an argument is none of these.

    Example:

    >>> extract_patches(np.zeros((2, 20, 20, 3)), (5, 5)).shape
    (2, 4, 4, 75)
    """
    if not isinstance(size, int):
        if not isinstance(size, (tuple, list)):
            raise TypeError(
                f"Invalid `size` argument. Expected an int or a tuple. Received: size={size} of type {type(size).__name__}"
            )
        if len(size) not in (2, 3):
            raise ValueError(
                f"Invalid `size` argument. Expected a tuple of length 2 or 3. Received: size={size} with length {len(size)}"
            )
    rank = 2 if isinstance(size, int) else len(size)
    return _patches(images, rank, size, strides or size, dilation_rate, padding, data_format)


def extract_patches_3d(volumes, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """Cuts volumes into patches. Arguments as for `extract_patches`, with three axes."""
    if not isinstance(size, int) and len(size) != 3:
        raise TypeError(f"Invalid `size` argument. Expected an int or a tuple of length 3. Received: size={size}")
    return _patches(volumes, 3, size, size if strides is None else strides, dilation_rate, padding, data_format)


@differentiable(new_gradients=True)
def _patches(images, rank, size, strides, dilation_rate, padding, data_format):
    images = as_array(images)
    first = standardize_data_format(data_format) == "channels_first"
    size = shapes.standardize_tuple(size, rank, "size")
    strides = shapes.standardize_tuple(strides, rank, "strides")
    dilation = shapes.standardize_tuple(dilation_rate, rank, "dilation_rate")
    if images.ndim not in (rank + 1, rank + 2):
        raise ValueError(
            f"Invalid images rank: expected rank {rank + 1} (single image) or rank {rank + 2} (batch of images). "
            f"Received input with shape: images.shape={images.shape}"
        )
    channels = -rank - 1 if first else -1
    x = np.moveaxis(images, channels, -1)
    outer, spatial = x.shape[: -rank - 1], x.shape[-rank - 1 : -1]
    along = list(zip(spatial, size, strides, dilation, strict=True))
    outputs = [shapes.conv_output_length(n, k, step, padding, gap) for n, k, step, gap in along]
    pads = [shapes.conv_pads(n, k, step, padding, gap) for n, k, step, gap in along]
    inside = tuple(slice(before, before + n) for (before, _), n in zip(pads, spatial, strict=True))
    padded_shape = (*outer, *(n + sum(pair) for n, pair in zip(spatial, pads, strict=True)), x.shape[-1])

    def taps(padded, patches):
        """The pixels of all patches at one place in them, in the image and in the patches."""
        for place in itertools.product(*map(range, size)):
            part = tuple(
                slice(i * gap, i * gap + (n - 1) * step + 1, step)
                for i, gap, n, step in zip(place, dilation, outputs, strides, strict=True)
            )
            yield padded[(..., *part, slice(None))], patches[(..., *place, slice(None))]

    if any(map(sum, pads)):
        padded = np.zeros(padded_shape, x.dtype)
        padded[(..., *inside, slice(None))] = x
    else:
        padded = x
    patches = np.empty((*outer, *outputs, *size, x.shape[-1]), x.dtype)
    for source, target in taps(padded, patches):
        target[...] = source
    split_shape = patches.shape

    def backward(d_y):
        d_padded = np.zeros(padded_shape, d_y.dtype)
        for target, source in taps(d_padded, np.moveaxis(d_y, channels, -1).reshape(split_shape)):
            target += source
        return np.moveaxis(d_padded[(..., *inside, slice(None))], -1, channels)

    return np.moveaxis(patches.reshape(*outer, *outputs, -1), -1, channels), backward
