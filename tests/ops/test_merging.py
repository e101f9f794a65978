"""Arrays merged by a kernel, against chains of functions of two in NumPy and Keras's gradients."""

import functools

import numpy as np
import pytest

from convlayers import ops
from convlayers.autograd import Tape
from convlayers.ops.merging import MANY, merge

FUNCTIONS = {"sum": np.add, "mean": np.add, "product": np.multiply, "maximum": np.maximum, "minimum": np.minimum}


def arrays(count, dtype="float64", size=MANY + 77):
    random = np.random.default_rng(count)
    xs = [random.normal(size=(size,)).astype(dtype).reshape(1, -1) for _ in range(count)]
    for x in xs[1:]:
        x[:, ::5] = xs[0][:, ::5]  # Equal numbers share gradients.
    return xs


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("kind", FUNCTIONS)
def test_numbers_are_those_of_a_chain(kind, count, dtype):
    xs = arrays(count, dtype)
    expected = functools.reduce(FUNCTIONS[kind], xs)
    expected = expected / np.array(count, dtype) if kind == "mean" else expected
    np.testing.assert_array_equal(merge(kind, xs), expected)


def gradients(function, xs):
    with Tape() as tape:
        watched = [tape.watch(x) for x in xs]
        y = function(watched)
    return tape.backward([y], [np.random.default_rng(9).normal(size=y.shape)], watched)


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("kind", FUNCTIONS)
def test_gradients_are_those_of_a_chain(kind, count):
    chains = {"sum": ops.add, "mean": ops.add, "product": ops.multiply, "maximum": ops.maximum, "minimum": ops.minimum}

    def chain(xs):
        y = functools.reduce(chains[kind], xs)
        return ops.divide(y, count) if kind == "mean" else y

    xs = arrays(count)
    for found, expected in zip(gradients(lambda xs: merge(kind, xs), xs), gradients(chain, xs), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("kind", ["maximum", "minimum"])
def test_nan_passes(kind):
    xs = arrays(3)
    xs[0][0, 3] = xs[1][0, 1000] = xs[2][0, 2000] = np.nan
    np.testing.assert_array_equal(merge(kind, xs), functools.reduce(FUNCTIONS[kind], xs))


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_what_is_not_alike_is_merged_too(kind):
    a, b = np.random.default_rng(0).normal(size=(2, 40, 50, 60)).transpose(0, 2, 3, 1)
    expected = FUNCTIONS[kind](a, b[:1]) / (2 if kind == "mean" else 1)
    np.testing.assert_array_equal(merge(kind, [a, b[:1]]), expected)
    assert merge(kind, [a]) is a or kind == "mean"


def test_an_array_may_come_twice_and_its_gradients_are_added():
    (x,) = arrays(1)
    for kind, slope in {"sum": np.full_like(x, 2.0), "product": 2 * x, "maximum": np.ones_like(x)}.items():
        with Tape() as tape:
            watched = tape.watch(x)
            y = merge(kind, [watched, watched])
        np.testing.assert_allclose(tape.backward([y], [np.ones_like(x)], [watched])[0], slope)
