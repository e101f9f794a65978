"""Comparisons and truth values, element by element. They have no gradients."""

import numpy as np

from convlayers.autograd import differentiable, value_of
from convlayers.ops.dtypes import as_array, promote
from convlayers.symbolic import one_node


def _comparison(function):
    """Makes an op of a NumPy function of two arrays, compared in their common dtype."""

    def forward(x1, x2):
        return function(*promote(x1, x2)), None

    return _named(forward, function, "x1, x2")


def _test(function):
    """Makes an op of a NumPy function of one array."""

    def forward(x):
        return function(as_array(x)), None

    return _named(forward, function, "x")


def _named(forward, function, arguments):
    name = forward.__name__ = forward.__qualname__ = function.__name__
    forward.__doc__ = f"Returns `{name}({arguments})`, element by element, as `numpy.{name}` does."
    return differentiable(forward)


equal = _comparison(np.equal)
not_equal = _comparison(np.not_equal)
greater = _comparison(np.greater)
greater_equal = _comparison(np.greater_equal)
less = _comparison(np.less)
less_equal = _comparison(np.less_equal)

logical_and = _comparison(np.logical_and)
logical_or = _comparison(np.logical_or)
logical_xor = _comparison(np.logical_xor)
logical_not = _test(np.logical_not)

isfinite = _test(np.isfinite)
isinf = _test(np.isinf)
isnan = _test(np.isnan)
isneginf = _test(np.isneginf)
isposinf = _test(np.isposinf)
isreal = _test(np.isreal)
signbit = _test(np.signbit)


@differentiable
def isclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Returns where two arrays are equal within `atol + rtol * abs(x2)`."""
    return np.isclose(x1, x2, rtol, atol, equal_nan), None


@one_node
def allclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Returns whether two arrays are equal within `atol + rtol * abs(x2)` everywhere."""
    return bool(np.allclose(value_of(x1), value_of(x2), rtol, atol, equal_nan))


@differentiable
def isin(x1, x2, assume_unique=False, invert=False):
    """Returns which numbers of `x1` are among those of `x2`; with `invert`, which are not."""
    return np.isin(as_array(x1), as_array(x2), assume_unique=assume_unique, invert=invert), None
