"""Brightness and contrast of images, changed at random."""

import numpy as np

from convlayers import ops
from convlayers.layers.preprocessing.factors import factor_range, value_range_of
from convlayers.layers.preprocessing.image_layer import FactorImageLayer
from convlayers.ops.image.tone import scale_shift_clip


class RandomBrightness(FactorImageLayer):
    """Makes images brighter or darker by random amounts, in training only.

    Args:
        factor: how much: two numbers from -1 to 1, the least and the largest part of the value range that is added, or one, for
            the range from its negative to itself.
        value_range: the least and the largest value of a pixel.
        seed: int; the same seed gives the same numbers in each run of the program.
        kwargs: arguments of `Layer`, as `name` and `dtype`, and `data_format`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError: if an argument is none of these.

    Example:

    >>> RandomBrightness([0.5, 0.5], value_range=(0, 1))(np.zeros((1, 1, 1)), training=True)
    [[[0.5]]]
    """

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor_range(factor or 0.0, (-1, 1))
        self._set_seed(seed)
        self.value_range = value_range_of(value_range)

    def get_random_transformation(self, data, training=True, seed=None):
        shape = self._one_per_image(data)
        if not training:
            return {"rgb_delta": np.zeros(shape, "float32")}
        low, high = self.value_range
        return {"rgb_delta": self._draw(shape, *self.factor, seed) * (high - low)}

    def _change(self, images, transformation):
        delta = np.asarray(transformation["rgb_delta"], self._array_dtype)
        return scale_shift_clip(images, delta, np.ones(1), *self.value_range, self.data_format)


class RandomContrast(FactorImageLayer):
    """Strengthens or weakens the contrast of images by random factors, in training only.

    The distance of each pixel from the mean of its channel is multiplied.

    Args:
        factor: how much: two numbers from 0 to 1. Factors lie between 1 less the first and 1 plus the second. One number stands
            for both.
        value_range: the least and the largest value of a pixel.
        seed: int; the same seed gives the same numbers in each run of the program.
        kwargs: arguments of `Layer`, as `name` and `dtype`, and `data_format`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError: if an argument is none of these.

    Example:

    >>> RandomContrast(0.5)(np.full((8, 32, 32, 3), 10), training=True).max()
    10.0
    """

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor_range(factor, (0, 1))
        self.value_range = value_range
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        shape = self._one_per_image(data)
        if not training:
            return {"contrast_factor": np.zeros(shape, "float32")}
        factor = self._draw(shape, 1 - self.factor[0], 1 + self.factor[1], seed)
        return {"contrast_factor": factor.astype(self._array_dtype)}

    def _change(self, images, transformation):
        # (image - mean) * factor + mean
        factor = np.asarray(transformation["contrast_factor"], self._array_dtype)
        shift = ops.global_average_pool(images, self.data_format, keepdims=True) * (1 - factor)
        return scale_shift_clip(images, shift, factor, *self.value_range, self.data_format)
