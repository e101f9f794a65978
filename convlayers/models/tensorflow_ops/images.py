"""Functions of TensorFlow's `tf.image`, with its arguments."""

import numpy as np

from convlayers import ops
from convlayers.models.tensorflow_ops.arguments import as_ints, check_unused


def resize(images, size, method="bilinear", preserve_aspect_ratio=False, antialias=False):
    size = as_ints(size)
    if preserve_aspect_ratio:
        scale = min(wanted / given for wanted, given in zip(size, images.shape[-3:-1], strict=True))
        size = [round(given * scale) for given in images.shape[-3:-1]]
    return ops.image.resize(images, size, method, antialias=antialias, data_format="channels_last")


def resize_nearest_neighbor(images, size, align_corners=False, half_pixel_centers=False):
    """The function of TensorFlow 1, where pixels have no extent: both agree if sizes are multiplied by whole numbers."""
    size = as_ints(size)
    are_multiples = not any(wanted % given for wanted, given in zip(size, images.shape[1:3], strict=True))
    check_unused("compat.v1.image.resize_nearest_neighbor", align_corners=align_corners)
    if not are_multiples and not half_pixel_centers:
        raise TypeError(
            "There is no translation of `tf.compat.v1.image.resize_nearest_neighbor` to sizes that are no multiples. Received: "
            f"images.shape={images.shape}, size={size}"
        )
    return ops.image.resize(images, size, "nearest", data_format="channels_last")


class PixelsWithExtent:
    """A function of TensorFlow 1, in the one of its ways that agrees with `tf.image.resize`.

    Args:
        interpolation: an argument of `ops.image.resize`.
    """

    def __init__(self, interpolation):
        self.interpolation = interpolation
        self.__name__ = f"resize_{interpolation}"

    def __call__(self, images, size, align_corners=False, half_pixel_centers=False):
        if align_corners or not half_pixel_centers:
            raise TypeError(
                f"There is no translation of `tf.compat.v1.image.{self.__name__}`, which takes pixels for points. Received: "
                f"align_corners={align_corners}, half_pixel_centers={half_pixel_centers}"
            )
        return ops.image.resize(images, as_ints(size), self.interpolation, data_format="channels_last")


def scale_and_translate(images, size, scale, translation, kernel_type="lanczos3", antialias=True):
    """What `tf.image.resize` is made of: then it scales as the sizes say, and moves nothing."""
    scales = [wanted / given for wanted, given in zip(as_ints(size), images.shape[1:3], strict=True)]
    check_unused("raw_ops.ScaleAndTranslate", translation=any(translation), scale=not np.allclose(scale, scales))
    method = {"triangle": "bilinear", "keyscubic": "bicubic"}.get(kernel_type, kernel_type)
    return resize(images, size, method, antialias=antialias)


def rgb_to_grayscale(images):
    return ops.image.rgb_to_grayscale(images, data_format="channels_last")


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
    check_unused("image.convert_image_dtype", image=image.dtype[:3] != "flo", dtype=str(dtype)[:3] != "flo")
    return ops.cast(image, dtype)


def extract_patches(images, sizes, strides, rates, padding):
    return ops.image.extract_patches(
        images, tuple(sizes[1:3]), tuple(strides[1:3]), rates[1], padding.lower(), data_format="channels_last"
    )
