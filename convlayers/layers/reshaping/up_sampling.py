"""Sequences, images and volumes made larger."""

from convlayers import shapes
from convlayers.config import standardize_data_format
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.reshaping.reshaping import Reshaping
from convlayers.layers.signatures import documented, with_defaults
from convlayers.ops.image.resizing import upsample


class _UpSampling(Reshaping):
    """Repetition along `rank` spatial axes, or interpolation between their numbers.

    Args:
        size: how many times as large: an int, or a tuple with one for each spatial axis.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Raises:
        ValueError: if an argument is none of these.
    """

    rank = None
    interpolation = "nearest"

    def __init__(self, size=2, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.size = shapes.standardize_tuple(size, self.rank, "size")
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _factors(self):
        return self.size

    def call(self, inputs):
        return upsample(inputs, self._factors, self.interpolation, self.data_format)

    def compute_output_shape(self, input_shape):
        batch, spatial, channels = shapes.split_shape(input_shape, self.data_format)
        larger = [None if n is None else factor * n for factor, n in zip(self._factors, spatial, strict=True)]
        return shapes.join_shape(batch, larger, channels, self.data_format)

    def get_config(self):
        return {**super().get_config(), "size": self.size, "data_format": self.data_format}


class UpSampling1D(_UpSampling):
    """Repeats each step of a sequence.

    Args:
        size: int, how often.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (batch, steps, channels).

    Output shape: (batch, size * steps, channels).

    Raises:
        TypeError, ValueError: if `size` is no int above 0.

    Example:

    >>> UpSampling1D(2)(np.array([[[1.0], [2.0]]])).ravel()
    [1.0, 1.0, 2.0, 2.0]
    """

    rank = 1

    def __init__(self, size=2, **kwargs):
        if not isinstance(size, int) or isinstance(size, bool):
            raise TypeError(f"Expected an integer value for `size`, got {type(size)}.")
        if size <= 0:
            raise ValueError(f"Argument `size` should be a positive integer. Received: size={size}")
        super().__init__(size, "channels_last", **kwargs)
        self.size = size

    @property
    def _factors(self):
        return (self.size,)

    def get_config(self):
        config = super().get_config()
        del config["data_format"]
        return config


class UpSampling2D(_UpSampling):
    """Makes images larger.

    Args:
        size: how many times as large: an int, or a tuple of two, for rows and columns.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        interpolation: "nearest", which repeats pixels, "bilinear", "bicubic", "lanczos3" or "lanczos5".
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for data_format="channels_first".

    Output shape: the same with more pixels.

    Raises:
        ValueError: if an argument is none of these.

    Example:

    >>> UpSampling2D()(np.ones((1, 4, 4, 3))).shape
    (1, 8, 8, 3)
    """

    rank = 2

    def __init__(self, size=(2, 2), data_format=None, interpolation="nearest", **kwargs):
        super().__init__(size, data_format, **kwargs)
        self.interpolation = interpolation.lower()

    def get_config(self):
        return {**super().get_config(), "interpolation": self.interpolation}


@documented
class UpSampling3D(_UpSampling):
    """Repeats the numbers of volumes or films.

    Args: those of `_UpSampling`.

    Input shape: (batch, depth, height, width, channels), or (batch, channels, depth, height, width) for
    data_format="channels_first".

    Output shape: the same with more pixels.

    Example:

    >>> UpSampling3D(size=2)(np.ones((1, 4, 4, 4, 3))).shape
    (1, 8, 8, 8, 3)
    """

    rank = 3
    __init__ = with_defaults(_UpSampling.__init__, size=(2, 2, 2))
