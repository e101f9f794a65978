"""Images turned, moved, zoomed and sheared at random."""

import numpy as np

from convlayers import ops
from convlayers.layers.preprocessing.bounding_boxes.moves import inverse, move_boxes
from convlayers.layers.preprocessing.factors import factor_range, named_factor_range
from convlayers.layers.preprocessing.image_layer import GeometricImageLayer
from convlayers.ops.image.checks import WARP_INTERPOLATIONS

_FILL_MODES = ("reflect", "wrap", "constant", "nearest")


class _RandomAffine(GeometricImageLayer):
    """A layer that reads images at places that an affine transformation tells."""

    def _set_reading(self, fill_mode, interpolation, seed, fill_value):
        """Keeps the arguments that all these layers have.

        Args:
            fill_mode: what lies outside of an image: "reflect" (the image, mirrored at its border), "wrap" (the image again),
                "constant" (`fill_value`) or "nearest" (the outermost pixels).
            interpolation: "nearest" or "bilinear".
            seed: int; the same seed gives the same numbers in each run of the program.
            fill_value: the number for "constant".

        Raises:
            NotImplementedError: if the fill mode or the interpolation is none of these.
        """
        self._check_known("fill_mode", fill_mode, _FILL_MODES)
        self._check_known("interpolation", interpolation, WARP_INTERPOLATIONS)
        self.fill_mode = fill_mode
        self.interpolation = interpolation
        self.fill_value = fill_value
        self._set_seed(seed)

    def _move(self, images, transformation, interpolation):
        if transformation is None:
            return images
        return ops.image.affine_transform(
            images,
            self._matrices(transformation, *self._sizes(images.shape)),
            interpolation=interpolation,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )

    def _move_boxes(self, boxes, transformation, height, width):
        return ops.cast(move_boxes(boxes, inverse(self._matrices(transformation, height, width))), boxes.dtype)

    def _matrices(self, transformation, height, width):
        """Returns a row [a0, a1, a2, b0, b1, b2, c0, c1] for each image, for `affine_transform`."""
        raise NotImplementedError

    def get_config(self):
        return {
            **super().get_config(),
            "fill_mode": self.fill_mode,
            "interpolation": self.interpolation,
            "seed": self.seed,
            "fill_value": self.fill_value,
        }


class RandomRotation(_RandomAffine):
    """Turns images around their centers by random angles, in training only.

    Args:
        factor: how far: two numbers, the least and the largest part of a whole turn (counter-clockwise), or one, for the range
            from its negative to itself. 0.1 is 36 degrees.
        fill_mode: what lies outside of an image: "reflect", "wrap", "constant" or "nearest".
        interpolation: "nearest" or "bilinear".
        seed: int; the same seed gives the same numbers in each run of the program.
        fill_value: the number for fill_mode="constant".
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`, and `bounding_box_format`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError, NotImplementedError: if an argument is none of these.

    Example:

    >>> RandomRotation(0.1)(np.zeros((8, 32, 32, 3)), training=True).shape
    (8, 32, 32, 3)
    """

    def __init__(
        self,
        factor,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = factor_range(factor or 0.0, (-1, 1))
        self._set_reading(fill_mode, interpolation, seed, fill_value)

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        batch_size = self._batch_size(data)
        height, width = self._sizes(self._shape_of_images(data))
        angle = self._draw((batch_size,), self.factor[0] * 360, self.factor[1] * 360, seed)
        return {
            "angle": angle,
            "rotation_matrix": _rotations(angle, height, width),
            "image_height": height,
            "image_width": width,
            "batch_size": batch_size,
        }

    def _sizes_before(self, transformation):
        return transformation["image_height"], transformation["image_width"]

    def _matrices(self, transformation, height, width):
        return transformation["rotation_matrix"]

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class RandomTranslation(_RandomAffine):
    """Moves images by random distances, in training only.

    Args:
        height_factor: how far down: two numbers, the least and the largest part of the height, or one, for the range from its
            negative to itself.
        width_factor: how far to the right, as a part of the width.
        fill_mode, interpolation, seed, fill_value, data_format: as for `RandomRotation`.
        kwargs: arguments of `Layer`, as `name` and `dtype`, and `bounding_box_format`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError, NotImplementedError: if an argument is none of these.

    Example:

    >>> RandomTranslation(0.2, 0.2, fill_mode="constant")(np.zeros((8, 32, 32, 3)), training=True).shape
    (8, 32, 32, 3)
    """

    def __init__(
        self,
        height_factor,
        width_factor,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.height_factor = height_factor
        self.height_lower, self.height_upper = _translation(height_factor, "height_factor")
        self.width_factor = width_factor
        self.width_lower, self.width_upper = _translation(width_factor, "width_factor")
        self._set_reading(fill_mode, interpolation, seed, fill_value)

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        shape, images_shape = (self._batch_size(data), 1), self._shape_of_images(data)
        height, width = self._sizes(images_shape)
        down = self._draw(shape, self.height_lower, self.height_upper, seed) * height
        right = self._draw(shape, self.width_lower, self.width_upper, seed) * width
        return {"translations": np.concatenate([right, down], axis=1).astype("float32"), "input_shape": images_shape}

    def _matrices(self, transformation, height, width):
        right, down = np.transpose(transformation["translations"])
        return _affine(len(right), 1, 0, -right, 0, 1, -down)

    def _move_boxes(self, boxes, transformation, height, width):
        shifts = np.tile(transformation["translations"], 2)
        return boxes + (shifts[:, None] if len(boxes.shape) == 3 else shifts)

    def get_config(self):
        return {**super().get_config(), "height_factor": self.height_factor, "width_factor": self.width_factor}


class RandomZoom(_RandomAffine):
    """Makes what is on images larger or smaller by random factors, in training only.

    Args:
        height_factor: how much smaller: two numbers, the least and the largest part that is added to the height of what is
            seen (negative: taken from it), or one, for the range from its negative to itself.
        width_factor: the same for the width; by default what is drawn for the height, so that proportions stay.
        fill_mode, interpolation, seed, fill_value, data_format: as for `RandomRotation`.
        kwargs: arguments of `Layer`, as `name` and `dtype`, and `bounding_box_format`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError, NotImplementedError: if an argument is none of these.

    Example:

    >>> RandomZoom((-0.2, 0.3))(np.zeros((8, 32, 32, 3)), training=True).shape
    (8, 32, 32, 3)
    """

    def __init__(
        self,
        height_factor,
        width_factor=None,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.height_factor = height_factor
        self.height_lower, self.height_upper = _zoom(height_factor, "height_factor")
        self.width_factor = width_factor
        if width_factor is not None:
            self.width_lower, self.width_upper = _zoom(width_factor, "width_factor")
        self._set_reading(fill_mode, interpolation, seed, fill_value)

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        shape = (self._batch_size(data), 1)
        height_zoom = width_zoom = self._draw(shape, 1 + self.height_lower, 1 + self.height_upper, seed)
        if self.width_factor is not None:
            width_zoom = self._draw(shape, 1 + self.width_lower, 1 + self.width_upper, seed)
        return {"height_zoom": height_zoom, "width_zoom": width_zoom, "input_shape": self._shape_of_images(data)}

    def _matrices(self, transformation, height, width):
        down, along = (np.asarray(transformation[key], "float32")[:, 0] for key in ("height_zoom", "width_zoom"))
        return _affine(len(along), along, 0, (width - 1) / 2 * (1 - along), 0, down, (height - 1) / 2 * (1 - down))

    def get_config(self):
        return {**super().get_config(), "height_factor": self.height_factor, "width_factor": self.width_factor}


class RandomShear(_RandomAffine):
    """Shears images at random: rows move the farther to the side, the farther down they are. In training only.

    Args:
        x_factor: how far rows move: two numbers from 0 to 1, the least and the largest number of pixels from one row to the
            next, or one, the largest of both. It is to either side.
        y_factor: how far columns move up or down.
        interpolation, fill_mode, fill_value, data_format, seed: as for `RandomRotation`.
        kwargs: arguments of `Layer`, as `name` and `dtype`, and `bounding_box_format`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError, NotImplementedError: if an argument is none of these.

    Example:

    >>> RandomShear(x_factor=0.2)(np.zeros((8, 32, 32, 3)), training=True).shape
    (8, 32, 32, 3)
    """

    def __init__(
        self,
        x_factor=0.0,
        y_factor=0.0,
        interpolation="bilinear",
        fill_mode="reflect",
        fill_value=0.0,
        data_format=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.x_factor = _shear(x_factor, "x_factor")
        self.y_factor = _shear(y_factor, "y_factor")
        self._set_reading(fill_mode, interpolation, seed, fill_value)

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        shape = (self._batch_size(data), 1)
        side = np.where(self._draw(shape, 0, 1, seed) > 0.5, -1, 1)
        down = self._draw(shape, *self.y_factor, seed)
        along = self._draw(shape, *self.x_factor, seed)
        factors = (np.concatenate([along, down], axis=1) * side).astype(self._array_dtype)
        return {"shear_factor": factors, "input_shape": self._shape_of_images(data)}

    def _matrices(self, transformation, height, width):
        along, down = np.transpose(transformation["shear_factor"])
        return _affine(len(along), 1, along, 0, down, 1, 0)

    def _move_boxes(self, boxes, transformation, height, width):
        # As Keras does: factors are for parts of the width and height, and columns are moved after the rows.
        sizes = np.array([width, height, width, height], boxes.dtype)
        left, top, right, bottom = ops.unstack(boxes / sizes, axis=-1)
        along, down = (factor[:, None] for factor in np.transpose(transformation["shear_factor"]))
        left, right = left - along * np.where(along < 0, top, bottom), right - along * np.where(along < 0, bottom, top)
        top, bottom = top - down * np.where(down > 0, right, left), bottom - down * np.where(down > 0, left, right)
        left, right, top, bottom = np.broadcast_arrays(left, right, top, bottom)
        return ops.stack([left, top, right, bottom], axis=-1) * sizes

    def get_config(self):
        return {**super().get_config(), "x_factor": self.x_factor, "y_factor": self.y_factor}


# Matrices -------------------------------------------------------------------------------------------------------------


def _affine(count, *numbers):
    """Returns so many rows [a0, a1, a2, b0, b1, b2, 0, 0] of numbers or vectors."""
    rows = np.zeros((count, 8))
    for column, number in enumerate(numbers):  # which takes less time than to broadcast and stack them
        rows[:, column] = number
    return rows


def _rotations(degrees, height, width):
    """Returns the rows that turn images around their centers."""
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = (width - 1) / 2, (height - 1) / 2
    return _affine(len(cos), cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos)


# Factors --------------------------------------------------------------------------------------------------------------


def _translation(factor, name):
    message = "The `factor` argument should be a number (or a list of two numbers) in the range [-1.0, 1.0]. "
    return named_factor_range(factor, name, lambda number: -1 <= number <= 1, message)


def _zoom(factor, name):
    message = (
        "The `height_factor` and `width_factor` arguments should be a number (or a list of two numbers) "
        "in the range (-1.0, 1.0]. "
    )
    return named_factor_range(factor, name, lambda number: -1 < number <= 1, message)


def _shear(factor, name):
    message = "The `factor` argument should be a number (or a list of two numbers) in the range [0, 1.0]. "
    if isinstance(factor, (tuple, list)) and len(factor) == 2 and factor[0] == -factor[1]:
        factor = factor[1]  # what configs have in the place of one number
    return named_factor_range(factor, name, lambda number: 0 <= number <= 1, message)
