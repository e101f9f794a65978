"""Images sharpened, blurred, and covered in part, at random."""

import numpy as np

from convlayers import ops
from convlayers.layers.preprocessing.factors import factor_range, value_range_of
from convlayers.layers.preprocessing.image_layer import FactorImageLayer, ImageLayer
from convlayers.layers.preprocessing.rectangles import rectangles
from convlayers.ops.image.checks import image_axes
from convlayers.ops.noise import add_noise


class RandomSharpness(FactorImageLayer):
    """Sharpens or blurs images by random amounts, in training only.

    Args:
        factor: how sharp: two numbers from 0 (blurred) to 1 (sharpened), or one, for the range from 0 to it. 0.5 leaves images
            as they are.
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
        self.factor = factor_range(factor, (0, 1))
        self.value_range = value_range_of(value_range)
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        self._one_per_image(data)
        return {"factor": self._draw((self._batch_size(data),), *self.factor, seed)}

    def _change(self, images, transformation):
        channels = images.shape[image_axes(self.data_format)[-1]]
        kernel = np.full((3, 3, channels, 1), 1 / 13, self._array_dtype)
        kernel[1, 1] *= 5
        smooth = ops.depthwise_conv(images, kernel, padding="same", data_format=self.data_format)
        factor = np.asarray(transformation["factor"], self._array_dtype).reshape(-1, 1, 1, 1)
        return ops.clip(images + (1 - 2 * factor) * (smooth - images), *self.value_range)


class RandomGaussianBlur(ImageLayer):
    """Blurs some images, in training only.

    Args:
        factor: how likely that is: two numbers from 0 to 1, between which the probability is drawn, or one, for the range from
            0 to it.
        kernel_size: how many columns and rows are averaged: one or two odd ints.
        sigma: the standard deviations: two numbers from 0 to 1, between which they are drawn, or one, for the range up to it.
        value_range: the least and the largest value of a pixel.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        seed: int; the same seed gives the same numbers in each run of the program.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError: if an argument is none of these.
    """

    def __init__(self, factor=1.0, kernel_size=3, sigma=1.0, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = factor_range(factor, (0, 1))
        self.kernel_size = _odd_sizes(kernel_size)
        self.sigma = factor_range(sigma, (0, 1), "sigma")
        self.value_range = value_range
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        self._one_per_image(data)
        chosen = self._draw_some(self._batch_size(data), self.factor, seed)
        sigma = self._draw((2,), *self.sigma, seed).astype(self._array_dtype) + 1e-6
        return {"should_apply_blur": chosen, "blur_factor": sigma}

    def _change(self, images, transformation):
        if transformation is None:
            return images
        blurred = ops.image.gaussian_blur(images, self.kernel_size, transformation["blur_factor"], self.data_format)
        chosen = np.reshape(transformation["should_apply_blur"], (-1, 1, 1, 1))
        return ops.clip(ops.where(chosen, blurred, images), *self.value_range)

    def get_config(self):
        return {
            **super().get_config(),
            "factor": self.factor,
            "kernel_size": self.kernel_size,
            "sigma": self.sigma,
            "value_range": self.value_range,
            "seed": self.seed,
        }


def _odd_sizes(kernel_size):
    error = ValueError(f"kernel_size must be an odd number. Received: kernel_size={kernel_size}")
    if isinstance(kernel_size, (int, float)):
        kernel_size = kernel_size, kernel_size
    if not isinstance(kernel_size, (tuple, list)):
        raise error
    if len(kernel_size) != 2:
        raise ValueError(
            f"The `kernel_size` argument should be a number (or a list of two numbers) Received: kernel_size={kernel_size}"
        )
    if any(size % 2 == 0 for size in kernel_size):
        raise error
    return tuple(kernel_size)


class RandomErasing(ImageLayer):
    """Covers a rectangle in some images, in training only.

    Args:
        factor: how likely that is: two numbers from 0 to 1, between which the probability is drawn, or one, for the range from
            0 to it.
        scale: how large the rectangle is, as a part of the image: two numbers from 0 to 1, or one, for the range from 0 to it.
        fill_value: what it is filled with: a number, three numbers, or None, for random ones.
        value_range: the least and the largest value of a pixel.
        seed: int; the same seed gives the same numbers in each run of the program.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError: if an argument is none of these.
    """

    def __init__(
        self,
        factor=1.0,
        scale=(0.02, 0.33),
        fill_value=None,
        value_range=(0, 255),
        seed=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = factor_range(factor, (0, 1))
        self.scale = factor_range(scale, (0, 1), "scale")
        self.fill_value = fill_value
        self.value_range = value_range
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        self._one_per_image(data)
        shape, batch = self._shape_of_images(data), self._batch_size(data)
        parts = np.sqrt(self._draw((batch, 2), *self.scale, seed))
        masks, _ = rectangles(self._sizes(shape), parts, lambda shape: self._draw(shape, 0, 1, seed))
        masks = np.expand_dims(masks, image_axes(self.data_format)[-1])
        chosen = self._draw_some(batch, self.factor, seed)
        fill_value = np.clip(self._draw_fill_values(shape, seed), *self.value_range).astype(self._array_dtype)
        return {"apply_erasing": chosen, "batch_masks": masks, "fill_value": fill_value}

    def _draw_fill_values(self, shape, seed):
        fill_value = self.fill_value
        if fill_value is None:
            first = self.data_format == "channels_first"
            pixels = np.zeros((*shape[:-3], *shape[-2:], shape[-3]) if first else shape, "float32")
            noise = add_noise(pixels, self.value_range[1], self._source_of(seed))
            return np.moveaxis(noise, -1, -3) if first else noise
        three = isinstance(fill_value, (tuple, list)) and len(fill_value) == 3
        if not three and not isinstance(fill_value, (int, float)):
            raise ValueError(
                f"The `fill_value` argument should be a number (or a list of three numbers) \nReceived: fill_value={fill_value}"
            )
        values = np.reshape(fill_value, (-1, 1, 1)) if self.data_format == "channels_first" else fill_value
        return np.broadcast_to(values, shape)

    def _change(self, images, transformation):
        chosen = np.reshape(transformation["apply_erasing"], (-1, 1, 1, 1))
        return ops.where(chosen & transformation["batch_masks"], transformation["fill_value"], images)

    def get_config(self):
        return {
            **super().get_config(),
            "factor": self.factor,
            "scale": self.scale,
            "fill_value": self.fill_value,
            "value_range": self.value_range,
            "seed": self.seed,
        }
