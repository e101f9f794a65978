"""Mathematical functions of one array, element by element."""

import math

import numpy as np

from convlayers.autograd import differentiable
from convlayers.ops.dtypes import as_array, as_float, as_number


def _pointwise(function, derivative, convert=as_float):
    """Makes an op of a NumPy function.

    Args:
        function: the NumPy function, whose name the op gets.
        derivative: function of `x` and `y` that returns dy/dx; None if it is zero everywhere.
        convert: what makes an array of the argument. By default, integers become floats.
    """

    def forward(x):
        x = convert(x)
        y = function(x)

        def backward(d_y):
            return d_y * derivative(x, y)

        return y, backward if derivative else None

    name = forward.__name__ = forward.__qualname__ = function.__name__
    forward.__doc__ = f"Returns `{name}(x)`, element by element, as `numpy.{name}` does."
    op = differentiable(forward)
    # It is made of operators, which tensors have, too: so it has a gradient of its own.
    op.derivative = derivative
    return op


exp = _pointwise(np.exp, lambda x, y: y)
exp2 = _pointwise(np.exp2, lambda x, y: y * np.log(2).astype(y.dtype))
expm1 = _pointwise(np.expm1, lambda x, y: y + 1)
log = _pointwise(np.log, lambda x, y: 1 / x)
log1p = _pointwise(np.log1p, lambda x, y: 1 / (1 + x))
log2 = _pointwise(np.log2, lambda x, y: 1 / (x * np.log(2).astype(x.dtype)))
log10 = _pointwise(np.log10, lambda x, y: 1 / (x * np.log(10).astype(x.dtype)))
sqrt = _pointwise(np.sqrt, lambda x, y: 0.5 / y)
cbrt = _pointwise(np.cbrt, lambda x, y: 1 / (3 * y * y))

sin = _pointwise(np.sin, lambda x, y: np.cos(x))
cos = _pointwise(np.cos, lambda x, y: -np.sin(x))
tan = _pointwise(np.tan, lambda x, y: 1 + y * y)
arcsin = _pointwise(np.arcsin, lambda x, y: 1 / np.sqrt(1 - x * x))
arccos = _pointwise(np.arccos, lambda x, y: -1 / np.sqrt(1 - x * x))
arctan = _pointwise(np.arctan, lambda x, y: 1 / (1 + x * x))
sinh = _pointwise(np.sinh, lambda x, y: np.cosh(x))
cosh = _pointwise(np.cosh, lambda x, y: np.sinh(x))
arcsinh = _pointwise(np.arcsinh, lambda x, y: 1 / np.sqrt(x * x + 1))
arccosh = _pointwise(np.arccosh, lambda x, y: 1 / np.sqrt(x * x - 1))
arctanh = _pointwise(np.arctanh, lambda x, y: 1 / (1 - x * x))

negative = _pointwise(np.negative, lambda x, y: np.array(-1, y.dtype), as_array)
absolute = _pointwise(np.absolute, lambda x, y: np.sign(x), as_array)
square = _pointwise(np.square, lambda x, y: 2 * x, as_number)
reciprocal = _pointwise(np.reciprocal, lambda x, y: -y * y)

deg2rad = _pointwise(np.deg2rad, lambda x, y: np.array(np.pi / 180, y.dtype))
rad2deg = _pointwise(np.rad2deg, lambda x, y: np.array(180 / np.pi, y.dtype))
fabs = _pointwise(np.fabs, lambda x, y: np.sign(x))
sinc = _pointwise(np.sinc, lambda x, y: np.where(x == 0, 0, (np.cos(np.pi * x) - y) / np.where(x == 0, 1, x)).astype(y.dtype))

sign = _pointwise(np.sign, None, as_number)
floor = _pointwise(np.floor, None)
ceil = _pointwise(np.ceil, None)
trunc = _pointwise(np.trunc, None, as_array)
abs = absolute


def _of_math(name, function, derivative):
    """Makes an op of a function of Python's own numbers, with the digits of float64."""
    numbers = np.frompyfunc(function, 1, 1)

    def forward(x):
        x = as_float(x)
        y = np.asarray(numbers(x), x.dtype) if x.size else x

        def backward(d_y):
            return d_y * derivative(x, y)

        return y, backward

    forward.__name__ = forward.__qualname__ = name
    return forward


def _inverse_error_function(y):
    if np.abs(y) >= 1:
        return math.copysign(math.inf, y) if np.abs(y) == 1 else math.nan
    import statistics  # 10 ms, for this alone

    # Both sides by the tail of the normal distribution, which has all its digits.
    tail = statistics.NormalDist().inv_cdf((1 - np.abs(y)) / 2) if y else 0.0
    return math.copysign(tail / math.sqrt(2), y)


_SLOPE = 2 / math.sqrt(math.pi)
erf = _of_math("erf", math.erf, lambda x, y: (_SLOPE * np.exp(-x * x)).astype(x.dtype))
erf.__doc__ = "Returns the error function, element by element: 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x."
erfc = _of_math("erfc", math.erfc, lambda x, y: (-_SLOPE * np.exp(-x * x)).astype(x.dtype))
erfc.__doc__ = "Returns 1 - erf(x), element by element, with all its digits where that is small."
erfinv = _of_math("erfinv", _inverse_error_function, lambda x, y: (np.exp(y * y) / _SLOPE).astype(x.dtype))
erfinv.__doc__ = "Returns the number whose error function is x, element by element."
erf, erfc, erfinv = map(differentiable, (erf, erfc, erfinv))


@differentiable
def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """Returns `x` with other numbers for NaN and infinity: by default 0, the largest and the smallest of the dtype."""
    x = as_array(x)
    if x.dtype.kind != "f":
        return x, lambda d_y: d_y
    finite = np.isfinite(x)
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf), lambda d_y: d_y * finite


@differentiable
def rsqrt(x):
    """Returns `1 / sqrt(x)`, element by element."""
    x = as_float(x)
    y = 1 / np.sqrt(x)

    def backward(d_y):
        return d_y * (-0.5 * y / x)

    return y, backward


@differentiable
def round(x, decimals=0):
    """Returns `x` rounded to a number of decimals; halves go to the even neighbour. Its gradient is zero."""
    return np.round(as_number(x), decimals), None


@differentiable
def i0(x):
    """Returns the modified Bessel function of the first kind and order 0, element by element."""
    x = as_float(x)

    def backward(d_y):
        # The function of order 1: the mean of exp(x cos(angle)) cos(angle), for which enough angles give all digits.
        finite = np.clip(np.nan_to_num(x), -1000, 1000).astype(np.float64)
        count = 40 + int(np.abs(finite).max(initial=0))
        cosines = np.cos(np.arange(count) * (2 * np.pi / count))
        return d_y * sum(np.exp(finite * cosine) * cosine for cosine in cosines) / count

    return np.i0(x).astype(x.dtype, copy=False), backward
