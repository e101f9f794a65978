"""A convolution as kernels see it."""

import math
from typing import NamedTuple

DIRECTIONS = ("forward", "backward_input", "backward_kernel")


class ConvProblem(NamedTuple):
    """Three spatial axes, channels last.

    Attributes:
        input_shape: (n, id, ih, iw, c).
        kernel_shape: (kd, kh, kw, c / groups, k).
        output_shape: (n, od, oh, ow, k).
        strides, dilations: three ints each.
        pads: three ints, the zeros in front of each axis. How many are behind follows from the output's size.
        groups: int.
        dtype: "float32" or "float64".
    """

    input_shape: tuple
    kernel_shape: tuple
    output_shape: tuple
    strides: tuple
    dilations: tuple
    pads: tuple
    groups: int
    dtype: str

    @property
    def taps(self):
        """The places of a window."""
        return math.prod(self.kernel_shape[:3])

    @property
    def weights(self):
        """The numbers of the kernel."""
        return math.prod(self.kernel_shape)

    def depth(self, direction):
        """The numbers that are multiplied and added up at each place of a window, for one result."""
        return self.kernel_shape[4 if direction == "backward_input" else 3]

    def results(self, direction):
        """The numbers in a pixel of the result, or in a row of the kernel."""
        return self.kernel_shape[3 if direction == "backward_input" else 4]

    def pixels(self, direction):
        """The pixels of what windows make: of the input for its gradient, of the output otherwise."""
        return math.prod((self.input_shape if direction == "backward_input" else self.output_shape)[:4])
