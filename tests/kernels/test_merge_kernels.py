"""Merging kernels against NumPy: chains of functions of two, and their gradients."""

import functools

import numpy as np
import pytest

FUNCTIONS = {"sum": np.add, "product": np.multiply, "maximum": np.maximum, "minimum": np.minimum}
# Around vectors, and the blocks (1024).
LENGTHS = [1, 15, 17, 1023, 1024, 1025, 5000]


def arrays(native, count, length, not_numbers=0):
    xs = np.random.default_rng(length).normal(size=(count, length))
    xs[1:, ::3] = xs[0, ::3]  # Equal numbers share gradients.
    xs[np.arange(count), np.arange(count) % length] *= np.where(np.arange(count) < not_numbers, np.nan, 1)
    return list(map(native.array, xs))


def merged(native, kind, xs, *arguments):
    y = native.empty(xs[0].shape)
    native.merge.merge_forward(kind, xs, y, *(arguments or (1,)))
    return y


def gradients(native, kind, xs, d_y):
    d_xs = [native.empty(x.shape) for x in xs]
    native.merge.merge_backward(kind, xs, d_y, d_xs)
    return d_xs


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("count", [2, 3, 6])
@pytest.mark.parametrize("kind", FUNCTIONS)
def test_forward(native, kind, count, length):
    xs = arrays(native, count, length)
    np.testing.assert_array_equal(merged(native, kind, xs), functools.reduce(FUNCTIONS[kind], xs))


def test_mean(native):
    xs = arrays(native, 3, 1500)
    expected = native.array(xs[0] + xs[1] + xs[2]) / native.dtype.type(3)
    np.testing.assert_array_equal(merged(native, "sum", xs, 3), expected)


@pytest.mark.parametrize("length", LENGTHS)
def test_activation(native, length):
    xs = arrays(native, 3, length)
    relu = native.elementwise.activation_codes["relu"]
    np.testing.assert_array_equal(merged(native, "sum", xs, 1, relu), np.maximum(merged(native, "sum", xs), 0))


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("count", [2, 3, 6])
@pytest.mark.parametrize("kind", ["product", "maximum", "minimum"])
def test_backward(native, kind, count, length):
    xs = arrays(native, count, length)
    gradient = d_y = native.array(np.random.default_rng(1).normal(size=length))
    steps = list(np.array([functools.reduce(FUNCTIONS[kind], xs[: last + 1]) for last in range(count)]))
    expected = []
    for before, x, after in reversed(list(zip(steps, xs[1:], steps[1:], strict=False))):
        if kind == "product":
            expected.append(gradient * before)
            gradient = gradient * x
        else:
            shared = np.where(before == x, gradient / 2, gradient)
            expected.append(np.where(after == x, shared, 0))
            gradient = np.where(after == before, shared, 0)
    for found, other in zip(gradients(native, kind, xs, d_y), [gradient, *reversed(expected)], strict=True):
        np.testing.assert_array_equal(found, other)


@pytest.mark.parametrize("kind", ["maximum", "minimum"])
def test_nan_passes_and_gets_no_gradient(native, kind):
    xs = arrays(native, 3, 100, not_numbers=3)
    np.testing.assert_array_equal(merged(native, kind, xs), functools.reduce(FUNCTIONS[kind], xs))
    assert not np.any([d_x[:3] for d_x in gradients(native, kind, xs, np.ones_like(xs[0]))])


def test_nothing_to_merge(native):
    xs = [native.empty((0,)) for _ in range(2)]
    native.merge.merge_forward("sum", xs, native.empty((0,)), 1)
    native.merge.merge_backward("product", xs, native.empty((0,)), xs)


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_same_results_for_any_number_of_threads(native, kind, threads):
    xs = arrays(native, 3, 700_001)
    d_y = native.array(np.random.default_rng(1).normal(size=len(xs[0])))
    found = []
    for count in (1, 2):
        with threads(count):
            found.append([merged(native, kind, xs), *(gradients(native, kind, xs, d_y) if kind != "sum" else [])])
    for first, second in zip(*found, strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("repeated", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)], ids=str)
@pytest.mark.parametrize("shape", [(0, 3, 4), (1, 1, 2), (3, 5, 3), (2, 300, 16), (2, 130, 33), (1, 3, 5000)], ids=str)
@pytest.mark.parametrize("kind", ["sum", "product"])
def test_one_of_two_repeated(native, kind, shape, repeated):
    rng = np.random.default_rng(0)
    x = native.array(rng.normal(size=shape))
    other = native.array(rng.normal(size=[1 if axis in repeated else length for axis, length in enumerate(shape)]))
    band = 40
    memory = native.empty(x.size + 2 * band)
    native.merge.merge_repeated(kind, x, other, memory[band:-band].reshape(shape))
    np.testing.assert_array_equal(memory[band:-band].reshape(shape), FUNCTIONS[kind](x, other))
    assert np.isnan(memory[:band]).all() and np.isnan(memory[-band:]).all()


def test_one_of_two_repeated_for_any_number_of_threads(native, threads):
    x, other = (native.array(np.random.default_rng(0).normal(size=shape)) for shape in ((3, 900, 300), (3, 900, 1)))
    for count in (1, 2):
        y = native.empty(x.shape)
        with threads(count):
            native.merge.merge_repeated("product", x, other, y)
        np.testing.assert_array_equal(y, x * other)
