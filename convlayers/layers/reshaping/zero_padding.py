"""Zeros around sequences, images and volumes."""

from convlayers import ops, shapes
from convlayers.config import standardize_data_format
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.reshaping.borders import standardize_pairs
from convlayers.layers.reshaping.reshaping import Reshaping
from convlayers.layers.signatures import documented, with_defaults


class _ZeroPadding(Reshaping):
    """Padding of `rank` spatial axes.

    Args:
        padding: how many zeros to add: an int, for all sides; a tuple with an int for each spatial axis, for its two sides;
            or a tuple with a pair `(before, after)` for each spatial axis. In one dimension, the pair itself.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Raises:
        ValueError: if an argument is none of these.
    """

    rank = None

    def __init__(self, padding=1, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.padding = self._standardize_padding(padding)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _standardize_padding(self, padding):
        return standardize_pairs(padding, self.rank, "padding", f"{_WRONG_TYPE[self.rank]}{padding}.")

    @property
    def pairs(self):
        """How many zeros there are in front of and behind each spatial axis."""
        return self.padding

    def call(self, inputs):
        return ops.pad(inputs, shapes.join_shape((0, 0), self.pairs, (0, 0), self.data_format))

    def compute_output_shape(self, input_shape):
        batch, spatial, channels = shapes.split_shape(input_shape, self.data_format)
        padded = [None if size is None else size + sum(pair) for size, pair in zip(spatial, self.pairs, strict=True)]
        return shapes.join_shape(batch, padded, channels, self.data_format)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding, "data_format": self.data_format}


@documented
class ZeroPadding1D(_ZeroPadding):
    """Adds zeros in front of and behind a sequence.

    Args: those of `_ZeroPadding`.

    Input shape: (batch, steps, channels), or (batch, channels, steps) for data_format="channels_first".

    Output shape: the same with more steps.

    Example:

    >>> ZeroPadding1D(padding=(1, 2))(np.ones((1, 3, 1))).ravel()
    [0.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    """

    rank = 1

    def _standardize_padding(self, padding):
        return shapes.standardize_tuple(padding, 2, "padding", allow_zero=True)

    @property
    def pairs(self):
        return (self.padding,)


@documented
class ZeroPadding2D(_ZeroPadding):
    """Adds rows and columns of zeros around an image.

    Args: those of `_ZeroPadding`.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for data_format="channels_first".

    Output shape: the same with more pixels.

    Example:

    >>> ZeroPadding2D(padding=((1, 0), (2, 2)))(np.ones((1, 4, 4, 3))).shape
    (1, 5, 8, 3)
    """

    rank = 2
    __init__ = with_defaults(_ZeroPadding.__init__, padding=(1, 1))


@documented
class ZeroPadding3D(_ZeroPadding):
    """Adds zeros around a volume or a film.

    Args: those of `_ZeroPadding`.

    Input shape: (batch, depth, height, width, channels), or (batch, channels, depth, height, width) for
    data_format="channels_first".

    Output shape: the same with more pixels.

    Example:

    >>> ZeroPadding3D(padding=2)(np.ones((1, 4, 4, 4, 3))).shape
    (1, 8, 8, 8, 3)
    """

    rank = 3
    __init__ = with_defaults(_ZeroPadding.__init__, padding=((1, 1), (1, 1), (1, 1)))


_WRONG_TYPE = {
    2: "`padding` should be either an int, a tuple of 2 ints (symmetric_height_crop, symmetric_width_crop), or a tuple of 2 "
    "tuples of 2 ints ((top_crop, bottom_crop), (left_crop, right_crop)). Received: padding=",
    3: "`padding` should be either an int, a tuple of 3 ints (symmetric_dim1_pad, symmetric_dim2_pad, symmetric_dim3_pad), "
    "or a tuple of 3 tuples of 2 ints ((left_dim1_pad, right_dim1_pad), (left_dim2_pad, right_dim2_pad), "
    "(left_dim3_pad, right_dim2_pad)). Received: padding=",
}
