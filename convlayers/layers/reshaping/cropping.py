"""The inner part of sequences, images and volumes."""

from convlayers import ops, shapes
from convlayers.config import standardize_data_format
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.layer import Layer
from convlayers.layers.reshaping.borders import standardize_pairs
from convlayers.layers.signatures import documented, with_defaults


class _Cropping(Layer):
    """Cropping of spatial axes.

    A subclass has `_pairs`, how much to take away in front and behind on each axis, and `_too_small`, the message for inputs
    of which nothing would remain.
    """

    def call(self, inputs):
        self._crop(inputs.shape, "inputs.shape")
        _, spatial, _ = shapes.split_shape(inputs.shape, self.data_format)
        inside = [slice(front, size - back) for (front, back), size in zip(self._pairs, spatial, strict=True)]
        return ops.get_item(inputs, shapes.join_shape(slice(None), inside, slice(None), self.data_format))

    def compute_output_shape(self, input_shape):
        return self._crop(input_shape, "input_shape")

    def _crop(self, input_shape, name):
        batch, spatial, channels = shapes.split_shape(input_shape, self.data_format)
        cropped = [None if size is None else size - sum(pair) for pair, size in zip(self._pairs, spatial, strict=True)]
        if any(size is not None and size <= 0 for size in cropped):
            raise ValueError(f"{self._too_small} Received: {name}={tuple(input_shape)}, cropping={self.cropping}")
        return shapes.join_shape(batch, cropped, channels, self.data_format)

    def get_config(self):
        return {**super().get_config(), "cropping": self.cropping}


class Cropping1D(_Cropping):
    """Takes away the ends of a sequence.

    Args:
        cropping: how many steps: an int, for both ends, or a pair `(before, after)`.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (batch, steps, channels).

    Output shape: the same with fewer steps.

    Raises:
        ValueError: if `cropping` is none of these. When called, if nothing of the input would remain.

    Example:

    >>> Cropping1D(cropping=(1, 2))(np.arange(5.0).reshape(1, 5, 1)).ravel()
    [1.0, 2.0]
    """

    data_format = "channels_last"
    _too_small = "`cropping` parameter of `Cropping1D` layer must be smaller than the input length."

    def __init__(self, cropping=(1, 1), **kwargs):
        super().__init__(**kwargs)
        self.cropping = shapes.standardize_tuple(cropping, 2, "cropping", allow_zero=True)
        self._pairs = (self.cropping,)
        self.input_spec = InputSpec(ndim=3)


class _CroppingOfImages(_Cropping):
    """Cropping of `rank` spatial axes.

    Args:
        cropping: how much to take away: an int, for all sides; a tuple with an int for each spatial axis, for its two sides;
            or a tuple with a pair `(before, after)` for each spatial axis.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Raises:
        ValueError: if an argument is none of these. When called, if nothing of the input would remain.
    """

    rank = None
    _too_small = "Values in `cropping` argument should be smaller than the corresponding spatial dimension of the input."

    def __init__(self, cropping, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        if isinstance(cropping, int) and cropping < 0:
            raise ValueError(f"`cropping` cannot be negative. Received: cropping={cropping}.")
        wrong_type = f"{_WRONG_TYPE[self.rank]}{cropping}."
        self.cropping = self._pairs = standardize_pairs(cropping, self.rank, "cropping", wrong_type)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}


@documented
class Cropping2D(_CroppingOfImages):
    """Takes away the borders of an image.

    Args: those of `_CroppingOfImages`.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for data_format="channels_first".

    Output shape: the same with fewer pixels.

    Example:

    >>> Cropping2D(cropping=((2, 2), (4, 4)))(np.ones((2, 28, 28, 3))).shape
    (2, 24, 20, 3)
    """

    rank = 2
    __init__ = with_defaults(_CroppingOfImages.__init__, cropping=((0, 0), (0, 0)))


@documented
class Cropping3D(_CroppingOfImages):
    """Takes away the borders of a volume or a film.

    Args: those of `_CroppingOfImages`.

    Input shape: (batch, depth, height, width, channels), or (batch, channels, depth, height, width) for
    data_format="channels_first".

    Output shape: the same with fewer pixels.

    Example:

    >>> Cropping3D(cropping=2)(np.ones((1, 8, 8, 8, 3))).shape
    (1, 4, 4, 4, 3)
    """

    rank = 3
    __init__ = with_defaults(_CroppingOfImages.__init__, cropping=((1, 1), (1, 1), (1, 1)))


_WRONG_TYPE = {
    2: "`cropping` should be either an int, a tuple of 2 ints (symmetric_height_crop, symmetric_width_crop), or a tuple of 2 "
    "tuples of 2 ints ((top_crop, bottom_crop), (left_crop, right_crop)). Received: cropping=",
    3: "`cropping` should be either an int, a tuple of 3 ints (symmetric_dim1_crop, symmetric_dim2_crop, symmetric_dim3_crop), "
    "or a tuple of 3 tuples of 2 ints ((left_dim1_crop, right_dim1_crop), (left_dim2_crop, right_dim2_crop), "
    "(left_dim3_crop, right_dim2_crop)). Received: ",
}
