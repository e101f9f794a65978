"""`tf.image` and `tf.io`: images that are read, cut out, turned and coloured otherwise."""

import functools
import io
import math

import numpy as np

from convlayers import ops, random
from convlayers.autograd import Operand, value_of
from convlayers.models.tensorflow_ops import images as images_of_floats
from convlayers.models.tensorflow_ops import resizing
from convlayers.models.tensorflow_ops.images import flip_left_right, flip_up_down, resize_with_crop_or_pad
from convlayers.scripts.tensorflow.eager import as_eager
from convlayers.utils.bounding_boxes import compute_iou
from convlayers.validation import standardize_dtype


class ResizeMethod:
    """The values of the argument `method` of `resize`."""

    AREA = "area"
    BICUBIC = "bicubic"
    BILINEAR = "bilinear"
    LANCZOS3 = "lanczos3"
    LANCZOS5 = "lanczos5"
    NEAREST_NEIGHBOR = "nearest"


# Files ----------------------------------------------------------------------------------------------------------------


def read_file(filename, name=None):
    """Returns what is in a file, as bytes."""
    with open(str(filename), "rb") as file:
        return file.read()


def decode_image(contents, channels=None, dtype="uint8", name=None, expand_animations=True, **kwargs):
    """Returns the image in the bytes of a file, of shape (height, width, channels).

    Args:
        contents: bytes.
        channels: 1, 3 or 4; None or 0 for those that the file has.
        dtype: "uint8", or a number type of floats for values from 0 to 1.

    Raises:
        ImportError: if Pillow is not installed.
        ValueError: if it is no image.
    """
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise ImportError("Images are read by Pillow, which is not installed: `pip install pillow`.") from error
    try:
        image = Image.open(io.BytesIO(contents))
    except UnidentifiedImageError as error:
        raise ValueError("Unknown image file format. The bytes are of no image, or of one that Pillow can't read.") from error
    with image:
        modes = {1: "L", 3: "RGB", 4: "RGBA"}
        if channels:
            image = image.convert(modes[channels])
        elif image.mode not in modes.values():
            image = image.convert("RGB")
        array = np.asarray(image)
    return convert_image_dtype(as_eager(array.reshape(*array.shape[:2], -1)), dtype)


# Number types ---------------------------------------------------------------------------------------------------------


def convert_image_dtype(image, dtype, saturate=False, name=None):
    """Returns an image in another number type. Floats are from 0 to 1, integers from 0 to the largest that there is."""
    image, dtype = ops.convert_to_tensor(image), np.dtype(standardize_dtype(dtype))
    known = np.dtype(str(image.dtype))
    if known == dtype:
        return image
    if known.kind == "f":
        if dtype.kind == "f":
            return ops.cast(image, dtype.name)
        scaled = ops.multiply(image, np.iinfo(dtype).max + 0.5)
        return ops.saturate_cast(scaled, dtype.name) if saturate else ops.cast(scaled, dtype.name)
    if dtype.kind == "f":
        return ops.multiply(ops.cast(image, dtype.name), 1.0 / np.iinfo(known).max)
    here, there = np.iinfo(known).max + 1, np.iinfo(dtype).max + 1
    if here > there:
        return ops.cast(ops.floor_divide(image, here // there), dtype.name)
    return ops.multiply(ops.cast(image, dtype.name), there // here)


def _in_floats(image, change):
    """Returns what `change` makes of an image of floats, in the image's own number type."""
    image = ops.convert_to_tensor(image)
    dtype = np.dtype(str(image.dtype))
    if dtype.kind == "f":
        return change(image)
    return convert_image_dtype(change(convert_image_dtype(image, "float32")), dtype.name, saturate=True)


# Colours --------------------------------------------------------------------------------------------------------------


def _of_floats(change):
    """Returns a function of images of floats as one of images of any number type."""

    @functools.wraps(change)
    def changed(image, *args, name=None, **kwargs):
        return _in_floats(image, lambda x: change(x, *args, **kwargs))

    return changed


adjust_brightness = _of_floats(images_of_floats.adjust_brightness)
adjust_contrast = _of_floats(images_of_floats.adjust_contrast)
adjust_gamma = _of_floats(images_of_floats.adjust_gamma)
adjust_hue = _of_floats(images_of_floats.adjust_hue)
adjust_saturation = _of_floats(images_of_floats.adjust_saturation)


def per_image_standardization(image):
    """Returns each image with a mean of 0 and a variance of 1."""
    return images_of_floats.per_image_standardization(ops.cast(image, "float32"))


# What TensorFlow rounds its matrix for YUV to.
_RGB_TO_YUV = np.array(
    [[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512], [0.114, 0.43601035, -0.10001026]], "float32"
)
_YUV_TO_RGB = np.array([[1, 1, 1], [0, -0.394642334, 2.03206185], [1.13988303, -0.58062185, 0]], "float32")


def rgb_to_yuv(images):
    """Returns images of floats with brightness and two differences of colours as channels."""
    return ops.matmul(images, _RGB_TO_YUV)


def yuv_to_rgb(images):
    """Returns images of floats with red, green and blue, of those that `rgb_to_yuv` returned."""
    return ops.matmul(images, _YUV_TO_RGB)


def psnr(a, b, max_val, name=None):
    """Returns, for each pair of images, how far the second is from the first, in decibels."""
    return images_of_floats.psnr(ops.cast(a, "float32"), ops.cast(b, "float32"), max_val)


def image_gradients(image):
    """Returns how images change downwards, and to the right. The last row, and the last column, are zeros."""
    down, right = image[:, 1:] - image[:, :-1], image[:, :, 1:] - image[:, :, :-1]
    return ops.pad(down, [[0, 0], [0, 1], [0, 0], [0, 0]]), ops.pad(right, [[0, 0], [0, 0], [0, 1], [0, 0]])


def total_variation(images, name=None):
    """Returns, for each image, the sum of the differences of neighbouring pixels."""
    down = ops.subtract(images[..., 1:, :, :], images[..., :-1, :, :])
    right = ops.subtract(images[..., 1:, :], images[..., :-1, :])
    return ops.add(ops.sum(ops.abs(down), axis=(-3, -2, -1)), ops.sum(ops.abs(right), axis=(-3, -2, -1)))


# Places ---------------------------------------------------------------------------------------------------------------


def crop_and_resize(image, boxes, box_indices, crop_size, method="bilinear", extrapolation_value=0.0, name=None):
    """Returns parts of images, in one size.

    Args:
        image: array of shape (batch, height, width, channels).
        boxes: array of shape (boxes, 4) with y1, x1, y2, x2, from 0 at the first row or column to 1 at the last one.
        box_indices: for each box, the number of its image.
        crop_size: height and width of the results, whose corners are those of the boxes.
        method: "bilinear" or "nearest".
        extrapolation_value: number in places outside of the image.

    Returns:
        Array of shape (boxes, *crop_size, channels).
    """
    image = ops.cast(image, "float32")
    return resizing.crop_and_resize(image, boxes, box_indices, crop_size, method, extrapolation_value)


def resize(images, size, method="bilinear", preserve_aspect_ratio=False, antialias=False, name=None):
    """Returns images of another size, of floats unless `method` is "nearest"."""
    height, width = (int(n) for n in size)
    if preserve_aspect_ratio:
        scale = min(height / images.shape[-3], width / images.shape[-2])
        height, width = round(images.shape[-3] * scale), round(images.shape[-2] * scale)
    if method != "nearest":
        images = ops.cast(images, "float32")
    if method == "area":
        return _resize_by_area(images, height, width)
    return ops.image.resize(images, (height, width), interpolation=method, antialias=antialias)


def _resize_by_area(images, height, width):
    """Returns images in which each pixel is the mean of what it covers."""
    rows, columns = (
        resizing.area(old, np.arange(new) * (old / new), half_pixel_centers=False).astype("float32")
        for old, new in zip(images.shape[-3:-1], (height, width), strict=True)
    )
    batch = "n" * (len(images.shape) - 3)
    return ops.einsum(f"oh,pw,{batch}hwc->{batch}opc", rows, columns, images)


def resize_with_pad(image, target_height, target_width, method="bilinear", antialias=False):
    """Returns images of another size, their sides as before, in the middle of zeros."""
    scale = min(target_height / image.shape[-3], target_width / image.shape[-2])
    size = int(image.shape[-3] * scale), int(image.shape[-2] * scale)
    return resize_with_crop_or_pad(resize(image, size, method, antialias=antialias), target_height, target_width)


# At random ------------------------------------------------------------------------------------------------------------


def _between(low, high, seed):
    return float(random.uniform((), low, high, seed=seed))


def random_brightness(image, max_delta, seed=None):
    return adjust_brightness(image, _between(-max_delta, max_delta, seed))


def random_contrast(image, lower, upper, seed=None):
    return adjust_contrast(image, _between(lower, upper, seed))


def random_hue(image, max_delta, seed=None):
    return adjust_hue(image, _between(-max_delta, max_delta, seed))


def random_saturation(image, lower, upper, seed=None):
    return adjust_saturation(image, _between(lower, upper, seed))


def random_flip_left_right(image, seed=None):
    """Returns an image, flipped or not."""
    return flip_left_right(image) if _between(0.0, 1.0, seed) < 0.5 else image


def random_flip_up_down(image, seed=None):
    """Returns an image, flipped or not."""
    return flip_up_down(image) if _between(0.0, 1.0, seed) < 0.5 else image


def random_crop(value, size, seed=None, name=None):
    """Returns a part of an array, of a given shape."""
    places = random.uniform((len(size),), seed=seed)
    starts = [int(place * (n - wanted + 1)) for place, n, wanted in zip(places, value.shape, size, strict=True)]
    return value[tuple(slice(start, start + int(wanted)) for start, wanted in zip(starts, size, strict=True))]


def _with_pair_as_seed(function):
    """Returns a function whose seed is a pair of integers: the same result for the same pair."""

    def stateless(*args, seed, **kwargs):
        pair = np.asarray(seed.value if isinstance(seed, Operand) else seed)
        return function(*args, seed=int(np.random.SeedSequence([int(n) % 2**32 for n in pair]).generate_state(1)[0]), **kwargs)

    stateless.__name__ = f"stateless_{function.__name__}"
    return stateless


stateless_random_brightness = _with_pair_as_seed(random_brightness)
stateless_random_contrast = _with_pair_as_seed(random_contrast)
stateless_random_crop = _with_pair_as_seed(random_crop)
stateless_random_flip_left_right = _with_pair_as_seed(random_flip_left_right)
stateless_random_flip_up_down = _with_pair_as_seed(random_flip_up_down)
stateless_random_hue = _with_pair_as_seed(random_hue)
stateless_random_saturation = _with_pair_as_seed(random_saturation)


# Boxes ----------------------------------------------------------------------------------------------------------------


def non_max_suppression(boxes, scores, max_output_size, iou_threshold=0.5, score_threshold=-math.inf, name=None):
    """Returns the numbers of the boxes to keep, the best first: none overlaps a better one by more than a threshold."""
    boxes, scores = np.asarray(value_of(boxes)), np.asarray(value_of(scores))
    corners = np.sort(boxes.reshape(-1, 2, 2), axis=1).reshape(-1, 4)
    kept = []
    for number in np.argsort(-scores, kind="stable"):
        if len(kept) == value_of(max_output_size) or not scores[number] > score_threshold:
            break
        if not kept or (compute_iou(corners[[number]], corners[kept], "yxyx") <= iou_threshold).all():
            kept.append(number)
    return np.array(kept, "int32")
