"""Initializers that give the same values each time."""

import numpy as np

from convlayers.initializers.initializer import Initializer
from convlayers.narrow_types import array_dtype
from convlayers.serialization import deserialize_keras_object, serialize_keras_object
from convlayers.validation import standardize_dtype


class Zeros(Initializer):
    """All 0."""

    def __call__(self, shape, dtype=None):
        return np.zeros(shape, array_dtype(standardize_dtype(dtype)))


class Ones(Initializer):
    """All 1."""

    def __call__(self, shape, dtype=None):
        return np.ones(shape, array_dtype(standardize_dtype(dtype)))


class Constant(Initializer):
    """Given values.

    Args:
        value: a number, or an array of the shape of the weight.
    """

    def __init__(self, value=0.0):
        self.value = value

    def __call__(self, shape, dtype=None):
        own_shape = np.shape(self.value)
        if own_shape and own_shape != tuple(shape):
            raise ValueError(f"Expected `shape` to be {own_shape} for direct tensor as initializer. Received shape={shape}")
        return np.full(shape, self.value, array_dtype(standardize_dtype(dtype)))

    def get_config(self):
        return {"value": serialize_keras_object(self.value)}

    @classmethod
    def from_config(cls, config):
        return cls(deserialize_keras_object(config["value"]))


class Identity(Initializer):
    """The identity matrix, for weights of two axes.

    Args:
        gain: what it is multiplied by.
    """

    def __init__(self, gain=1.0):
        self.gain = gain

    def __call__(self, shape, dtype=None):
        if len(shape) != 2:
            raise ValueError(
                f"Identity matrix initializer can only be used for 2D matrices. Received: shape={shape} of rank {len(shape)}."
            )
        return (self.gain * np.eye(*shape)).astype(array_dtype(standardize_dtype(dtype)))

    def get_config(self):
        # Keras takes the argument, and forgets it.
        return {"gain": self.gain} if self.gain != 1.0 else {}
