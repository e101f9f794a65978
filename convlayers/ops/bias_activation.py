"""What kernels do to their results before they leave the cache: bias and activation, and the way back."""

import numpy as np

from convlayers import _native

LINEAR = 0
_kernels = _native.kernels("float32").elementwise
_codes = {}


def fuse(function):
    """Notes that kernels compute an activation of this name themselves. Returns the function: a decorator.

    Only activations whose gradient follows from their output can be fused: what came before is never stored.
    """
    if function.__name__ in _kernels.gradient_from_input:
        raise ValueError(f"The gradient of {function.__name__} does not follow from its output.")
    _codes[function] = _kernels.activation_codes[function.__name__]
    return function


def fused_code(activation):
    """Returns the number by which kernels know an activation, `LINEAR` for None, and None for one that they do not know."""
    return LINEAR if activation is None else _codes.get(activation)


def backward_activation(code, y, d_y):
    """Returns the gradient before an activation, from its output (which may be None for `LINEAR`) and that behind it."""
    if code == LINEAR:
        return d_y
    d_x = np.empty(y.shape, y.dtype)
    _native.kernels(y.dtype).elementwise.activation_backward(code, y.reshape(-1), d_y.reshape(-1), d_x.reshape(-1))
    return d_x


def bias_gradient(d_y):
    """Returns the sum over all axes but the last of a contiguous array."""
    d_bias = np.empty(d_y.shape[-1:], d_y.dtype)
    _native.kernels(d_y.dtype).channels.sum_rows(d_y.reshape(-1, d_y.shape[-1]), d_bias)
    return d_bias
