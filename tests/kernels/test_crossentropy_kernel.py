"""The cross-entropy of probabilities with class numbers against NumPy in float64."""

import numpy as np
import pytest

EPSILON = 1e-7
# Around the lanes of a sum (32) and tasks of many rows and of one (4096 numbers); enough for threads.
SHAPES = [(0, 5), (1, 1), (7, 10), (33, 16), (3, 65), (700, 21), (5, 129), (3, 4097), (2000, 300)]


def problem(native, shape):
    rng = np.random.default_rng(0)
    x = native.array(rng.uniform(0.01, 1, shape))
    return x, rng.integers(0, shape[1], shape[0]), native.array(rng.normal(size=shape[0]))


def compute(native, x, labels, d_y):
    y, d_x = native.empty(len(x)), native.empty(x.shape)
    native.crossentropy.crossentropy_forward(x, labels, EPSILON, y)
    native.crossentropy.crossentropy_backward(x, labels, EPSILON, d_y, d_x)
    return y, d_x


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_formulas(native, shape):
    x, labels, d_y = problem(native, shape)
    y, d_x = compute(native, x, labels, d_y)
    wide, places = x.astype("float64"), (np.arange(len(x)), labels)
    total = wide.sum(axis=1)
    share = np.minimum(wide[places] / total, 1 - EPSILON)
    np.testing.assert_allclose(y, -np.log(share), rtol=16 * native.epsilon, atol=16 * native.epsilon)
    expected = np.repeat(d_y / total, shape[1]).reshape(shape)
    expected[places] -= d_y / wide[places]
    if shape[1] == 1:  # certain, whatever the number
        expected[...] = 0
    np.testing.assert_allclose(d_x, expected, rtol=64 * native.epsilon, atol=64 * native.epsilon)


def test_beyond_epsilon_there_is_no_gradient(native):
    x = native.array([[1, 0, 0], [0, 0, 2], [0.5, 0.25, 0.25]])
    y, d_x = compute(native, x, np.array([1, 2, 0]), native.array([1, 1, 1]))
    np.testing.assert_allclose(y, -np.log([EPSILON, 1 - EPSILON, 0.5]), rtol=1e-6, atol=native.epsilon)
    np.testing.assert_array_equal(d_x, [[0, 0, 0], [0, 0, 0], [-1, 1, 1]])


def test_nan_passes(native):
    x = native.array([[np.nan, 0.5], [0.5, 0.5], [0, 0]])
    y, d_x = compute(native, x, np.array([1, 1, 1]), native.array([1, 1, 1]))
    np.testing.assert_array_equal(np.isnan(y), [True, False, True])
    np.testing.assert_array_equal(np.isnan(d_x).all(axis=1), [True, False, True])


def test_the_same_for_any_number_of_threads(native, threads):
    problems = problem(native, (2000, 300))
    with threads(1):
        expected = compute(native, *problems)
    with threads(3):
        for result, other in zip(compute(native, *problems), expected, strict=True):
            np.testing.assert_array_equal(result, other)


@pytest.mark.parametrize(("labels", "expected"), [([], True), ([0, 4, 2], True), ([0, 5], False), ([3, -1, 2], False)])
def test_are_classes(native, labels, expected):
    assert native.crossentropy.are_classes(np.array(labels, np.intp), 5) is expected
