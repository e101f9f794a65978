"""Images in files, as objects of Pillow, and as arrays."""

import io
import os
import pathlib
import warnings

import numpy as np

from convlayers import config


def array_to_img(x, data_format=None, scale=True, dtype=None):
    """Returns an array as an image of Pillow.

    Args:
        x: array of shape (height, width, channels) with 1, 3 or 4 channels.
        data_format: "channels_last" or "channels_first", by default that of `image_data_format()`.
        scale: whether its values are scaled to the range from 0 to 255.
        dtype: what the values are computed in, by default `floatx()`.

    Raises:
        ImportError: without Pillow.
        ValueError: if the array is no image.
    """
    data_format = config.standardize_data_format(data_format)
    image_module = _import_pillow("array_to_img")
    x = np.asarray(x, dtype=dtype or config.floatx())
    if x.ndim != 3:
        raise ValueError(f"Expected image array to have rank 3 (single image). Got array with shape: {x.shape}")
    if data_format == "channels_first":
        x = x.transpose(1, 2, 0)
    if scale:
        x = x - x.min()
        x = x / (x.max() or 1) * 255
    if x.shape[2] in (3, 4):
        return image_module.fromarray(x.astype("uint8"))
    if x.shape[2] == 1:
        return image_module.fromarray(x[:, :, 0].astype("int32" if x.max() > 255 else "uint8"))
    raise ValueError(f"Unsupported channel number: {x.shape[2]}")


def img_to_array(img, data_format=None, dtype=None):
    """Returns an image as an array with an axis for the channels.

    Args:
        img: image of Pillow, or an array.
        data_format: "channels_last" or "channels_first", by default that of `image_data_format()`.
        dtype: by default `floatx()`.

    Raises:
        ValueError: if it is no image.
    """
    data_format = config.standardize_data_format(data_format)
    x = np.asarray(img, dtype=dtype or config.floatx())
    if x.ndim == 2:
        x = x[:, :, None]
    elif x.ndim != 3:
        raise ValueError(f"Unsupported image shape: {x.shape}")
    return x.transpose(2, 0, 1) if data_format == "channels_first" else x


def save_img(path, x, data_format=None, file_format=None, scale=True, **kwargs):
    """Writes an array to a file as an image.

    Args:
        path: path or file object.
        x, data_format, scale: as in `array_to_img`.
        file_format: as "png"; by default what the name of the file ends in.
        kwargs: arguments of Pillow's `Image.save`.

    Raises:
        ImportError: without Pillow.
        ValueError: if the array is no image.
    """
    if file_format is None and isinstance(path, (str, pathlib.Path)):
        file_format = pathlib.Path(path).suffix[1:].lower()
    if file_format and file_format.lower() == "jpg":
        file_format = "jpeg"
    img = array_to_img(x, data_format=data_format, scale=scale)
    if img.mode == "RGBA" and file_format == "jpeg":
        warnings.warn("The JPEG format does not support RGBA images, converting to RGB.", stacklevel=2)
        img = img.convert("RGB")
    img.save(path, format=file_format, **kwargs)


def load_img(path, color_mode="rgb", target_size=None, interpolation="nearest", keep_aspect_ratio=False):
    """Reads an image from a file.

    Args:
        path: path, or `io.BytesIO` with what is in the file.
        color_mode: "grayscale", "rgb" or "rgba".
        target_size: tuple (height, width) to resize it to; None for the size that it has.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos", "box" or "hamming".
        keep_aspect_ratio: whether the largest part in the middle that has the shape of `target_size` is taken, so that
            nothing is distorted.

    Returns:
        An image of Pillow. `img_to_array` makes an array of it.

    Raises:
        ImportError: without Pillow.
        TypeError: if `path` is no path.
        ValueError: if another argument is none of these.
    """
    image_module = _import_pillow("load_img")
    img = to_color_mode(_open(image_module, path), color_mode)
    if target_size is None or img.size == (target_size[1], target_size[0]):
        return img
    methods = {name: getattr(image_module.Resampling, name.upper()) for name in _INTERPOLATIONS}
    if interpolation not in methods:
        raise ValueError(f"Invalid interpolation method {interpolation} specified. Supported methods are {', '.join(methods)}")
    box = _largest_part(img.size, target_size) if keep_aspect_ratio else None
    return img.resize((target_size[1], target_size[0]), methods[interpolation], box=box)


def smart_resize(x, size, interpolation="bilinear", data_format="channels_last"):
    """Returns an image or a batch of images in another size, without distortion: the largest part in the middle of its shape.

    Args:
        x: array of shape (height, width, channels) or (batch, height, width, channels).
        size: tuple (height, width).
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        data_format: "channels_last" or "channels_first".

    Raises:
        ValueError: if it is no image, or an argument is none of these.
    """
    from convlayers import ops

    if len(size) != 2:
        raise ValueError(f"Expected `size` to be a tuple of 2 integers, but got: {size}.")
    if np.ndim(x) not in (3, 4):
        raise ValueError(
            "Expected an image array with shape `(height, width, channels)`, or `(batch_size, height, width, channels)`, but "
            f"got input with incorrect rank, of shape {np.shape(x)}."
        )
    return ops.image.resize(x, size, interpolation=interpolation, crop_to_aspect_ratio=True, data_format=data_format)


_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
# The modes of Pillow that count as each color mode.
_MODES = {"grayscale": ("L", "I;16", "I"), "rgba": ("RGBA",), "rgb": ("RGB",)}


def to_color_mode(img, color_mode):
    """Returns an image of Pillow in another color mode."""
    if color_mode not in _MODES:
        raise ValueError('color_mode must be "grayscale", "rgb", or "rgba"')
    modes = _MODES[color_mode]
    return img if img.mode in modes else img.convert(modes[0])


def _open(image_module, path):
    if isinstance(path, io.BytesIO):
        return image_module.open(path)
    if not isinstance(path, (os.PathLike, str, bytes)):
        raise TypeError(f"path should be path-like or io.BytesIO, not {type(path)}")
    with open(path, "rb") as file:
        return image_module.open(io.BytesIO(file.read()))


def _largest_part(size, target_size):
    width, height = size
    target_height, target_width = target_size
    part_height = min(height, (width * target_height) // target_width)
    part_width = min(width, (height * target_width) // target_height)
    left, top = (width - part_width) // 2, (height - part_height) // 2
    return left, top, left + part_width, top + part_height


def _import_pillow(caller):
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(
            f"Could not import PIL.Image. The use of `{caller}` requires PIL.\nInstall it with `pip install pillow`."
        ) from None
    return Image
