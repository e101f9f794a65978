"""Arrays merged by a kernel, against chains of functions of two in NumPy and Keras's gradients."""

import functools

import numpy as np
import pytest

from convlayers import ops
from convlayers.autograd import Tape
from convlayers.ops.arithmetic import MANY
from convlayers.ops.merging import join, merge

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


RANDOM = np.random.default_rng(5)
IMAGES, MASKS = (RANDOM.normal(size=(2, 60, 60, channels)) for channels in (13, 1))
JOINED = {
    "channels": ([IMAGES, MASKS], -1),
    "samples": ([IMAGES, IMAGES], 0),
    "rows": ([IMAGES, IMAGES[:, :7].copy()], 1),
    "channels first": ([np.moveaxis(IMAGES, -1, 1), np.moveaxis(MASKS, -1, 1)], 1),
    "no order in common": ([IMAGES, np.asfortranarray(MASKS)], 3),
    "a part of an array": ([IMAGES[..., 1:], MASKS], 3),
    "an empty one": ([IMAGES, MASKS[..., :0]], 3),
    "single numbers": ([MASKS] * 10, 3),
    "flattened": ([IMAGES, MASKS], None),
    "few": ([IMAGES[0, 0], MASKS[0, 0]], 1),
    "integers": ([IMAGES.astype(np.int32), MASKS.astype(np.int32)], 3),
}


@pytest.mark.parametrize("case", JOINED)
def test_joined_arrays_are_those_of_numpy(case):
    xs, axis = JOINED[case]
    found, expected = join(xs, axis), np.concatenate(xs, axis)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype and found.strides == expected.strides


@pytest.mark.parametrize(
    "xs, axis",
    [
        ([IMAGES, MASKS], 0),
        ([IMAGES, MASKS], 4),
        ([IMAGES, MASKS], -5),
        ([IMAGES, IMAGES[0]], 0),
        ([IMAGES, IMAGES[..., 0]], 3),
    ],
)
def test_mistakes_are_those_of_numpy(xs, axis):
    with pytest.raises(ValueError) as expected:
        np.concatenate(xs, axis)
    with pytest.raises(type(expected.value)) as found:
        join(xs, axis)
    assert str(found.value) == str(expected.value)


FACTORS = {
    "of samples": (2, 1, 1, 13),
    "of all": (1, 1, 1, 13),
    "of rows": (2, 60, 1, 13),
    "of some axes": (1, 60, 1, 13),
    "of samples only": (2, 1, 1, 1),
    "fewer axes": (13,),
}


@pytest.mark.parametrize("shape", FACTORS.values(), ids=FACTORS)
def test_products_with_factors_for_channels(shape):
    factors = RANDOM.normal(size=shape)
    np.testing.assert_array_equal(ops.multiply(IMAGES, factors), IMAGES * factors)
    np.testing.assert_array_equal(ops.multiply(factors, IMAGES), IMAGES * factors)
    found = gradients(lambda xs: ops.multiply(*xs), [IMAGES, factors])
    d_y = np.random.default_rng(9).normal(size=IMAGES.shape)
    kept = [axis for axis in range(-1, -len(shape) - 1, -1) if shape[axis] > 1]
    summed = tuple(axis for axis in range(4) if axis - 4 not in kept)
    np.testing.assert_allclose(found[0], d_y * factors, rtol=1e-14)
    np.testing.assert_allclose(found[1], (d_y * IMAGES).sum(axis=summed).reshape(shape), rtol=1e-10, atol=1e-10)


def test_factors_and_pixels_that_widen_each_other():
    x, y = RANDOM.normal(size=(400, 1, 300)), RANDOM.normal(size=(1, 3, 300))
    np.testing.assert_array_equal(ops.multiply(x, y), x * y)


@pytest.mark.parametrize(
    "other", [(), (24,), (1,), (8, 1, 1, 24), (8, 6, 10, 1), (1, 6, 1, 1), (8, 1, 10, 1), (6, 1, 24), (3, 8, 1, 1, 1)]
)
@pytest.mark.parametrize("name", ["add", "multiply"])
def test_one_of_two_repeated(name, other):
    # One more number of axes than three can be made of, one that makes the result larger, and all that a kernel computes.
    random = np.random.default_rng(len(other))
    x1, x2 = (random.normal(size=shape).astype("float32") for shape in ((8, 6, 10, 24), other))
    expected = getattr(np, name)(x1, x2)
    np.testing.assert_array_equal(getattr(ops, name)(x1, x2), expected)
    np.testing.assert_array_equal(getattr(ops, name)(x2, x1), expected)
    found = gradients(lambda xs: getattr(ops, name)(*xs), [x1, x2])
    assert [gradient.shape for gradient in found] == [x1.shape, x2.shape]
