"""Functions of TensorFlow's `tf.image`, with its arguments."""

import math

import numpy as np

from convlayers import ops
from convlayers.layers.reshaping.up_sampling import UpSampling2D
from convlayers.models.tensorflow_ops import resizing
from convlayers.models.tensorflow_ops.arguments import as_ints, check_unused
from convlayers.models.tensorflow_ops.sizes import call, multiples_of, takes_sizes

# By the names that TensorFlow has for them, and the numbers that it had.
_METHODS = ("bilinear", "nearest", "bicubic", "area")


@takes_sizes
def resize(images, size, method="bilinear", preserve_aspect_ratio=False, antialias=False):
    factors = multiples_of(images, size, (1, 2)) if len(images.shape) == 4 and not antialias else None
    if factors and method in ("bilinear", "nearest"):
        # A layer that files have, for images of any size.
        return UpSampling2D(factors, interpolation=method, data_format="channels_last")(images)
    return call(_resize, (images, size, method, preserve_aspect_ratio, antialias), {})


def _resize(images, size, method, preserve_aspect_ratio, antialias):
    size = as_ints(size)
    if preserve_aspect_ratio:
        size = _in_proportion(images, size, round)
    if method in ("area", "bicubic") and not antialias and len(images.shape) == 4:
        return Resize(method)(images, size, half_pixel_centers=method != "area")
    return ops.image.resize(images, size, method, antialias=antialias, data_format="channels_last")


def _in_proportion(images, size, as_whole):
    given = images.shape[-3:-1]
    scale = min(wanted / now for wanted, now in zip(size, given, strict=True))
    return [as_whole(now * scale) for now in given]


class Resize:
    """A function of TensorFlow 1. Its pixels may have no extent, and its corners may stay where they are.

    Args:
        method: an argument of `tf.image.resize`.
    """

    def __init__(self, method):
        self.method = method
        self.__name__ = f"resize_{method}"

    takes_sizes = True

    def __call__(self, images, size, align_corners=False, half_pixel_centers=False):
        is_keras = (self.method == "bilinear" and half_pixel_centers) or self.method == "nearest"
        if is_keras and not align_corners and multiples_of(images, size, (1, 2)):
            return resize(images, size, self.method)
        return call(self._resize, (images, size, align_corners, half_pixel_centers), {})

    def _resize(self, images, size, align_corners, half_pixel_centers):
        size = as_ints(size)
        if list(images.shape[1:3]) == size:
            return ops.cast(images, "float32")
        if self._is_keras(images, size, align_corners, half_pixel_centers):
            return ops.image.resize(images, size, self.method, data_format="channels_last")
        weigh = getattr(resizing, "nearest_corners" if align_corners and self.method == "nearest" else self.method)
        y = resizing.resize_by_matrices(images, size, weigh, align_corners, half_pixel_centers)
        return ops.cast(y, images.dtype) if self.method == "nearest" else y

    def _is_keras(self, images, size, align_corners, half_pixel_centers):
        if self.method == "nearest" and not align_corners:
            return half_pixel_centers or not any(wanted % given for wanted, given in zip(size, images.shape[1:3], strict=True))
        return self.method == "bilinear" and half_pixel_centers and not align_corners


def resize_images(images, size, method=0, align_corners=False, preserve_aspect_ratio=False):
    size = as_ints(size)
    if preserve_aspect_ratio:
        size = _in_proportion(images, size, round)
    return Resize(_METHODS[method] if isinstance(method, int) else method)(images, size, align_corners)


def resize_with_pad(image, target_height, target_width, method="bilinear", antialias=False):
    target = (target_height, target_width)
    exact = _in_proportion(image, target, float)
    y = resize(image, [math.floor(size) for size in exact], method, antialias=antialias)
    tops = [max(0, math.floor((wanted - size) / 2)) for wanted, size in zip(target, exact, strict=True)]
    return pad_to_bounding_box(y, *tops, *target)


def scale_and_translate(images, size, scale, translation, kernel_type="lanczos3", antialias=True):
    """What `tf.image.resize` is made of: then it scales as the sizes say, and moves nothing."""
    scales = [wanted / given for wanted, given in zip(as_ints(size), images.shape[1:3], strict=True)]
    check_unused("raw_ops.ScaleAndTranslate", translation=any(translation), scale=not np.allclose(scale, scales))
    method = {"triangle": "bilinear", "keyscubic": "bicubic"}.get(kernel_type, kernel_type)
    return resize(images, size, method, antialias=antialias)


def rgb_to_grayscale(images):
    gray = ops.image.rgb_to_grayscale(convert_image_dtype(images, "float32"), data_format="channels_last")
    return convert_image_dtype(gray, images.dtype)


def grayscale_to_rgb(images):
    return ops.concatenate([images] * 3, -1)


def rgb_to_hsv(images):
    return ops.image.rgb_to_hsv(images, data_format="channels_last")


def hsv_to_rgb(images):
    return ops.image.hsv_to_rgb(images, data_format="channels_last")


def flip_left_right(image):
    return ops.flip(image, -2)


def flip_up_down(image):
    return ops.flip(image, -3)


def rot90(image, k=1):
    return ops.rot90(image, k, (-3, -2))


def transpose(image):
    return ops.swapaxes(image, -3, -2)


def central_crop(image, central_fraction):
    rows, columns = ((size - int((size - size * central_fraction) / 2) * 2) for size in image.shape[-3:-1])
    tops = [(size - kept) // 2 for size, kept in zip(image.shape[-3:-1], (rows, columns), strict=True)]
    return crop_to_bounding_box(image, *tops, rows, columns)


def crop_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    rows = slice(offset_height, offset_height + target_height)
    columns = slice(offset_width, offset_width + target_width)
    return ops.get_item(image, (..., rows, columns, slice(None)))


def pad_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    height, width = image.shape[-3:-1]
    rows = (offset_height, target_height - offset_height - height)
    columns = (offset_width, target_width - offset_width - width)
    return ops.pad(image, [*[(0, 0)] * (len(image.shape) - 3), rows, columns, (0, 0)])


def resize_with_crop_or_pad(image, target_height, target_width):
    for axis, wanted in ((-3, target_height), (-2, target_width)):
        given = image.shape[axis]
        if wanted < given:
            start = (given - wanted) // 2
            image = ops.get_item(image, (..., slice(start, start + wanted), *[slice(None)] * (-axis - 1)))
        else:
            sides = [(0, 0)] * len(image.shape)
            sides[axis] = ((wanted - given) // 2, (wanted - given + 1) // 2)
            image = ops.pad(image, sides)
    return image


def adjust_brightness(image, delta):
    return ops.add(image, delta)


def adjust_contrast(images, contrast_factor):
    mean = ops.mean(images, axis=(-3, -2), keepdims=True)
    return ops.add(ops.multiply(ops.subtract(images, mean), contrast_factor), mean)


def per_image_standardization(image):
    axes = (-3, -2, -1)
    count = image.shape[-3] * image.shape[-2] * image.shape[-1]
    deviation = ops.maximum(ops.std(image, axis=axes, keepdims=True), count**-0.5)
    return ops.divide(ops.subtract(image, ops.mean(image, axis=axes, keepdims=True)), deviation)


def convert_image_dtype(image, dtype, saturate=False):
    """Whole numbers up to the largest stand for 0 to 1."""
    (is_float, largest), (to_float, most) = (_kind(str(kind)) for kind in (image.dtype, dtype))
    if is_float == to_float:
        check_unused("image.convert_image_dtype", dtype=largest != most)
        return ops.cast(image, dtype)
    if to_float:
        return ops.multiply(ops.cast(image, dtype), 1 / largest)
    y = ops.multiply(image, most + 0.5)
    return ops.saturate_cast(y, dtype) if saturate else ops.cast(y, dtype)


def _kind(dtype):
    return ("float" in dtype, None if "float" in dtype else int(np.iinfo(dtype).max))


def extract_patches(images, sizes, strides, rates, padding):
    return ops.image.extract_patches(
        images, tuple(sizes[1:3]), tuple(strides[1:3]), rates[1], padding.lower(), data_format="channels_last"
    )


def adjust_gamma(image, gamma=1, gain=1):
    return ops.multiply(ops.power(image, gamma), gain)


def adjust_hue(image, delta):
    hue, rest = ops.split(rgb_to_hsv(image), [1], -1)
    return hsv_to_rgb(ops.concatenate([ops.mod(ops.add(hue, delta), 1.0), rest], -1))


def adjust_saturation(image, saturation_factor):
    hue, saturation, value = ops.split(rgb_to_hsv(image), 3, -1)
    return hsv_to_rgb(ops.concatenate([hue, ops.clip(ops.multiply(saturation, saturation_factor), 0, 1), value], -1))


class Colors:
    """Other colors, each a sum of the three that there are.

    Args:
        matrix: the shares of the old colors, in columns.
    """

    def __init__(self, matrix):
        self.matrix = np.array(matrix, "float32")
        self.__name__ = "colors"

    def __call__(self, images):
        return ops.matmul(images, self.matrix)


def psnr(a, b, max_val):
    error = ops.mean(ops.square(ops.subtract(a, b)), axis=(-3, -2, -1))
    return ops.multiply(ops.log10(ops.divide(max_val**2, error)), 10.0)


def ssim(img1, img2, max_val, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03, return_index_map=False):
    check_unused("image.ssim", return_index_map=return_index_map)
    return ops.image.ssim(img1, img2, max_val, filter_size, filter_sigma, k1, k2, data_format="channels_last")
