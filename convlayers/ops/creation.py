"""New arrays. Without a dtype, they have that of `keras.config.floatx()`."""

import numpy as np

from convlayers import config
from convlayers.autograd import differentiable
from convlayers.narrow_types import array_dtype
from convlayers.ops.dtypes import as_array, common_dtype
from convlayers.symbolic import one_node, runs_for_shapes


def zeros(shape, dtype=None):
    """Returns an array of zeros."""
    return np.zeros(shape, array_dtype(dtype or config.floatx()))


def ones(shape, dtype=None):
    """Returns an array of ones."""
    return np.ones(shape, array_dtype(dtype or config.floatx()))


def empty(shape, dtype=None):
    """Returns an array of anything."""
    return np.empty(shape, array_dtype(dtype or config.floatx()))


def full(shape, fill_value, dtype=None):
    """Returns an array of one number."""
    return np.full(shape, fill_value, array_dtype(dtype or config.floatx()))


@differentiable
def zeros_like(x, dtype=None):
    """Returns zeros in the shape and dtype of `x`."""
    return np.zeros_like(as_array(x), array_dtype(dtype)), None


@differentiable
def ones_like(x, dtype=None):
    """Returns ones in the shape and dtype of `x`."""
    return np.ones_like(as_array(x), array_dtype(dtype)), None


@differentiable
def empty_like(x, dtype=None):
    """Returns anything in the shape and dtype of `x`."""
    return np.empty_like(as_array(x), array_dtype(dtype)), None


@differentiable
def full_like(x, fill_value, dtype=None):
    """Returns one number in the shape and dtype of `x`."""
    return np.full_like(as_array(x), fill_value, array_dtype(dtype)), None


def arange(start, stop=None, step=None, dtype=None):
    """Returns the numbers from `start` (0 if it is the only bound given) up to `stop`, which is left out.

    The dtype is int32 for integers and `floatx()` for floats.
    """
    if dtype is None:
        dtype = common_dtype(*(bound for bound in (start, stop, step) if bound is not None))
    if stop is None:
        start, stop = 0, start
    return np.arange(start, stop, 1 if step is None else step, array_dtype(dtype))


@one_node
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    """Returns `num` numbers at equal distances from `start` to `stop`, and with `retstep` that distance too."""
    return np.linspace(start, stop, num, endpoint, retstep, array_dtype(dtype or common_dtype(start, stop, 0.0)), axis)


def eye(N, M=None, k=0, dtype=None):
    """Returns an `N` x `M` matrix with ones on diagonal `k`."""
    return np.eye(N, M, k, array_dtype(dtype or config.floatx()))


def identity(n, dtype=None):
    """Returns an `n` x `n` matrix with ones on the diagonal."""
    return eye(n, dtype=dtype)


def tri(N, M=None, k=0, dtype=None):
    """Returns an `N` x `M` matrix with ones on and below diagonal `k`."""
    return np.tri(N, M, k, array_dtype(dtype or config.floatx()))


@one_node
def meshgrid(*x, indexing="xy"):
    """Returns coordinate arrays, one for each vector in `x`, over the grid that the vectors span."""
    return np.meshgrid(*map(as_array, x), indexing=indexing)


@one_node
def logspace(start, stop, num=50, endpoint=True, base=10, dtype=None, axis=0):
    """Returns `base` to the power of each of `num` numbers at equal distances from `start` to `stop`."""
    return np.logspace(start, stop, num, endpoint, base, array_dtype(dtype or common_dtype(start, stop, 0.0)), axis)


@one_node
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """Returns `num` numbers from `start` to `stop`, each the same multiple of the one before."""
    if runs_for_shapes():  # It cannot include zero.
        start, stop = np.ones_like(start), np.ones_like(stop)
    return np.geomspace(start, stop, num, endpoint, array_dtype(dtype or common_dtype(start, stop, 0.0)), axis)


def _window(function):
    """Makes an op of a NumPy function that returns the weights of a window of `x` numbers."""

    def window(x):
        return function(int(np.asarray(x))).astype(config.floatx())

    name = window.__name__ = window.__qualname__ = function.__name__
    window.__doc__ = f"Returns the weights of a {name.capitalize()} window of `x` numbers, as `numpy.{name}` does."
    return window


bartlett, blackman, hamming, hanning = map(_window, (np.bartlett, np.blackman, np.hamming, np.hanning))


def kaiser(x, beta):
    """Returns the weights of a Kaiser window of `x` numbers with the shape `beta`."""
    return np.kaiser(int(np.asarray(x)), float(np.asarray(beta))).astype(config.floatx())
