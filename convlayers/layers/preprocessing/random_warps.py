"""Images seen from somewhere else, and bent, at random."""

import numpy as np

from convlayers import ops
from convlayers.layers.preprocessing.bounding_boxes.moves import inverse, move_boxes
from convlayers.layers.preprocessing.factors import factor_range
from convlayers.layers.preprocessing.image_layer import GeometricImageLayer
from convlayers.ops.image.checks import FILL_MODES, WARP_INTERPOLATIONS
from convlayers.ops.image.warping import homographies


class RandomPerspective(GeometricImageLayer):
    """Shows some images as if they were seen from somewhere else, in training only.

    Args:
        factor: how likely that is: two numbers from 0 to 1, between which the probability is drawn, or one, for the range from
            0 to it.
        scale: how far corners move at most, as a part of twice their distance from the upper left corner: number from 0 to 1.
        interpolation: "nearest" or "bilinear".
        fill_value: the number outside of an image.
        seed: int; the same seed gives the same numbers in each run of the program.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`, and `bounding_box_format`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError, NotImplementedError: if an argument is none of these.
    """

    def __init__(self, factor=1.0, scale=1.0, interpolation="bilinear", fill_value=0.0, seed=None, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = factor_range(factor, (0, 1))
        if not 0 <= scale <= 1:
            raise ValueError(f"The `scale` argument should be a number in the range [0,1]. Received: scale={scale}")
        self._check_known("interpolation", interpolation, WARP_INTERPOLATIONS)
        self.scale = scale
        self.fill_value = fill_value
        self.interpolation = interpolation
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        shape, count = self._shape_of_images(data), self._batch_size(data)
        height, width = self._sizes(shape)
        chosen = self._draw_some(count, self.factor, seed)
        moves = self._draw((count, 4, 2), -0.5 * self.scale, 0.5 * self.scale, seed).astype(self._array_dtype)
        corners = np.array([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]], self._array_dtype)
        start_points = np.repeat(corners[None], count, axis=0)
        return {
            "apply_perspective": chosen,
            "start_points": start_points,
            "end_points": start_points + start_points * moves,
            "input_shape": shape,
        }

    def _move(self, images, transformation, interpolation):
        if transformation is None:
            return images
        moved = ops.image.perspective_transform(
            images,
            transformation["start_points"],
            transformation["end_points"],
            interpolation=interpolation,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )
        return ops.where(_of_rank(transformation["apply_perspective"], images), moved, images)

    def _move_boxes(self, boxes, transformation, height, width):
        rows = inverse(homographies(transformation["start_points"], transformation["end_points"]))
        moved = ops.cast(move_boxes(boxes, rows), boxes.dtype)
        return ops.where(_of_rank(transformation["apply_perspective"], boxes), moved, boxes)

    def get_config(self):
        return {
            **super().get_config(),
            "factor": self.factor,
            "scale": self.scale,
            "interpolation": self.interpolation,
            "fill_value": self.fill_value,
            "seed": self.seed,
        }


class RandomElasticTransform(GeometricImageLayer):
    """Bends some images, in training only.

    Args:
        factor: how likely that is: two numbers from 0 to 1, between which the probability is drawn, or one, for the range from
            0 to it.
        scale: how strongly: two numbers from 0 to 1, or one, for the range from 0 to it.
        interpolation: "nearest" or "bilinear".
        fill_mode: what lies outside of an image: "constant", "nearest", "wrap", "mirror" or "reflect".
        fill_value: the number for fill_mode="constant".
        value_range: the least and the largest value of a pixel.
        seed: int; the same seed gives the same numbers in each run of the program.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError, NotImplementedError: if an argument is none of these.
    """

    def __init__(
        self,
        factor=1.0,
        scale=1.0,
        interpolation="bilinear",
        fill_mode="reflect",
        fill_value=0.0,
        value_range=(0, 255),
        seed=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = factor_range(factor, (0, 1))
        self.scale = factor_range(scale, (0, 1), "scale")
        self._check_known("interpolation", interpolation, WARP_INTERPOLATIONS)
        self._check_known("fill_mode", fill_mode, FILL_MODES)
        self.interpolation = interpolation
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.value_range = value_range
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        if not training or self.scale[1] == 0 or self.factor[1] == 0:
            return None
        chosen = self._draw_some(self._batch_size(data), self.factor, seed)
        strength = self._draw((), *self.scale, seed).astype(self._array_dtype)
        # An int: images and masks are bent alike.
        seed = int(self._draw((), 0, 2**31, seed)) if not isinstance(seed, int) else seed
        return {"apply_transform": chosen, "distortion_factor": strength, "seed": seed}

    def _move(self, images, transformation, interpolation):
        if transformation is None:
            return images
        sizes, strength = self._sizes(images.shape), float(transformation["distortion_factor"])
        bent = ops.image.elastic_transform(
            images,
            alpha=max(sizes) * 0.1 * strength,
            sigma=min(sizes) * 0.05 * strength,
            interpolation=interpolation,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            seed=transformation["seed"],
            data_format=self.data_format,
        )
        images = ops.where(_of_rank(transformation["apply_transform"], images), bent, images)
        return ops.clip(images, *self.value_range)

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        self._refuse_boxes()

    def get_config(self):
        return {
            **super().get_config(),
            "factor": self.factor,
            "scale": self.scale,
            "interpolation": self.interpolation,
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
            "value_range": self.value_range,
            "seed": self.seed,
        }


def _of_rank(chosen, images):
    """Returns which images are chosen, of the rank of the images: a single one has no axis for the batch."""
    return np.reshape(chosen, (-1, *(1,) * (len(images.shape) - 1)))
