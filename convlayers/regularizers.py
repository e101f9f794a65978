"""Regularizers: functions from a weight, or the output of a layer, to a number that is added to the loss."""

import math
import numbers

import numpy as np

from convlayers import config, ops
from convlayers.families import Family
from convlayers.registry import table_of
from convlayers.serialization import serialize_keras_object
from convlayers.validation import did_you_mean


class Regularizer:
    """Base class: a subclass defines `__call__(x)`, written with `ops`, and `get_config()`."""

    def __call__(self, x):
        return 0.0

    def get_config(self):
        raise NotImplementedError(f"{self} does not implement get_config()")

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class L1L2(Regularizer):
    """Adds `l1 * sum(abs(x)) + l2 * sum(square(x))`.

    Args:
        l1, l2: numbers, 0 and more.
    """

    def __init__(self, l1=0.0, l2=0.0):
        self.l1 = validate_float_arg(0.0 if l1 is None else l1, "l1")
        self.l2 = validate_float_arg(0.0 if l2 is None else l2, "l2")

    def __call__(self, x):
        penalty = np.zeros((), x.dtype)
        if self.l1:
            penalty = penalty + self.l1 * ops.sum(ops.absolute(x))
        if self.l2:
            penalty = penalty + self.l2 * ops.sum(ops.square(x))
        return penalty

    def get_config(self):
        return {"l1": self.l1, "l2": self.l2}


class L1(Regularizer):
    """Adds `l1 * sum(abs(x))`.

    Args:
        l1: number, 0 and more.
    """

    def __init__(self, l1=0.01):
        self.l1 = validate_float_arg(0.01 if l1 is None else l1, "l1")

    def __call__(self, x):
        return self.l1 * ops.sum(ops.absolute(x))

    def get_config(self):
        return {"l1": self.l1}


class L2(Regularizer):
    """Adds `l2 * sum(square(x))`.

    Args:
        l2: number, 0 and more.
    """

    def __init__(self, l2=0.01):
        self.l2 = validate_float_arg(0.01 if l2 is None else l2, "l2")

    def __call__(self, x):
        return self.l2 * ops.sum(ops.square(x))

    def get_config(self):
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """Adds `factor` times the mean of the absolute cosines between all pairs of rows, or of columns.

    Args:
        factor: number, 0 and more.
        mode: "rows" or "columns".

    Input shape: two axes.
    """

    def __init__(self, factor=0.01, mode="rows"):
        self.factor = validate_float_arg(factor, "factor")
        if mode not in ("rows", "columns"):
            raise ValueError(
                f'Invalid value for argument `mode`. Expected one of {{"rows", "columns"}}. Received: mode={mode}'
                + did_you_mean(mode, ("rows", "columns"))
            )
        self.mode = mode

    def __call__(self, inputs):
        if len(inputs.shape) != 2:
            raise ValueError(f"Inputs to OrthogonalRegularizer must have rank 2. Received: inputs.shape={tuple(inputs.shape)}")
        vectors = inputs if self.mode == "rows" else ops.transpose(inputs)
        squares = ops.sum(ops.square(vectors), axis=1, keepdims=True)
        vectors = vectors / ops.sqrt(ops.maximum(squares, config.epsilon() ** 2))
        count = vectors.shape[0]
        cosines = ops.matmul(vectors, ops.transpose(vectors)) * (1.0 - np.eye(count, dtype=inputs.dtype))
        # Each pair is in the matrix twice.
        return self.factor * 0.5 * ops.sum(ops.absolute(cosines)) / (count * (count - 1.0) / 2.0)

    def get_config(self):
        return {"factor": self.factor, "mode": self.mode}


def validate_float_arg(value, name):
    """Returns a factor as a float.

    Raises:
        ValueError: if it is not a finite number, 0 or more.
    """
    if not isinstance(value, numbers.Real) or not math.isfinite(value) or value < 0:
        raise ValueError(f"Invalid value for argument {name}: expected a non-negative float.Received: {name}={value}")
    return float(value)


l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer

_family = Family(
    "keras.regularizers",
    "regularizer",
    table_of(Regularizer, L1, L2, L1L2, OrthogonalRegularizer, l1_l2=L1L2),
)
get = _family.get
deserialize = _family.deserialize


def serialize(regularizer):
    """Returns the encoding of a regularizer."""
    return serialize_keras_object(regularizer)
