"""Dropout of whole channels."""

from convlayers import ops
from convlayers.config import standardize_data_format
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.regularization.dropout import Dropout
from convlayers.layers.signatures import documented


class _SpatialDropout(Dropout):
    """Sets whole channels to 0 at random, in training only. The leaves give the number of spatial axes, `rank`.

    Neighbouring pixels of a channel are alike, so that those that are left would tell what was dropped.

    Args:
        rate: number from 0 to 1, the part of the channels that is set to 0. The others are multiplied by `1 / (1 - rate)`.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        seed: int; the same seed gives the same numbers in each run of the program.
        name, dtype: as for `Layer`.

    Raises:
        ValueError: if an argument is none of these.
    """

    rank = None

    def __init__(self, rate, data_format=None, seed=None, name=None, dtype=None):
        super().__init__(rate, seed=seed, name=name, dtype=dtype)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _disturb(self, inputs):
        samples, spatial = inputs.shape[0], (1,) * self.rank
        if self.data_format == "channels_first":
            noise_shape = (samples, inputs.shape[1], *spatial)
        else:
            noise_shape = (samples, *spatial, inputs.shape[-1])
        return ops.dropout(inputs, self.rate, noise_shape, self.seed_generator)

    def get_config(self):
        # Keras writes no more than this.
        return {"rate": self.rate, "seed": self.seed, "name": self.name, "dtype": self.dtype, "data_format": self.data_format}


class SpatialDropout1D(_SpatialDropout):
    """Sets whole channels of sequences to 0 at random, in training only.

    Args:
        rate: number from 0 to 1, the part of the channels that is set to 0. The others are multiplied by `1 / (1 - rate)`.
        seed: int; the same seed gives the same numbers in each run of the program.
        name, dtype: as for `Layer`.

    Input shape: (batch, steps, channels).

    Output shape: that of the input.

    Raises:
        ValueError: if `rate` is not from 0 to 1.

    Example:

    >>> SpatialDropout1D(0.5, seed=0)(np.ones((1, 2, 4)), training=True)
    [[[2.0, 0.0, 2.0, 0.0], [2.0, 0.0, 2.0, 0.0]]]
    """

    rank = 1

    def __init__(self, rate, seed=None, name=None, dtype=None):
        super().__init__(rate, "channels_last", seed, name, dtype)

    def get_config(self):
        config = super().get_config()
        del config["data_format"]
        return config


@documented
class SpatialDropout2D(_SpatialDropout):
    """Sets whole channels of images to 0 at random, in training only.

    Args: those of `_SpatialDropout`.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for data_format="channels_first".

    Output shape: that of the input.

    Example:

    >>> y = SpatialDropout2D(0.5)(np.ones((2, 4, 4, 3)), training=True)
    >>> y.min(axis=(1, 2)) == y.max(axis=(1, 2))
    [[True, True, True], [True, True, True]]
    """

    rank = 2


@documented
class SpatialDropout3D(_SpatialDropout):
    """Sets whole channels of volumes or films to 0 at random, in training only.

    Args: those of `_SpatialDropout`.

    Input shape: (batch, depth, height, width, channels), or (batch, channels, depth, height, width) for
    data_format="channels_first".

    Output shape: that of the input.

    Example:

    >>> y = SpatialDropout3D(0.5)(np.ones((2, 4, 4, 4, 3)), training=True)
    >>> y.min(axis=(1, 2, 3)) == y.max(axis=(1, 2, 3))
    [[True, True, True], [True, True, True]]
    """

    rank = 3
