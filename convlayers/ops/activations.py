"""Activations: functions of one array, element by element. Those in the kernels' table are computed there.

Arguments and defaults are those of `keras.ops`; `convlayers.activations` has those of `keras.activations`.
"""

import numpy as np

from convlayers import _native
from convlayers.autograd import differentiable
from convlayers.launching import empty_like, launch
from convlayers.ops.arithmetic import multiply
from convlayers.ops.bias_activation import fuse
from convlayers.ops.cutting import split
from convlayers.ops.dtypes import as_array, as_float, widen
from convlayers.ops.layout import compact, in_order_of

_table = _native.kernels("float32").elementwise
# The gradient may be written to where the one behind the activation is.
_activation = differentiable(new_gradients=True, overwrites=True)


def _elementwise(x, forward, backward, parameters, from_input):
    """Returns what a kernel makes of each number, and the backward pass.

    Args:
        forward: name of a kernel that takes the parameters, x and y, which are flat.
        backward: name of one that takes the parameters, x or y, d_y and d_x.
        parameters: tuple of numbers.
        from_input: whether it computes the gradient from x; otherwise, from y.
    """
    x = as_float(x)
    dtype = x.dtype
    x = compact(widen(x))
    kernels = _native.kernels(x.dtype).elementwise
    y = empty_like(x)
    launch(getattr(kernels, forward), *parameters, x.ravel("K"), y.ravel("K"))
    # Only one of the two is kept.
    x_or_y = x if from_input else y

    def gradient(d_y, owned):
        d_y = in_order_of(d_y.astype(x_or_y.dtype, copy=False), x_or_y)
        d_x = d_y if owned else empty_like(x_or_y)
        launch(getattr(kernels, backward), *parameters, x_or_y.ravel("K"), d_y.ravel("K"), d_x.ravel("K"))
        return d_x

    return y if y.dtype is dtype else y.astype(dtype), gradient


def _by_kernel(name, x):
    """Returns an activation of the kernels' table, and its backward pass."""
    code = _table.activation_codes[name]
    return _elementwise(x, "activation_forward", "activation_backward", (code,), name in _table.gradient_from_input)


@fuse
@_activation
def relu(x):
    """Returns `max(x, 0)`. Its gradient at 0 is 0. Integers stay integers."""
    x = as_array(x)
    return (np.maximum(x, 0), None) if x.dtype.kind in "iu" else _by_kernel("relu", x)


@fuse
@_activation
def relu6(x):
    """Returns `min(max(x, 0), 6)`."""
    return _by_kernel("relu6", x)


@fuse
@_activation
def sigmoid(x):
    """Returns `1 / (1 + exp(-x))`."""
    return _by_kernel("sigmoid", x)


@fuse
@_activation
def tanh(x):
    """Returns the hyperbolic tangent."""
    return _by_kernel("tanh", x)


@fuse
@_activation
def softplus(x):
    """Returns `log(exp(x) + 1)`."""
    return _by_kernel("softplus", x)


@fuse
@_activation
def softsign(x):
    """Returns `x / (abs(x) + 1)`."""
    return _by_kernel("softsign", x)


@fuse
@_activation
def log_sigmoid(x):
    """Returns `log(sigmoid(x))`."""
    return _by_kernel("log_sigmoid", x)


@fuse
@_activation
def hard_sigmoid(x):
    """Returns `relu6(x + 3) / 6`."""
    return _by_kernel("hard_sigmoid", x)


@fuse
@_activation
def hard_tanh(x):
    """Returns `x`, or the nearer of -1 and 1 outside them."""
    return _by_kernel("hard_tanh", x)


@fuse
@_activation
def selu(x):
    """Returns `scale * elu(x, alpha)`, with the constants for which networks normalize themselves."""
    return _by_kernel("selu", x)


@fuse
@_activation
def silu(x):
    """Returns `x * sigmoid(x)`, also called swish."""
    return _by_kernel("silu", x)


@fuse
@_activation
def hard_silu(x):
    """Returns `x * hard_sigmoid(x)`, also called hard swish."""
    return _by_kernel("hard_silu", x)


@fuse
@_activation
def mish(x):
    """Returns `x * tanh(softplus(x))`."""
    return _by_kernel("mish", x)


@_activation
def gelu(x, approximate=True):
    """Returns `x` times the probability that a normally distributed number is below it.

    Args:
        approximate: use a hyperbolic tangent in the place of the exact function.
    """
    return _by_kernel("gelu_tanh" if approximate else "gelu", x)


swish, hard_swish = silu, hard_silu


# With parameters ------------------------------------------------------------------------------------------------------


@fuse
@_activation
def leaky_relu(x, negative_slope=0.2):
    """Returns `x` above 0 and `negative_slope * x` below."""
    if negative_slope == 0.2:
        return _by_kernel("leaky_relu", x)
    return _elementwise(x, "leaky_relu_forward", "leaky_relu_backward", (negative_slope,), from_input=True)


@fuse
@_activation
def elu(x, alpha=1.0):
    """Returns `x` above 0 and `alpha * (exp(x) - 1)` below."""
    return _exponential_below_zero(x, alpha, 1.0)


@_activation
def celu(x, alpha=1.0):
    """Returns `x` above 0 and `alpha * (exp(x / alpha) - 1)` below."""
    return _exponential_below_zero(x, alpha, alpha)


def _exponential_below_zero(x, alpha, width):
    if alpha == width == 1:
        return _by_kernel("elu", x)
    return _elementwise(x, "elu_forward", "elu_backward", (alpha, width), from_input=True)


@differentiable
def threshold(x, threshold, default_value):
    """Returns `x` above a threshold and `default_value` elsewhere."""
    x = as_float(x)
    return np.where(x <= threshold, np.array(default_value, x.dtype), x), lambda d_y: d_y * (x > threshold)


@differentiable
def soft_shrink(x, threshold=0.5):
    """Returns `x` moved towards 0 by a threshold, and 0 within it."""
    x = as_float(x)
    return x - np.clip(x, -threshold, threshold), lambda d_y: d_y * (np.absolute(x) > threshold)


@differentiable
def hard_shrink(x, threshold=0.5):
    """Returns `x` outside of a threshold around 0, and 0 within it."""
    x = as_float(x)
    outside = np.absolute(x) > threshold
    return np.where(outside, x, 0), lambda d_y: d_y * outside


@differentiable
def tanh_shrink(x):
    """Returns `x - tanh(x)`."""
    x = as_float(x)
    removed = np.tanh(x)
    return x - removed, lambda d_y: d_y * removed * removed


@differentiable
def sparse_plus(x):
    """Returns 0 below -1, `x` above 1, and `(x + 1)**2 / 4` between."""
    x = as_float(x)
    slope = np.clip((x + 1) / 2, 0, 1)
    return slope * slope + np.maximum(x - 1, 0), lambda d_y: d_y * slope


@differentiable
def sparse_sigmoid(x):
    """Returns 0 below -1, 1 above 1, and `(x + 1) / 2` between."""
    x = as_float(x)
    return np.clip((x + 1) / 2, 0, 1), lambda d_y: d_y * (0.5 * (np.absolute(x) < 1)).astype(x.dtype)


@differentiable
def squareplus(x, b=4):
    """Returns `(x + sqrt(x**2 + b)) / 2`."""
    x = as_float(x)
    root = np.sqrt(x * x + b)
    return (x + root) / 2, lambda d_y: d_y * (1 + x / root) / 2


def glu(x, axis=-1):
    """Returns the first half along an axis times the sigmoid of the second half.

    Raises:
        ValueError: if the length of the axis is odd.
    """
    if np.shape(x)[axis] % 2:
        raise ValueError(
            f"axis size must be divisible by 2. Received: x.shape={np.shape(x)} with axis={axis}\n"
            "One half of the numbers decides how much of the other half passes."
        )
    values, gates = split(x, 2, axis)
    return multiply(values, sigmoid(gates))
