"""Rows of the table: ops that work number by number."""

import numpy as np

from tests.ops.rows.row import MASK, RNG, Row, fractions, numbers, positive, words


def rows_of_one_array():
    anywhere = words(
        "exp exp2 expm1 sin cos arctan arcsinh sinh cosh tanh sigmoid negative absolute abs square relu relu6 "
        "softplus softsign silu swish log_sigmoid leaky_relu hard_sigmoid hard_silu hard_swish elu selu gelu celu "
        "tanh_shrink hard_tanh hard_shrink soft_shrink sparse_plus sparse_sigmoid squareplus softmax log_softmax glu "
        "logsumexp sum mean max min var std prod amax amin ravel flip transpose sort cumsum norm normalize copy "
        "deg2rad rad2deg fabs sinc erf erfc nan_to_num cumprod fliplr flipud rot90 real conj conjugate i0"
    )
    above_zero = ["log", "log1p", "log2", "log10", "sqrt", "rsqrt", "reciprocal", "cbrt"]
    below_one = ["erfinv", "arcsin", "arccos", "arctanh", "tan"]
    for names, make in ((anywhere, numbers), (above_zero, positive), (below_one, fractions)):
        for name in names:
            yield Row(name, (make(2, 3, 4),))
    yield Row("arccosh", (positive(2, 3) + 1,))


def rows_of_two_arrays():
    shapes = [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1, 3), (4, 1)), ((), (2, 3)), ((2, 3), ())]
    names = words(
        "add subtract multiply divide true_divide maximum minimum logaddexp logaddexp2 arctan2 divide_no_nan hypot fmax fmin"
    )
    for name in names:
        for one, other in shapes:
            yield Row(name, (numbers(*one), positive(*other)))
        yield Row(name, (numbers(2, 3), 1.3))
        yield Row(name, (1.3, positive(2, 3)))
        yield Row(name, (numbers(2, 3), 3))
    for one, other in shapes:
        yield Row("power", (positive(*one), numbers(*other)))
        yield Row("mod", (numbers(*one) * 3, positive(*other)))
        yield Row("fmod", (numbers(*one) * 3, positive(*other)), like_keras=False)
        yield Row("where", (RNG.random((2, 1, 1)) > 0.5, numbers(*one), numbers(*other)))
        yield Row("clip", (numbers(*one), numbers(*other) - 1.0, numbers(*other) + 1.0), like_keras=False)
    yield Row("power", (numbers(2, 3), 2))
    yield Row("ldexp", (numbers(2, 3), np.array([1, -2, 3])), like_keras=False)
    yield Row("power", (numbers(2, 3), 3.0))
    yield Row("power", (2.0, numbers(2, 3)))
    yield Row("clip", (numbers(2, 3), -0.7, 0.9))
    yield Row("where", (MASK, numbers(3, 4), 0.5))


def rows():
    yield from rows_of_one_array()
    yield from rows_of_two_arrays()
