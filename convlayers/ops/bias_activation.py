"""What kernels do to their results before they leave the cache: bias and activation, and the way back."""

import math

import numpy as np

from convlayers import _native
from convlayers.autograd import current_tape
from convlayers.launching import compute, empty, launch

LINEAR = 0
_kernels = _native.kernels("float32").elementwise
_codes = {}
_codes_with_gradient = {}


def fuse(function):
    """Notes that kernels compute an activation of this name themselves. Returns the function: a decorator."""
    name = function.__name__
    _codes[function] = _kernels.activation_codes[name]
    # What came before an activation is never stored.
    if name not in _kernels.gradient_from_input:
        _codes_with_gradient[function] = _codes[function]
    return function


def fused_code(activation, computed_again=False):
    """Returns the number by which kernels know an activation, `LINEAR` for None, and None for one that they do not know.

    While a tape records, they know only those whose gradient follows from their output.

    Args:
        computed_again: whether the way back has what the activation was given, so that they know all of them.
    """
    if activation is None:
        return LINEAR
    return (_codes if computed_again or current_tape() is None else _codes_with_gradient).get(activation)


def add_bias_activation(code, y, bias):
    """Adds a bias and applies an activation, in place.

    Args:
        code: the number by which kernels know the activation.
        y: images as kernels see them.
        bias: vector with a number for each channel, or None.
    """
    elementwise = _native.kernels(y.dtype).elementwise
    if bias is not None:
        c = y.shape[-1]
        # Several pixels make a row, where channels are too few to fill vectors: a power of two that divides all.
        pixels = math.gcd(y.size // c, 1 << max(0, (64 // c).bit_length() - 1))
        row = bias if pixels == 1 else compute(np.concatenate, [bias] * pixels, 0)
        launch(elementwise.bias_activation, code, row, y.reshape(-1, pixels * c))
    elif code != LINEAR:
        numbers = y.reshape(-1)
        launch(elementwise.activation_forward, code, numbers, numbers)


def backward_bias_activation(code, y, d_y, overwrite=False):
    """Returns the gradient before bias and activation, and that for the bias.

    Args:
        code: the number by which kernels know the activation.
        y: its output, as kernels see it; not needed for `LINEAR`.
        d_y: the gradient for `y`.
        overwrite: whether `d_x` may take its place.

    Returns:
        d_x: array in the shape of `y`.
        d_bias: vector with a number for each channel, which costs next to nothing on the way to `d_x`; for `LINEAR`, where
            nothing is on the way, a function that returns it.
    """
    kernels = _native.kernels(d_y.dtype).channels
    d_bias = empty(d_y.shape[-1], d_y.dtype)
    if code != LINEAR:
        d_x = d_y if overwrite else empty(d_y.shape, d_y.dtype)
        launch(kernels.bias_activation_backward, code, y, d_y, d_x, d_bias)
        return d_x, d_bias

    def sum_of_pixels():
        launch(kernels.bias_backward, d_y, d_bias)
        return d_bias

    return d_y, sum_of_pixels
