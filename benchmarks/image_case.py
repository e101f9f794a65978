"""What a row of the table of layers on images means: sizes, value ranges, and random changes. They have no weights."""

from dataclasses import dataclass
from math import prod

import numpy as np

from benchmarks.keeping_case import KeepingCase


@dataclass(frozen=True, kw_only=True)
class ImageCase(KeepingCase):
    """One such layer on one batch of images, in training.

    Args:
        output_shape: with the batch in front and the channels last.
    """

    output_shape: tuple

    family = "images"

    @property
    def directions(self):
        # Nobody needs gradients for images that are changed at random.
        return ("forward",) if self.random else ("forward", "both")

    def traffic(self, direction, itemsize):
        """Bytes that cross memory at least: the input read and the output written once, then their gradients."""
        passes = 1 if direction == "forward" else 2
        return passes * itemsize * (prod(self.input_shape) + prod(self.output_shape))

    def arrays(self, dtype):
        """Returns a list of the input, and the gradient of the output, the same ones at every call."""
        random = np.random.default_rng(20)
        shapes = self.input_shape, self.output_shape
        x, d_y = [random.standard_normal(shape, dtype="float32").astype(dtype) for shape in shapes]
        return [x], d_y


def images(name, kind, input_shape, output_shape=None, random=False, quick=False, **options):
    """Returns a row; `options` are the arguments of the class."""
    return ImageCase(
        name=name,
        kind=kind,
        options=options,
        input_shape=input_shape,
        output_shape=output_shape or input_shape,
        random=random,
        quick=quick,
    )
