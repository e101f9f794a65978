"""The colours of an image, changed as `ImageDataGenerator` does it."""

import numpy as np

from convlayers.utils.images import array_to_img, img_to_array


def apply_channel_shift(x, intensity, channel_axis=0):
    """Returns an image with a number added to it, within the range of values that it has.

    Args:
        x: array of rank 3.
        intensity: the number.
        channel_axis: taken for compatibility: all channels get the same.
    """
    return np.clip(x + intensity, x.min(), x.max())


def apply_brightness_shift(x, brightness, scale=True):
    """Returns an image, made darker or brighter by Pillow.

    Args:
        x: array of rank 3, with the channels last.
        brightness: 0 for black, 1 for no change.
        scale: whether its values are scaled to the range from 0 to 255 first.

    Raises:
        ImportError: without Pillow.
    """
    least, most = np.min(x), np.max(x)
    is_scaled = bool(least < 0 or most > 255)
    image = array_to_img(x, scale=is_scaled or scale)
    from PIL import ImageEnhance

    x = img_to_array(ImageEnhance.Brightness(image).enhance(brightness))
    return x / 255 * (most - least) + least if is_scaled and not scale else x
