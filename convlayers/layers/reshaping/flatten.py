"""One axis for each sample."""

import math

from convlayers import ops
from convlayers.config import standardize_data_format
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.reshaping.reshaping import Reshaping


class Flatten(Reshaping):
    """Gives each sample one axis.

    Args:
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`. Samples with
            the channels first are brought into the order of those with the channels last, so that both give the same outputs.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (batch, ...).

    Output shape: (batch, values in a sample).

    Example:

    >>> Flatten()(np.zeros((10, 64, 3))).shape
    (10, 192)
    """

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs):
        shape = inputs.shape
        if self.data_format == "channels_first" and len(shape) > 2:
            inputs = ops.transpose(inputs, (0, *range(2, len(shape)), 1))
        return ops.reshape(inputs, (shape[0], math.prod(shape[1:])))

    def compute_output_shape(self, input_shape):
        batch, *sizes = input_shape
        return (batch, None if None in sizes else math.prod(sizes))

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}
