"""Values of pixels, changed one by one."""

import numpy as np

from convlayers import ops, random
from convlayers.autograd import differentiable
from convlayers.layers.preprocessing.factors import factor_range, named_factor_range, value_range_of
from convlayers.layers.preprocessing.image_layer import FactorImageLayer, ImageLayer
from convlayers.layers.preprocessing.value_ranges import BYTES, to_range
from convlayers.ops.image.checks import image_axes


class RandomInvert(FactorImageLayer):
    """Makes negatives of some images, in training only.

    Args:
        factor: how likely that is: two numbers from 0 to 1, between which the probability is drawn, or one, for the range from
            0 to it.
        value_range: the least and the largest value of a pixel.
        seed: int; the same seed gives the same numbers in each run of the program.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError: if the factor is none of these.
    """

    def __init__(self, factor=1.0, value_range=(0, 255), seed=None, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = factor_range(factor, (0, 1))
        self.value_range = value_range
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        self._one_per_image(data)
        return {"apply_inversion": self._draw_some(self._batch_size(data), self.factor, seed)}

    def _change(self, images, transformation):
        chosen = np.reshape(transformation["apply_inversion"], (-1, 1, 1, 1))
        return ops.where(chosen, self.value_range[1] - images, images)


class RandomPosterization(FactorImageLayer):
    """Leaves random numbers of bits of the values, so that there are few different ones. In training only.

    Args:
        factor: how many of 8 bits: two numbers from 1 to 8, the least and one more than the largest, or one, for the range from
            1 to it. Two equal numbers are that number.
        value_range: the least and the largest value of a pixel.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        seed: int; the same seed gives the same numbers in each run of the program.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError: if an argument is none of these.
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = factor_range(factor, (1, 8))
        self.value_range = value_range_of(value_range)
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        self._one_per_image(data)
        shape, (low, high) = (self._batch_size(data),), self.factor
        if low == high:
            bits = np.full(shape, low, "uint8")
        else:
            bits = random.randint(shape, low, high, "uint8", seed=self._source_of(seed))
        return {"shift_factor": (8 - bits).astype("uint8")}

    def _change(self, images, transformation):
        images = to_range(images, self.value_range, BYTES, self._array_dtype)
        images = _drop_bits(images, np.reshape(transformation["shift_factor"], (-1, 1, 1, 1)))
        return to_range(images, BYTES, self.value_range, self._array_dtype)


@differentiable(new_gradients=True)
def _drop_bits(images, shifts):
    """Returns values from 0 to 255 without their last bits. It is a step function: its gradient is 0."""
    steps = np.clip(images, *BYTES).astype("uint8") >> shifts << shifts
    return steps.astype(images.dtype), np.zeros_like


class Solarization(ImageLayer):
    """Adds a random number to images, and makes negatives of all pixels from a random threshold on. In training only.

    Args:
        addition_factor: how much is added: two numbers from 0 to 1, as parts of 255, or one, for the range from 0 to it.
        threshold_factor: the threshold: the same.
        value_range: the least and the largest value of a pixel.
        seed: int; the same seed gives the same numbers in each run of the program.
        kwargs: arguments of `Layer`, as `name` and `dtype`, and `data_format`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError: if an argument is none of these.
    """

    def __init__(self, addition_factor=0.0, threshold_factor=0.0, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(**kwargs)
        self._set_seed(seed)
        self.addition_factor = _part(addition_factor, "addition_factor")
        self.threshold_factor = _part(threshold_factor, "threshold_factor")
        self.value_range = value_range_of(value_range)

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        drawn = {}
        for name, (low, high) in (("additions", self.addition_factor), ("thresholds", self.threshold_factor)):
            # The least is no part of 255 in Keras either.
            drawn[name] = self._draw(self._one_per_image(data), low, high * 255, seed).astype(self._array_dtype)
        return drawn

    def _change(self, images, transformation):
        images = to_range(images, self.value_range, BYTES, self._array_dtype)
        images = ops.clip(images + transformation["additions"], *BYTES)
        images = ops.where(ops.less(images, transformation["thresholds"]), images, 255 - images)
        return to_range(images, BYTES, self.value_range, self._array_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "value_range": self.value_range,
            "addition_factor": self.addition_factor,
            "threshold_factor": self.threshold_factor,
            "seed": self.seed,
        }


def _part(factor, name):
    message = (
        "The `addition_factor` and `threshold_factor` arguments should be a number (or a list of two numbers) "
        "in the range [0, 1]. "
    )
    low, high = named_factor_range(factor, name, lambda number: 0 <= number <= 1, message)
    return max(low, 0), high


class AutoContrast(ImageLayer):
    """Stretches the values of each channel of each image to the whole range, in training and outside of it.

    Args:
        value_range: the least and the largest value of a pixel.
        kwargs: arguments of `Layer`, as `name` and `dtype`, and `data_format`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError: if the range is none.
    """

    def __init__(self, value_range=(0, 255), **kwargs):
        super().__init__(**kwargs)
        self.value_range = value_range_of(value_range)

    def transform_images(self, images, transformation=None, training=True):
        images = self._cast(images)
        axes = image_axes(self.data_format)[:2]
        low, high = (extreme(images, axis=axes, keepdims=True) for extreme in (ops.min, ops.max))
        varied = ops.greater(high, low)
        least, largest = self.value_range
        scale = (largest - least) / ops.where(varied, high - low, 1.0)
        stretched = ops.clip((images - low) * scale + least, least, largest)
        return ops.where(varied, stretched, images)

    def get_config(self):
        return {**super().get_config(), "value_range": self.value_range}


class Equalization(ImageLayer):
    """Spreads the values of a channel evenly over the whole range, in training only. All images of a batch count together.

    Args:
        value_range: the least and the largest value of a pixel.
        bins: how many different values there may be.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError: if the range is none.
    """

    def __init__(self, value_range=(0, 255), bins=256, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.bins = bins
        self.value_range = value_range_of(value_range)

    def _change(self, images, transformation):
        images = to_range(images, self.value_range, BYTES, self._array_dtype)
        images = _equalize(images, self.bins, image_axes(self.data_format)[-1])
        return to_range(images, BYTES, self.value_range, self._array_dtype)

    def get_config(self):
        return {**super().get_config(), "bins": self.bins, "value_range": self.value_range}


@differentiable(new_gradients=True)
def _equalize(images, bins, axis):
    """Returns values from 0 to 255 by their rank. They are looked up in a table: the gradient is 0."""
    equalized = images.copy()
    for source, target in zip(np.moveaxis(images, axis, 0), np.moveaxis(equalized, axis, 0), strict=True):
        places = np.clip(source / 255 * (bins - 1), 0, bins - 1).astype(np.intp)
        sums = np.bincount(places.ravel(), minlength=bins).cumsum()
        least = sums[sums > 0].min(initial=sums[-1])
        if sums[-1] > least:
            target[...] = np.rint((sums - least) * 255 / (sums[-1] - least)).clip(*BYTES)[places]
    return equalized, np.zeros_like
