"""Constraints: functions from the values of a weight to the values it may have. Applied after each step of training."""

import numpy as np

from convlayers import config
from convlayers.autograd import value_of
from convlayers.families import Family
from convlayers.registry import table_of
from convlayers.serialization import serialize_keras_object


class Constraint:
    """Base class: a subclass defines `__call__(w)`, and `get_config()` if it has arguments."""

    def __call__(self, w):
        """Returns an array of the shape of `w`."""
        return w

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class MaxNorm(Constraint):
    """Weights whose norm along some axes is at most `max_value`.

    Args:
        max_value: number.
        axis: int, or list of ints. For the weights of one unit of a dense layer 0; for those of one filter of a 2-D
            convolution [0, 1, 2].
    """

    def __init__(self, max_value=2, axis=0):
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w):
        w = np.asarray(value_of(w))
        norms = _norms(w, self.axis)
        return w * (np.clip(norms, 0, self.max_value) / (config.epsilon() + norms))

    def get_config(self):
        return {"max_value": self.max_value, "axis": self.axis}


class MinMaxNorm(Constraint):
    """Weights whose norm along some axes is between two bounds.

    Args:
        min_value, max_value: the bounds.
        rate: how much of the way to the bounds is gone at each step; 1 goes all of it.
        axis: int, or list of ints, as for `MaxNorm`.
    """

    def __init__(self, min_value=0.0, max_value=1.0, rate=1.0, axis=0):
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w):
        w = np.asarray(value_of(w))
        norms = _norms(w, self.axis)
        desired = self.rate * np.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return w * (desired / (config.epsilon() + norms))

    def get_config(self):
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


class UnitNorm(Constraint):
    """Weights whose norm along some axes is 1.

    Args:
        axis: int, or list of ints, as for `MaxNorm`.
    """

    def __init__(self, axis=0):
        self.axis = axis

    def __call__(self, w):
        w = np.asarray(value_of(w))
        return w / (config.epsilon() + _norms(w, self.axis))

    def get_config(self):
        return {"axis": self.axis}


class NonNeg(Constraint):
    """Weights of 0 and more."""

    def __call__(self, w):
        return np.maximum(value_of(w), 0)


def _norms(w, axis):
    axis = tuple(axis) if isinstance(axis, (list, tuple)) else axis
    return np.sqrt(np.sum(np.square(w), axis=axis, keepdims=True))


max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm

_family = Family("keras.constraints", "constraint", table_of(Constraint, MaxNorm, MinMaxNorm, UnitNorm, NonNeg))
get = _family.get
deserialize = _family.deserialize


def serialize(constraint):
    """Returns the encoding of a constraint."""
    return serialize_keras_object(constraint)
