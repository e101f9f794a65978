"""What a row of the table of layers with several inputs means."""

from dataclasses import dataclass
from math import prod

import numpy as np

from benchmarks.keeping_case import KeepingCase


@dataclass(frozen=True, kw_only=True)
class MergingCase(KeepingCase):
    """One such layer on some inputs.

    Args:
        input_shapes: of all inputs, with the batch in front and the channels last; `input_shape` is that of the first.
        output_shape: likewise.
    """

    input_shapes: tuple
    output_shape: tuple

    family = "merging"

    def traffic(self, direction, itemsize):
        """Bytes that cross memory at least: the inputs read and the output written once, then their gradients."""
        passes = 1 if direction == "forward" else 2
        return passes * itemsize * (sum(map(prod, self.input_shapes)) + prod(self.output_shape))

    def arrays(self, dtype):
        """Returns the inputs and the gradient of the output, the same ones at every call."""
        random = np.random.default_rng(20)
        shapes = *self.input_shapes, self.output_shape
        *inputs, d_y = [random.standard_normal(shape, dtype="float32").astype(dtype) for shape in shapes]
        return inputs, d_y


def merging(name, kind, *input_shapes, output_shape=None, quick=False, **options):
    """Returns a row; `options` are the arguments of the class. The output has the shape of the first input unless given."""
    return MergingCase(
        name=name,
        kind=kind,
        options=options,
        input_shape=input_shapes[0],
        input_shapes=input_shapes,
        output_shape=output_shape or input_shapes[0],
        random=False,
        quick=quick,
    )
