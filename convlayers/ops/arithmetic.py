"""Arithmetic of two arrays, element by element. Shapes broadcast as in NumPy, number types are those of `dtypes`."""

import functools
import itertools
import math

import numpy as np

from convlayers import _native
from convlayers.autograd import differentiable
from convlayers.launching import compute, empty, launch
from convlayers.ops.dtypes import as_array, as_float, as_number, promote, promote_floats, widen
from convlayers.ops.layout import KERNEL_DTYPES
from convlayers.symbolic import with_shapes

MANY = 1 << 16  # numbers, from which on a pass over memory takes longer than a call
_MANY_REPEATED = 1 << 13  # likewise, where NumPy goes through them row by row


def unbroadcast(gradient, shape):
    """Returns a gradient in the shape that an array had before it was broadcast: summed over the axes that repeat it."""
    if gradient.shape == shape:
        return gradient
    added = gradient.ndim - len(shape)
    repeated = [axis + added for axis, n in enumerate(shape) if n == 1]
    return np.add.reduce(widen(gradient), axis=(*range(added), *repeated)).reshape(shape)


def _product_in_shape(d_y, x, shape):
    """Returns `unbroadcast(d_y * x, shape)`: in one pass over memory where sums go over axes before the last."""
    if d_y.shape == shape or len(shape) != d_y.ndim or shape[-1] != d_y.shape[-1] or d_y.dtype.char not in "fd":
        return unbroadcast(product(d_y, x), shape)
    axes = list(range(d_y.ndim))
    kept = [axis for axis in axes if shape[axis] == d_y.shape[axis]]
    return np.einsum(d_y, axes, np.broadcast_to(x, d_y.shape), axes, kept).reshape(shape)


def product(x, factors, out=None):
    """Returns `np.multiply(x, factors, out)`. Where many numbers of `x` share one of the factors, a kernel is quicker.

    Args:
        x, factors: arrays of one dtype.
        out: an array for the result, which may be `x`.
    """
    y = None if x.shape == factors.shape else _merge_repeated("product", x, factors, out)
    return np.multiply(x, factors, out) if y is None else y


def _merge_repeated(kind, x, other, y=None):
    """Returns the "sum" or "product" of an array and one that is repeated, None where no kernel can, or should."""
    if x.size < _MANY_REPEATED or x.dtype not in KERNEL_DTYPES or other.dtype is not x.dtype:
        return None
    shapes = _in_three_axes(x.shape, other.shape)
    if shapes is None or not (x.flags.c_contiguous and other.flags.c_contiguous):
        return None
    shape, other_shape = shapes
    y = empty(x.shape, x.dtype) if y is None else y
    launch(_native.kernels(x.dtype).merge.merge_repeated, kind, x.reshape(shape), other.reshape(other_shape), y.reshape(shape))
    return y


@functools.lru_cache(maxsize=4096)
def _in_three_axes(shape, other_shape):
    """Returns two shapes with neighbouring axes put together along which the second array is repeated, or is not.

    None if three axes are too few, or the second array is not repeated to the shape of the first.
    """
    other_shape = (1,) * (len(shape) - len(other_shape)) + other_shape
    if len(other_shape) > len(shape) or any(m not in (1, n) for n, m in zip(shape, other_shape, strict=True)):
        return None
    several = ((n, m) for n, m in zip(shape, other_shape, strict=True) if n > 1)
    groups = [
        tuple(map(math.prod, zip(*group, strict=True))) for _, group in itertools.groupby(several, lambda axis: axis[1] == 1)
    ]
    groups = [(1, 1)] * (3 - len(groups)) + groups
    return tuple(zip(*groups, strict=True)) if len(groups) == 3 else None


def zero_to_infinity(x):
    """Returns `x` with infinity in the place of 0, so that a quotient by it is 0, and so are its gradients."""
    return np.where(x == 0, np.array(np.inf, x.dtype), x)


@differentiable
def add(x1, x2):
    """Returns `x1 + x2`."""
    a, b = promote(x1, x2)
    shapes = a.shape, b.shape

    def backward(d_y):
        return lambda: unbroadcast(d_y, shapes[0]), lambda: unbroadcast(d_y, shapes[1])

    y = None if a.shape == b.shape else _merge_repeated("sum", *((a, b) if a.size >= b.size else (b, a)))
    return compute(np.add, a, b) if y is None else y, backward


@differentiable
def subtract(x1, x2):
    """Returns `x1 - x2`."""
    a, b = promote(x1, x2)
    shapes = a.shape, b.shape

    def backward(d_y):
        return lambda: unbroadcast(d_y, shapes[0]), lambda: unbroadcast(-d_y, shapes[1])

    return np.subtract(a, b), backward


@differentiable
def multiply(x1, x2):
    """Returns `x1 * x2`."""
    a, b = promote(x1, x2)

    def backward(d_y):
        return lambda: _product_in_shape(d_y, b, a.shape), lambda: _product_in_shape(d_y, a, b.shape)

    return product(a, b) if a.size >= b.size else product(b, a), backward


def _divide(x1, x2):
    a, b = promote_floats(x1, x2)
    y = np.divide(a, b)

    def backward(d_y):
        return lambda: unbroadcast(d_y / b, a.shape), lambda: unbroadcast(-d_y * y / b, b.shape)

    return y, backward


@differentiable
def divide(x1, x2):
    """Returns `x1 / x2`. Integers become floats."""
    return _divide(x1, x2)


@differentiable
def true_divide(x1, x2):
    """Returns `x1 / x2`. `divide` under the name that `/` has in the graphs of models."""
    return _divide(x1, x2)


@differentiable
def divide_no_nan(x1, x2):
    """Returns `x1 / x2`, and 0 where `x2` is 0."""
    a, b = promote_floats(x1, x2)
    shapes, zero = (a.shape, b.shape), b == 0
    a, b = np.where(zero, a.dtype.type(0), a), np.where(zero, b.dtype.type(1), b)
    y = np.divide(a, b)

    def backward(d_y):
        return lambda: unbroadcast(np.where(zero, d_y.dtype.type(0), d_y / b), shapes[0]), lambda: unbroadcast(
            -d_y * y / b, shapes[1]
        )

    return y, backward


@differentiable
def floor_divide(x1, x2):
    """Returns the largest integer that is not above `x1 / x2`. Its gradient is zero."""
    return np.floor_divide(*promote(x1, x2)), None


@differentiable
def mod(x1, x2):
    """Returns the remainder of `x1 / x2`, with the sign of `x2`."""
    a, b = map(as_number, promote(x1, x2))

    def backward(d_y):
        return lambda: unbroadcast(d_y, a.shape), lambda: unbroadcast(-d_y * np.floor_divide(a, b), b.shape)

    return np.mod(a, b), backward


@differentiable
def power(x1, x2):
    """Returns `x1` to the power `x2`."""
    a, b = promote(x1, x2)
    y = a**b

    def d_base(d_y):
        # The exponent 0 stands in for -1, so that a power 0 has the gradient 0 even at 0.
        return d_y * b * a ** np.where(b == 0, b, b - 1)

    def d_exponent(d_y):
        return d_y * y * np.log(np.where(a > 0, a, 1))

    def backward(d_y):
        return lambda: unbroadcast(d_base(d_y), a.shape), lambda: unbroadcast(d_exponent(d_y), b.shape)

    return y, backward


@differentiable
def maximum(x1, x2):
    """Returns the larger of two, NaN if one of them is. Equal numbers share the gradient."""
    return _extreme(np.maximum, x1, x2)


@differentiable
def minimum(x1, x2):
    """Returns the smaller of two, NaN if one of them is. Equal numbers share the gradient."""
    return _extreme(np.minimum, x1, x2)


def _extreme(choose, x1, x2):
    a, b = promote(x1, x2)
    y = choose(a, b)

    def backward(d_y):
        d_y = d_y - 0.5 * d_y * (a == b)
        return lambda: unbroadcast(d_y * (y == a), a.shape), lambda: unbroadcast(d_y * (y == b), b.shape)

    return y, backward


@differentiable
def clip(x, x_min, x_max):
    """Returns `x`, with what is below `x_min` or above `x_max` moved to that bound. None is no bound."""
    array = as_number(x)
    low = array if x_min is None else np.asarray(x_min, array.dtype)
    raised = np.maximum(array, low)
    high = raised if x_max is None else np.asarray(x_max, array.dtype)

    def backward(d_y):
        return (
            lambda: unbroadcast(d_y * ((array >= low) & (array <= high)), array.shape),
            lambda: unbroadcast(d_y * ((array < low) & (low <= high)), low.shape),
            lambda: unbroadcast(d_y * (raised > high), high.shape),
        )

    return np.minimum(raised, high), backward


@differentiable
def arctan2(x1, x2):
    """Returns the angle of the point (x2, x1), between -pi and pi."""
    a, b = promote_floats(x1, x2)

    def backward(d_y):
        scaled = d_y / (a * a + b * b)
        return lambda: unbroadcast(scaled * b, a.shape), lambda: unbroadcast(-scaled * a, b.shape)

    return np.arctan2(a, b), backward


@differentiable
def logaddexp(x1, x2):
    """Returns `log(exp(x1) + exp(x2))` without overflow."""
    return _log_of_sum(np.logaddexp, np.exp, x1, x2)


@differentiable
def logaddexp2(x1, x2):
    """Returns `log2(2**x1 + 2**x2)` without overflow."""
    return _log_of_sum(np.logaddexp2, np.exp2, x1, x2)


def _log_of_sum(log_of_sum, power, x1, x2):
    a, b = promote_floats(x1, x2)
    y = log_of_sum(a, b)

    def backward(d_y):
        return lambda: unbroadcast(d_y * power(a - y), a.shape), lambda: unbroadcast(d_y * power(b - y), b.shape)

    return y, backward


def _mend_where(y, condition, x1=None, x2=None):
    if x1 is None:
        for of_axis in y:
            of_axis.shape = (None,)


@with_shapes(_mend_where)
@differentiable
def where(condition, x1=None, x2=None):
    """Returns `x1` where the condition is true and `x2` where it is false.

    Args:
        condition: array of truth values.
        x1, x2: arrays or numbers. Without them, the result is a tuple of indices: of where the condition is true.
    """
    condition = as_array(condition)
    if (x1 is None) != (x2 is None):
        raise ValueError("`x1` and `x2` either both should be `None` or both should have non-None value.")
    if x1 is None:
        return tuple(indices.astype(np.int32) for indices in np.nonzero(condition)), None
    a, b = promote(x1, x2)
    shapes = a.shape, b.shape

    def backward(d_y):
        return (
            None,
            lambda: unbroadcast(d_y * (condition != 0), shapes[0]),
            lambda: unbroadcast(d_y * (condition == 0), shapes[1]),
        )

    return np.where(condition, a, b), backward


@differentiable
def hypot(x1, x2):
    """Returns `sqrt(x1**2 + x2**2)` without overflow. Where it is 0, so is its gradient."""
    a, b = promote_floats(x1, x2)
    y = np.hypot(a, b)

    def backward(d_y):
        scaled = d_y / zero_to_infinity(y)
        return lambda: unbroadcast(scaled * a, a.shape), lambda: unbroadcast(scaled * b, b.shape)

    return y, backward


@differentiable
def fmax(x1, x2):
    """Returns the larger of two, the other one where one is NaN. Equal numbers share the gradient."""
    return _extreme(np.fmax, x1, x2)


@differentiable
def fmin(x1, x2):
    """Returns the smaller of two, the other one where one is NaN. Equal numbers share the gradient."""
    return _extreme(np.fmin, x1, x2)


@differentiable
def fmod(x1, x2):
    """Returns the remainder of `x1 / x2`, with the sign of `x1`."""
    a, b = map(as_number, promote(x1, x2))

    def backward(d_y):
        return lambda: unbroadcast(d_y, a.shape), lambda: unbroadcast(-d_y * np.trunc(a / b), b.shape)

    return np.fmod(a, b), backward


@differentiable
def heaviside(x1, x2):
    """Returns 0 where `x1` is negative, 1 where it is positive, and `x2` where it is 0. Its gradient is zero."""
    return np.heaviside(*promote_floats(x1, x2)), None


@differentiable
def ldexp(x1, x2):
    """Returns `x1 * 2**x2`, with integers `x2`."""
    x1, x2 = as_float(x1), as_array(x2)
    if x2.dtype.kind not in "biu":
        raise TypeError(f"ldexp exponent must be an integer type. Received: x2 dtype={x2.dtype}")
    return np.ldexp(x1, x2).astype(x1.dtype), lambda d_y: (unbroadcast(np.ldexp(d_y, x2), x1.shape), None)


@differentiable
def nextafter(x1, x2):
    """Returns the next number that the dtype has after `x1` in the direction of `x2`. It has no gradient."""
    return np.nextafter(*promote_floats(x1, x2)), None


@differentiable
def gcd(x1, x2):
    """Returns the greatest common divisor of integers. It has no gradient."""
    return np.gcd(*promote(x1, x2)), None


@differentiable
def lcm(x1, x2):
    """Returns the least common multiple of integers. It has no gradient."""
    return np.lcm(*promote(x1, x2)), None
