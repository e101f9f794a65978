"""A row of the table of layers that keep the shape of their inputs: normalization, dropout, activations with weights."""

from dataclasses import dataclass
from math import prod

import numpy as np


@dataclass(frozen=True, kw_only=True)
class KeepingCase:
    """One such layer on one input, in training.

    Args:
        name: unique, in the form "layer/input".
        kind: the name of the class in Keras.
        options: its arguments.
        input_shape: with the batch in front and the channels last.
        random: whether it draws random numbers, so that no two libraries give the same answers.
        quick: whether it belongs to the small selection.
    """

    name: str
    kind: str
    options: dict
    input_shape: tuple
    random: bool
    quick: bool

    family = "keeping"
    directions = ("forward", "both")

    def operations(self, direction):
        """None: there are few for each number."""

    def traffic(self, direction, itemsize):
        """Bytes that cross memory at least: the input read and the output written once, then their gradients."""
        return (2 if direction == "forward" else 4) * itemsize * prod(self.input_shape)

    def arrays(self, dtype):
        """Returns a list of the inputs, here one, and the gradient of the output, the same ones at every call."""
        random = np.random.default_rng(20)
        x, d_y = [random.standard_normal(self.input_shape, dtype="float32").astype(dtype) for _ in range(2)]
        return [x], d_y

    def weights(self, shapes, dtype):
        """Returns weights of these shapes, the same ones at every call."""
        random = np.random.default_rng(21)
        return [random.standard_normal(shape, dtype="float32").astype(dtype) for shape in shapes]


def keeping(name, kind, input_shape, random=False, quick=False, **options):
    """Returns a row; `options` are the arguments of the class."""
    return KeepingCase(name=name, kind=kind, options=options, input_shape=input_shape, random=random, quick=quick)
