"""Numbers in another range."""

import numpy as np

from convlayers.config import image_data_format
from convlayers.layers.layer import Layer
from convlayers.ops.image.scaling import scale_and_shift
from convlayers.serialization import deserialize_keras_object, serialize_keras_object


class Rescaling(Layer):
    """Multiplies inputs, and adds to them: `inputs * scale + offset`.

    Args:
        scale: a number, or a vector with one for each channel.
        offset: the same.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: any. Inputs may be integers.

    Output shape: that of the input. Outputs are floats.

    Example:

    >>> Rescaling(1 / 127.5, offset=-1)(np.array([0, 255], "uint8"))
    [-1.0, 1.0]
    """

    supports_masking = True

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset

    def call(self, inputs):
        scale = np.asarray(self.scale, self._array_dtype)
        if scale.ndim and image_data_format() == "channels_first":
            scale = scale.reshape(scale.shape + (1,) * (3 - scale.ndim))
        return scale_and_shift(inputs, scale, self.offset, self._array_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "scale": serialize_keras_object(self.scale),
            "offset": serialize_keras_object(self.offset),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        decoded = {name: deserialize_keras_object(config[name], custom_objects) for name in ("scale", "offset")}
        return cls(**{**config, **decoded})
