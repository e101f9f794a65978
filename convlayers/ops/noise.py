"""Normally distributed noise, added or multiplied by."""

import numpy as np

from convlayers import _native
from convlayers.autograd import differentiable
from convlayers.launching import empty, launch
from convlayers.ops.dropout import draw_key
from convlayers.ops.dtypes import as_float, widen
from convlayers.ops.layout import in_order_of


@differentiable
def add_noise(inputs, stddev, seed=None):
    """Adds normally distributed numbers with a mean of 0.

    What is drawn depends on the seed only, and the place in the array.

    Args:
        stddev: number, their standard deviation.
        seed: an int or a `SeedGenerator`.
    """
    inputs = as_float(inputs)
    return _disturb(inputs, "add_noise", stddev, draw_key(seed)), lambda d_y: d_y


@differentiable(new_gradients=True, overwrites=True)
def multiply_by_noise(inputs, stddev, seed=None):
    """Multiplies by normally distributed numbers with a mean of 1.

    What is drawn depends on the seed only, and the place in the array.

    Args:
        stddev: number, their standard deviation.
        seed: an int or a `SeedGenerator`.
    """
    key = draw_key(seed)

    def multiply(values, owned=False):
        # Nothing is kept for the backward pass, which draws the same again.
        return _disturb(values, "multiply_by_noise", stddev, key, in_place=owned)

    return multiply(as_float(inputs)), multiply


def _disturb(values, name, stddev, key, in_place=False):
    numbers = np.ascontiguousarray(widen(values))
    disturbed = numbers if in_place else empty(numbers.shape, numbers.dtype)
    launch(_disturb_by_key, name, numbers, key, stddev, disturbed)
    return in_order_of(disturbed.astype(values.dtype, copy=False), values)


def _disturb_by_key(name, numbers, key, stddev, disturbed):
    getattr(_native.kernels(numbers.dtype).noise, name)(numbers, *key, stddev, disturbed)
