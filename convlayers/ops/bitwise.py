"""Functions of the bits of integers, element by element. They have no gradient."""

import numpy as np

from convlayers.autograd import differentiable
from convlayers.ops.dtypes import as_array, promote


def _of_bits(function):
    """Makes an op of a NumPy function of two integers, whose name it gets."""

    def forward(x, y):
        return function(*promote(x, y)), None

    name = forward.__name__ = forward.__qualname__ = function.__name__
    forward.__doc__ = f"Returns `{name}(x, y)`, element by element, as `numpy.{name}` does."
    return differentiable(forward)


bitwise_and = _of_bits(np.bitwise_and)
bitwise_or = _of_bits(np.bitwise_or)
bitwise_xor = _of_bits(np.bitwise_xor)
left_shift = _of_bits(np.left_shift)
right_shift = _of_bits(np.right_shift)
bitwise_left_shift, bitwise_right_shift = left_shift, right_shift


@differentiable
def bitwise_not(x):
    """Returns the integers with all bits turned over, element by element."""
    return np.bitwise_not(as_array(x)), None


bitwise_invert = bitwise_not
