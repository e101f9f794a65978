"""Images and arrays from files, in the shape that a model takes."""

import os

import numpy as np

from convlayers.commands.file_checks import check_is_there

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def read_images(path, shape, scale=1.0):
    """Returns a batch of what a file holds: one image, or all that are in an array.

    Args:
        path: of an image that Pillow reads, which is resized, or of a `.npy` array, which has to fit.
        shape: of one input of the model, without the batch; None stands for any size.
        scale: what pixels are multiplied by. Arrays stay as they are.

    Returns:
        Array of shape `(batch, *shape)`.

    Raises:
        OSError: if there is no such file, or it may not be read.
        ValueError: if the file is damaged, or does not fit.
    """
    check_is_there(path)
    if os.path.isdir(path):
        raise ValueError(f"{path} is a folder. Expected: files, such as {os.path.join(path, '*.jpg')}")
    return _read_array(path, shape) if path.endswith(".npy") else _read_image(path, shape)[None] * np.float32(scale)


def _read_array(path, shape):
    try:
        array = np.load(path, allow_pickle=False)
    except (EOFError, MemoryError, SyntaxError) as error:
        raise ValueError(f"The array in {path} is damaged: {error}") from error
    for batch in (array, array[None]):
        if batch.ndim == len(shape) + 1 and all(n in (None, size) for n, size in zip(shape, batch.shape[1:], strict=True)):
            return batch
    raise ValueError(f"Expected an array of shape {shape}, or a batch of such, in {path}. Received: shape={array.shape}")


def _read_image(path, shape):
    try:
        from PIL import Image
    except ImportError as error:
        raise ValueError("Images are read by Pillow, which is not installed: `pip install pillow`.") from error
    height, width, channels, first = _sizes(shape, path)
    try:
        with Image.open(path) as image:
            if image.mode.startswith("I;16"):  # which Pillow would cut off at 255
                image = image.point(lambda value: value / 257)
            image = image.convert(_MODES[channels])
            image = image.resize((width or image.width, height or image.height), Image.Resampling.BILINEAR)
    except OSError as error:
        if error.errno:  # It is the disk, and not the image.
            raise
        raise ValueError(
            f"{path} is no image: {error}. Expected: one that Pillow reads, or an array in a file *.npy"
        ) from error
    except (Image.DecompressionBombError, SyntaxError, MemoryError) as error:
        raise ValueError(f"The image {path} is damaged, or too large: {error}") from error
    array = np.asarray(image, "float32").reshape(image.height, image.width, channels)
    return array.transpose(2, 0, 1) if first else array.reshape(*array.shape[: len(shape)])


def _sizes(shape, path):
    """Returns height, width and channels of a model's input, and whether the channels come first."""
    if len(shape) == 2:
        return *shape, 1, False
    if len(shape) == 3:
        if shape[2] in _MODES:
            return *shape, False
        if shape[0] in _MODES:
            return shape[1], shape[2], shape[0], True
    raise ValueError(f"The model takes no image, but arrays of shape {shape}: {path} cannot be one. Expected: a .npy file")
