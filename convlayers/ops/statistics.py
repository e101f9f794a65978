"""Medians, quantiles, histograms and the like."""

import math

import numpy as np

from convlayers import config
from convlayers.autograd import differentiable
from convlayers.ops.arithmetic import divide, subtract, where
from convlayers.ops.comparison import isnan, logical_not
from convlayers.ops.core import dtype
from convlayers.ops.dtypes import as_array, as_float, promote_floats
from convlayers.ops.labels import refuse_sparse
from convlayers.ops.linear import matmul
from convlayers.ops.pointwise import log10, sqrt
from convlayers.ops.reductions import max, mean, min, prod, sum, var
from convlayers.ops.shaping import expand_dims, transpose
from convlayers.validation import check_choice

# Where a quantile lies between the numbers below and above it, of which the distance is 1.
_METHODS = {
    "linear": lambda fraction, low: fraction,
    "lower": lambda fraction, low: np.zeros_like(fraction),
    "higher": lambda fraction, low: np.ceil(fraction),
    "midpoint": lambda fraction, low: 0.5 * np.ceil(fraction),
    "nearest": lambda fraction, low: np.where(fraction == 0.5, low % 2, np.round(fraction)),
}


# Quantiles ------------------------------------------------------------------------------------------------------------


@differentiable
def quantile(x, q, axis=None, method="linear", keepdims=False):
    """Returns the numbers below which a part `q` of all numbers lies.

    Args:
        x: array.
        q: number or array of numbers from 0 to 1.
        axis: int, tuple of ints, or None for all axes.
        method: what to take between two numbers: "linear" for both in proportion, "lower", "higher", "midpoint", "nearest".
        keepdims: whether reduced axes stay, with length 1.

    Returns:
        Array. The axes of `q` come first.
    """
    return _quantile(x, q, axis, method, keepdims, skip_nan=False)


@differentiable
def nanquantile(x, q, axis=None, method="linear", keepdims=False):
    """Returns `quantile` of the numbers that are not NaN."""
    return _quantile(x, q, axis, method, keepdims, skip_nan=True)


def percentile(x, q, axis=None, method="linear", keepdims=False):
    """Returns `quantile`, with `q` from 0 to 100."""
    return quantile(x, divide(q, 100), axis, method, keepdims)


def nanpercentile(x, q, axis=None, method="linear", keepdims=False):
    """Returns `nanquantile`, with `q` from 0 to 100."""
    return nanquantile(x, divide(q, 100), axis, method, keepdims)


def median(x, axis=None, keepdims=False):
    """Returns the number in the middle, or the mean of the two that are."""
    return quantile(x, 0.5, axis, keepdims=keepdims)


def nanmedian(x, axis=None, keepdims=False):
    """Returns the median of the numbers that are not NaN."""
    return nanquantile(x, 0.5, axis, keepdims=keepdims)


def _quantile(x, q, axis, method, keepdims, skip_nan):
    check_choice(method, _METHODS, "quantile", "method")
    x, q = as_float(x), np.asarray(q)
    if q.size and not (q.min() >= 0 and q.max() <= 1):
        raise ValueError(f"Quantiles must be in the range [0, 1]\nReceived: q={q}. For percentiles, these are hundredths.")
    axes = tuple(range(x.ndim)) if axis is None else tuple(np.atleast_1d(axis) % x.ndim)
    moved = np.moveaxis(x, axes, range(-len(axes), 0))
    lines = moved.reshape(*moved.shape[: x.ndim - len(axes)], -1)
    order = np.argsort(lines, axis=-1, kind="stable")  # NaN comes last
    numbers = np.sum(~np.isnan(lines), axis=-1, keepdims=True) if skip_nan else lines.shape[-1]
    place = np.maximum(q.reshape(-1) * (numbers - 1.0), 0)
    place = np.broadcast_to(place, (*lines.shape[:-1], q.size))
    low = np.floor(place).astype(np.intp)
    share = _METHODS[method](place - low, low).astype(x.dtype)
    places = [np.take_along_axis(order, at, -1) for at in (low, np.ceil(place).astype(np.intp))]
    below, above = (np.take_along_axis(lines, at, -1) for at in places)
    y = np.where(share > 0, below + share * (above - below), below)
    if not skip_nan:
        y = np.where(np.isnan(lines).any(-1, keepdims=True), np.nan, y).astype(x.dtype)
    kept = tuple(1 if at in axes else n for at, n in enumerate(x.shape)) if keepdims else lines.shape[:-1]

    def backward(d_y):
        d_y = np.moveaxis(d_y.reshape(q.size, *lines.shape[:-1]), 0, -1)
        d_lines = np.zeros_like(lines)
        grid = np.ix_(*map(np.arange, d_y.shape))[:-1]
        for at, part in zip(places, (1 - share, share), strict=True):
            np.add.at(d_lines, (*grid, at), d_y * part)
        return np.moveaxis(d_lines.reshape(moved.shape), range(-len(axes), 0), axes)

    return np.moveaxis(y, -1, 0).reshape(q.shape + kept), backward


# Without NaN ----------------------------------------------------------------------------------------------------------


def nansum(x, axis=None, keepdims=False):
    """Returns the sum of what is not NaN."""
    return sum(_instead_of_nan(x, 0), axis, keepdims)


def nanprod(x, axis=None, keepdims=False):
    """Returns the product of what is not NaN."""
    return prod(_instead_of_nan(x, 1), axis, keepdims)


def nanmean(x, axis=None, keepdims=False):
    """Returns the mean of what is not NaN, NaN if there is nothing."""
    with np.errstate(invalid="ignore"):
        return divide(nansum(x, axis, keepdims), _count(x, axis, keepdims))


def nanvar(x, axis=None, keepdims=False):
    """Returns the variance of what is not NaN."""
    distances = subtract(x, nanmean(x, axis, keepdims=True))
    return nanmean(distances * distances, axis, keepdims)


def nanstd(x, axis=None, keepdims=False):
    """Returns the standard deviation of what is not NaN."""
    return sqrt(nanvar(x, axis, keepdims))


def nanmax(x, axis=None, keepdims=False):
    """Returns the largest number, NaN if there is none."""
    return _extreme_without_nan(max, -np.inf, x, axis, keepdims)


def nanmin(x, axis=None, keepdims=False):
    """Returns the smallest number, NaN if there is none."""
    return _extreme_without_nan(min, np.inf, x, axis, keepdims)


def _extreme_without_nan(extreme, instead, x, axis, keepdims):
    if "float" not in dtype(x):
        return extreme(x, axis, keepdims)
    return where(_count(x, axis, keepdims) > 0, extreme(_instead_of_nan(x, instead), axis, keepdims), np.nan)


def _instead_of_nan(x, number):
    return where(isnan(x), number, x)


def _count(x, axis, keepdims):
    return sum(logical_not(isnan(x)), axis, keepdims)


# Spread and distance --------------------------------------------------------------------------------------------------


def ptp(x, axis=None, keepdims=False):
    """Returns the largest number minus the smallest."""
    return subtract(max(x, axis, keepdims), min(x, axis, keepdims))


def corrcoef(x):
    """Returns the matrix of Pearson's correlation coefficients of the rows of `x`."""
    distances = subtract(x, mean(x, axis=-1, keepdims=True))
    covariance = matmul(distances, transpose(distances)) / distances.shape[-1]
    deviations = sqrt(var(x, axis=-1))
    return covariance / (expand_dims(deviations, -1) * deviations)


def cdist(x, y):
    """Returns the Euclidean distances of each row of `x` from each row of `y`."""
    distances = subtract(expand_dims(x, -2), expand_dims(y, -3))
    return sqrt(sum(distances * distances, axis=-1))


@differentiable
def correlate(x1, x2, mode="valid"):
    """Returns the sums of products of two vectors, one moved along the other.

    Args:
        mode: "full", for all positions; "valid", for those in which the shorter lies within the longer; "same", for as many
            as the longer one has numbers.
    """
    a, b = promote_floats(x1, x2)
    if a.ndim != 1 or b.ndim != 1:
        raise ValueError(f"`x1` and `x2` must be 1-D tensors. Received: x1.shape={a.shape}, x2.shape={b.shape}")
    check_choice(mode, ("full", "valid", "same"), "correlate", "mode")
    full = len(a) + len(b) - 1
    length = {"full": full, "valid": abs(len(a) - len(b)) + 1, "same": np.maximum(len(a), len(b))}[mode]
    first = (full - length) // 2 if mode != "valid" else np.minimum(len(a), len(b)) - 1

    def backward(d_y):
        d_full = np.zeros(full, d_y.dtype)
        d_full[first : first + length] = d_y
        return (
            lambda: np.convolve(d_full, b)[len(b) - 1 :][: len(a)],
            lambda: np.convolve(d_full[::-1], a)[len(a) - 1 :][: len(b)],
        )

    return np.correlate(a, b, "full")[first : first + length], backward


# Counts ---------------------------------------------------------------------------------------------------------------


@differentiable
def bincount(x, weights=None, minlength=0, sparse=False):
    """Returns how often each number from 0 up is in `x`, or with weights the sums of these. It has no gradient.

    Args:
        x: array of ints, 0 or more, of shape (numbers,) or (samples, numbers). Each sample is counted on its own.
        weights: array of the same shape.
        minlength: how many counts there are at least.

    Raises:
        ValueError: if `sparse` is true.
    """
    refuse_sparse(sparse)
    x = as_array(x)
    dtype = np.int32 if weights is None else as_array(weights).dtype
    length = np.maximum(minlength, x.max() + 1 if x.size else 0)
    if x.ndim == 1:
        return np.bincount(x, weights, length).astype(dtype), None
    weights = [None] * len(x) if weights is None else as_array(weights)
    counts = [np.bincount(row, row_weights, length) for row, row_weights in zip(x, weights, strict=True)]
    return np.array(counts, dtype), None


@differentiable
def histogram(x, bins=10, range=None):
    """Returns how many numbers are in each of `bins` intervals, and the bounds of these. It has no gradient.

    Args:
        bins: int, the number of intervals of equal width.
        range: the lower bound of the first and the upper bound of the last; by default those of `x`.

    Raises:
        ValueError: if `bins` is no such number, or the bounds are none.
    """
    if not isinstance(bins, int) or bins <= 0:
        raise ValueError(f"Argument `bins` should be a non-negative integer. Received: bins={bins}\nNor can it be 0.")
    if range is not None and (not isinstance(range, tuple) or len(range) != 2):
        raise ValueError(f"Argument `range` must be a tuple of two elements. Received: range={range}")
    if range is not None and range[1] < range[0]:
        raise ValueError(f"The second element of `range` must be greater than the first. Received: range={range}")
    x = as_array(x)
    if x.ndim > 1:
        raise ValueError(f"Input tensor must be 1-dimensional. Received: input.shape={x.shape}")
    counts, bounds = np.histogram(x, bins, range)
    return (counts.astype(np.int32), bounds.astype(x.dtype if x.dtype.kind == "f" else config.floatx())), None


@differentiable
def digitize(x, bins):
    """Returns how many of the sorted numbers `bins` are at or below each number of `x`, as int32. It has no gradient."""
    return np.digitize(as_array(x), as_array(bins)).astype(np.int32), None


# Images ---------------------------------------------------------------------------------------------------------------


def psnr(x1, x2, max_val):
    """Returns the peak signal-to-noise ratio of two images in decibels: 20 log10(max_val) - 10 log10(mean((x1 - x2)**2)).

    Args:
        max_val: the largest value that a pixel may have.

    Raises:
        ValueError: if the images have different shapes.
    """
    if tuple(x1.shape) != tuple(x2.shape):
        raise ValueError(f"Input shapes {tuple(x1.shape)} and {tuple(x2.shape)} must match for PSNR calculation. ")
    error = mean((x2 - x1) * (x2 - x1))
    return 20 * math.log10(max_val) - 10 * log10(error)
