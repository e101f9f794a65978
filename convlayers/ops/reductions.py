"""Reductions: numbers along some axes made one.

All take `axis`: an int, a tuple of ints, or None for all axes; and `keepdims`: if reduced axes stay, with length 1.
"""

import numpy as np

from convlayers.autograd import differentiable
from convlayers.narrow_types import array_dtype
from convlayers.ops.arithmetic import add, divide, multiply, subtract, where, zero_to_infinity
from convlayers.ops.comparison import isnan
from convlayers.ops.dtypes import as_array, as_float, as_number, widen
from convlayers.ops.shaping import as_axes, moveaxis, reshape


def _restore_axes(y, shape, axis, keepdims):
    """Returns a result with its reduced axes put back, so that it broadcasts against an array of the shape before."""
    if keepdims or axis is None:
        return y
    shape = list(shape)
    for reduced in axis if isinstance(axis, tuple) else (axis,):
        shape[reduced] = 1
    return y.reshape(shape)


def _spread(d_y, shape, axis, keepdims):
    """Returns the gradient of a sum: that of the result, repeated along the reduced axes."""
    d_x = np.empty(shape, d_y.dtype)
    d_x[...] = _restore_axes(d_y, shape, axis, keepdims)
    return d_x


def _as_summable(x):
    """Returns an array of numbers wide enough for a sum: integers below 32 bits become int32, those without a sign uint32."""
    array = as_array(x)
    if array.dtype.kind not in "biu" or array.itemsize >= 4:
        return array
    return array.astype(np.uint32 if array.dtype.kind == "u" else np.int32)


def _total(x, axis, keepdims):
    x = widen(x)
    return np.add.reduce(x, axis=axis, dtype=x.dtype, keepdims=keepdims)


def _mean(x, axis, keepdims):
    total = _total(x, axis, keepdims)
    return (total / _count_reduced(x, total)).astype(x.dtype)


def _distances_from_mean(x, axis):
    x = widen(x)
    return x - _mean(x, axis, keepdims=True)


def _count_reduced(x, y):
    """Returns how many numbers of `x` each number of `y` was made of."""
    return x.size // y.size if y.size else 0


@differentiable
def sum(x, axis=None, keepdims=False):
    """Returns the sum. Integers of fewer than 32 bits are added as int32, those without a sign as uint32."""
    x, axis = _as_summable(x), as_axes(axis)
    shape = x.shape

    def backward(d_y):
        return _spread(d_y, shape, axis, keepdims)

    return _total(x, axis, keepdims).astype(x.dtype, copy=False), backward


@differentiable
def mean(x, axis=None, keepdims=False):
    """Returns the mean. That of integers is a float."""
    x, axis = as_float(x), as_axes(axis)
    y = _mean(x, axis, keepdims)
    shape, count = x.shape, _count_reduced(x, y)

    def backward(d_y):
        return _spread(d_y / count, shape, axis, keepdims)

    return y, backward


def average(x, axis=None, weights=None):
    """Returns the mean, or with weights the sum of `x * weights` divided by the sum of the weights.

    Args:
        weights: array of the shape of `x`; or a vector, of weights for what lies along `axis`.
    """
    if weights is None:
        return mean(x, axis)
    ndim = np.ndim(x)
    if axis is not None and np.ndim(weights) < ndim:
        weights = reshape(weights, [-1 if other == axis % ndim else 1 for other in range(ndim)])
    return divide(sum(multiply(x, weights), axis), sum(weights, axis))


@differentiable
def var(x, axis=None, keepdims=False):
    """Returns the variance: the mean of the squared distances from the mean."""
    x, axis = as_float(x), as_axes(axis)
    centred = _distances_from_mean(x, axis)
    y = _mean(centred * centred, axis, keepdims)

    def backward(d_y):
        return centred * _restore_axes(2 * d_y / _count_reduced(centred, y), centred.shape, axis, keepdims)

    return y.astype(x.dtype, copy=False), backward


@differentiable
def std(x, axis=None, keepdims=False):
    """Returns the standard deviation: the square root of the variance. Where it is 0, so is its gradient."""
    x, axis = as_float(x), as_axes(axis)
    centred = _distances_from_mean(x, axis)
    y = np.sqrt(_mean(centred * centred, axis, keepdims))

    def backward(d_y):
        scale = d_y / (zero_to_infinity(y) * _count_reduced(centred, y))
        return centred * _restore_axes(scale, centred.shape, axis, keepdims)

    return y.astype(x.dtype, copy=False), backward


@differentiable
def euclidean_norm(x, axis=None, keepdims=False):
    """Returns the square root of the sum of squares. Where it is 0, so is its gradient."""
    x, axis = as_float(x), as_axes(axis)
    y = np.sqrt(_total(np.square(widen(x)), axis, keepdims)).astype(x.dtype, copy=False)

    def backward(d_y):
        return x * _restore_axes(d_y / zero_to_infinity(y), x.shape, axis, keepdims)

    return y, backward


@differentiable
def max(x, axis=None, keepdims=False, initial=None):
    """Returns the largest number, or `initial` if that is larger. Equal numbers share the gradient."""
    return _extreme(np.maximum, x, axis, keepdims, initial)


@differentiable
def min(x, axis=None, keepdims=False, initial=None):
    """Returns the smallest number, or `initial` if that is smaller. Equal numbers share the gradient."""
    return _extreme(np.minimum, x, axis, keepdims, initial)


def amax(x, axis=None, keepdims=False):
    """Returns the largest number."""
    return max(x, axis, keepdims)


def amin(x, axis=None, keepdims=False):
    """Returns the smallest number."""
    return min(x, axis, keepdims)


def _extreme(choose, x, axis, keepdims, initial):
    x, axis = as_array(x), as_axes(axis)
    y = choose.reduce(x, axis=axis, keepdims=keepdims, **({} if initial is None else {"initial": initial}))

    def backward(d_y):
        chosen = x == _restore_axes(y, x.shape, axis, keepdims)
        shares = np.add.reduce(chosen, axis=axis, keepdims=True, dtype=d_y.dtype)
        # Nothing is chosen where `initial` was.
        return chosen * (_restore_axes(d_y, x.shape, axis, keepdims) / np.maximum(shares, 1))

    return y, backward


@differentiable
def prod(x, axis=None, keepdims=False, dtype=None):
    """Returns the product. Integers of fewer than 32 bits are multiplied as int32, those without a sign as uint32."""
    x, axis = _as_summable(x) if dtype is None else as_array(x).astype(array_dtype(dtype)), as_axes(axis)

    def backward(d_y):
        # The product of all others is that of those before times that of those after: right even where some are 0.
        axes = tuple(range(x.ndim)) if axis is None else np.atleast_1d(axis) % x.ndim
        last = tuple(range(x.ndim - len(axes), x.ndim))
        moved = np.moveaxis(x, axes, last)
        line = moved.reshape(*moved.shape[: x.ndim - len(axes)], -1)
        others = _product_before(line) * _product_before(line[..., ::-1])[..., ::-1]
        return np.moveaxis(others.reshape(moved.shape), last, axes) * _restore_axes(d_y, x.shape, axis, keepdims)

    wide = widen(x)
    return np.multiply.reduce(wide, axis=axis, dtype=wide.dtype, keepdims=keepdims).astype(x.dtype, copy=False), backward


def _product_before(line):
    before = np.ones_like(line)
    np.cumprod(line[..., :-1], axis=-1, out=before[..., 1:])
    return before


@differentiable
def logsumexp(x, axis=None, keepdims=False):
    """Returns `log(sum(exp(x)))` without overflow."""
    given, axis = as_float(x), as_axes(axis)
    x = widen(given)
    largest = np.max(x, axis=axis, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0).astype(x.dtype)
    with np.errstate(divide="ignore"):  # the logarithm of 0, where all is minus infinity
        kept = np.log(np.sum(np.exp(x - largest), axis=axis, keepdims=True)) + largest
    y = kept if keepdims else np.squeeze(kept, axis)

    def backward(d_y):
        # Where all is minus infinity, so is the result, and nothing has a share in it.
        return np.exp(x - np.where(np.isfinite(kept), kept, 0)) * _restore_axes(d_y, x.shape, axis, keepdims)

    return y.astype(given.dtype, copy=False), backward


@differentiable
def cumsum(x, axis=None, dtype=None):
    """Returns the sums of all numbers up to each. Without an axis, of the flattened array."""
    x = as_number(x) if dtype is None else as_array(x).astype(array_dtype(dtype))
    shape, along = x.shape, 0 if axis is None else axis

    def backward(d_y):
        return np.flip(np.cumsum(np.flip(widen(d_y), along), along), along).reshape(shape)

    wide = widen(x)
    return np.cumsum(wide, axis, dtype=wide.dtype).astype(x.dtype, copy=False), backward


@differentiable
def cumprod(x, axis=None, dtype=None):
    """Returns the products of all numbers up to each. Without an axis, of the flattened array."""
    x = as_number(x) if dtype is None else as_array(x).astype(array_dtype(dtype))
    line = np.moveaxis(x.reshape(-1) if axis is None else x, 0 if axis is None else axis, -1)

    def backward(d_y):
        d_y = np.moveaxis(d_y, 0 if axis is None else axis, -1)
        d_line = np.zeros_like(line)
        # The product up to j without the factor i is that before i times that from i + 1 to j: right even where some are 0.
        before = _product_before(line)
        for i in range(line.shape[-1]):
            between = np.cumprod(np.concatenate([np.ones_like(line[..., :1]), line[..., i + 1 :]], axis=-1), axis=-1)
            d_line[..., i] = before[..., i] * np.sum(between * d_y[..., i:], axis=-1)
        return np.moveaxis(d_line, -1, 0 if axis is None else axis).reshape(x.shape)

    wide = widen(x)
    return np.cumprod(wide, axis, dtype=wide.dtype).astype(x.dtype, copy=False), backward


@differentiable
def argmax(x, axis=None, keepdims=False):
    """Returns the index of the largest number, as int32: the first of several."""
    return np.argmax(as_array(x), axis, keepdims=keepdims).astype(np.int32), None


@differentiable
def argmin(x, axis=None, keepdims=False):
    """Returns the index of the smallest number, as int32: the first of several."""
    return np.argmin(as_array(x), axis, keepdims=keepdims).astype(np.int32), None


@differentiable
def all(x, axis=None, keepdims=False):
    """Returns whether all are true."""
    return np.all(as_array(x), as_axes(axis), keepdims=keepdims), None


@differentiable
def any(x, axis=None, keepdims=False):
    """Returns whether one is true."""
    return np.any(as_array(x), as_axes(axis), keepdims=keepdims), None


@differentiable
def count_nonzero(x, axis=None):
    """Returns how many are not 0, as int32."""
    return np.asarray(np.count_nonzero(as_array(x), as_axes(axis)), np.int32), None


def nanargmax(x, axis=None, keepdims=False):
    """Returns the index of the largest number that is not NaN, as int32; -1 where all are."""
    return _index_without_nan(argmax, -np.inf, x, axis, keepdims)


def nanargmin(x, axis=None, keepdims=False):
    """Returns the index of the smallest number that is not NaN, as int32; -1 where all are."""
    return _index_without_nan(argmin, np.inf, x, axis, keepdims)


def _index_without_nan(op, instead, x, axis, keepdims):
    missing = isnan(x)
    return where(all(missing, axis, keepdims), -1, op(where(missing, instead, x), axis, keepdims))


def nancumsum(x, axis=None, dtype=None):
    """Returns `cumsum` with 0 in the place of NaN."""
    return cumsum(where(isnan(x), 0, x), axis, dtype)


def nancumprod(x, axis=None, dtype=None):
    """Returns `cumprod` with 1 in the place of NaN."""
    return cumprod(where(isnan(x), 1, x), axis, dtype)


def trapezoid(y, x=None, dx=1.0, axis=-1):
    """Returns the integral along an axis by the trapezoidal rule.

    Args:
        y: array of values.
        x: the places of the values, a vector or an array of the same shape; without it, they are `dx` apart.
    """
    y = moveaxis(y, axis, -1)
    if x is not None:
        x = moveaxis(x, axis, -1) if len(x.shape) > 1 else x
        dx = subtract(x[..., 1:], x[..., :-1])
    return divide(sum(multiply(add(y[..., 1:], y[..., :-1]), dx), axis=-1), 2)
