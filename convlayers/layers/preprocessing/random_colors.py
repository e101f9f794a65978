"""Colors of images, changed at random."""

import numpy as np

from convlayers import ops
from convlayers.config import epsilon
from convlayers.layers.preprocessing.factors import factor_range, value_range_of
from convlayers.layers.preprocessing.image_layer import FactorImageLayer, ImageLayer
from convlayers.layers.preprocessing.random_tone import RandomBrightness, RandomContrast
from convlayers.layers.preprocessing.value_ranges import to_range
from convlayers.ops.image.checks import check_rank, image_axes


class RandomGrayscale(ImageLayer):
    """Takes the colors from some images, in training only. They keep their three channels.

    Args:
        factor: number from 0 to 1, the part of the images.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        seed: int; the same seed gives the same numbers in each run of the program.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (height, width, 3), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError: if the factor is no such number.
    """

    def __init__(self, factor=0.5, data_format=None, seed=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        if factor < 0 or factor > 1:
            raise ValueError(f"`factor` should be between 0 and 1. Received: factor={factor}")
        self.factor = factor
        self._set_seed(seed)

    def get_random_transformation(self, images, training=True, seed=None):
        return self._draw((self._batch_size(images), 1, 1, 1), 0, 1, seed) < self.factor

    def _change(self, images, transformation):
        return ops.where(transformation, ops.image.rgb_to_grayscale(images, self.data_format), images)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class RandomHue(FactorImageLayer):
    """Moves the hues of images by random amounts, in training only.

    Args:
        factor: how far: two numbers from 0 to 1, the least and the largest part of half the circle of colors, or one, for the
            range from 0 to it. It is to either side.
        value_range: the least and the largest value of a pixel.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        seed: int; the same seed gives the same numbers in each run of the program.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (height, width, 3), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError: if an argument is none of these.
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = factor_range(factor, (0, 1))
        self.value_range = value_range
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        self._one_per_image(data)
        shape = (self._batch_size(data),)
        side = np.where(self._draw(shape, 0, 1, seed) > 0.5, -1, 1)
        return {"factor": (side * self._draw(shape, *self.factor, seed) * 0.5).astype("float32")}

    def _change(self, images, transformation):
        def turn(hue):
            hue = hue + _per_image(transformation["factor"], self._array_dtype)
            hue = ops.where(ops.greater(hue, 1), hue - 1, hue)
            return ops.where(ops.less(hue, 0), hue + 1, hue)

        images = to_range(images, self.value_range, (0, 1), self._array_dtype)
        images = ops.clip(_change_hsv(images, 0, turn, self.data_format), 0, 1)
        return to_range(images, (0, 1), self.value_range, self._array_dtype)


class RandomSaturation(FactorImageLayer):
    """Multiplies the saturation of images by random factors, in training only.

    Args:
        factor: how much: two numbers from 0 (no color) to 1, or one, for the range from its negative to itself. 0.5 leaves
            images as they are.
        value_range: the least and the largest saturation.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        seed: int; the same seed gives the same numbers in each run of the program.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (height, width, 3), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError: if an argument is none of these.
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = factor_range(factor, (-1, 1))
        self.value_range = value_range_of(value_range)
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        self._one_per_image(data)
        factor = self._draw((self._batch_size(data),), *self.factor, seed)
        return {"factor": factor / (1 - factor + epsilon())}

    def _change(self, images, transformation):
        def strengthen(saturation):
            return ops.clip(saturation * _per_image(transformation["factor"], self._array_dtype), *self.value_range)

        return _change_hsv(images, 1, strengthen, self.data_format)


class RandomColorDegeneration(FactorImageLayer):
    """Takes a random part of the colors from images, in training only.

    Args:
        factor: how much: two numbers, from 0 (nothing) to 1 (all), or one, for the range from its negative to itself.
        value_range: the least and the largest value of a pixel.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        seed: int; the same seed gives the same numbers in each run of the program.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (height, width, 3), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError: if an argument is none of these.
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = factor_range(factor, (-1, 1))
        self.value_range = value_range_of(value_range)
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        self._one_per_image(data)
        return {"factor": self._draw((self._batch_size(data), 1, 1, 1), *self.factor, seed)}

    def _change(self, images, transformation):
        gray = ops.image.rgb_to_grayscale(images, self.data_format)
        factor = np.asarray(transformation["factor"], self._array_dtype)
        return ops.clip(images + factor * (gray - images), *self.value_range)

    def compute_output_shape(self, input_shape):
        check_rank(input_shape)
        channels = input_shape[image_axes(self.data_format)[-1]]
        if channels not in (None, 3):
            raise ValueError(f"Input images must have 3 channels, but received images with {channels} channels.")
        return input_shape


class RandomColorJitter(ImageLayer):
    """Changes brightness, contrast, saturation and hue of images at random, in this order, in training only.

    Args:
        value_range: the least and the largest value of a pixel.
        brightness_factor: `factor` of `RandomBrightness`. None leaves the brightness as it is.
        contrast_factor, saturation_factor, hue_factor: those of `RandomContrast`, `RandomSaturation` and `RandomHue`.
        seed: int; the same seed gives the same numbers in each run of the program.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (height, width, 3), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError: if an argument is none of these.
    """

    def __init__(
        self,
        value_range=(0, 255),
        brightness_factor=None,
        contrast_factor=None,
        saturation_factor=None,
        hue_factor=None,
        seed=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = value_range
        self.brightness_factor = brightness_factor
        self.contrast_factor = contrast_factor
        self.saturation_factor = saturation_factor
        self.hue_factor = hue_factor
        self._set_seed(seed)
        changes = (
            (RandomBrightness, brightness_factor),
            (RandomContrast, contrast_factor),
            (RandomSaturation, saturation_factor),
            (RandomHue, hue_factor),
        )
        arguments = {"value_range": value_range, "data_format": self.data_format, "dtype": self.dtype_policy}
        self._changes = [change(factor, **arguments) for change, factor in changes if factor is not None]

    def build(self, input_shape):
        for layer in self._changes:
            layer.build(input_shape)

    def _change(self, images, transformation):
        for layer in self._changes:
            drawn = layer.get_random_transformation(images, seed=self.generator)
            images = layer.transform_images(images, drawn)
        return images

    def get_config(self):
        return {
            **super().get_config(),
            "value_range": self.value_range,
            "brightness_factor": self.brightness_factor,
            "contrast_factor": self.contrast_factor,
            "saturation_factor": self.saturation_factor,
            "hue_factor": self.hue_factor,
            "seed": self.seed,
        }


def _per_image(factors, dtype):
    """Returns one number for each image, to be broadcast to the pixels of a channel."""
    return np.asarray(factors, dtype).reshape(-1, 1, 1)


def _change_hsv(images, index, change, data_format):
    """Returns images of which hue (0), saturation (1) or value (2) is changed by a function."""
    axis = image_axes(data_format)[-1]
    channels = list(ops.unstack(ops.image.rgb_to_hsv(images, data_format), axis=axis))
    channels[index] = change(channels[index])
    return ops.image.hsv_to_rgb(ops.stack(channels, axis=axis), data_format)
