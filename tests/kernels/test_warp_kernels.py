"""Images read at transformed places, against a loop over pixels in float64."""

import math

import numpy as np
import pytest

MODES = ["constant", "nearest", "wrap", "mirror", "reflect"]  # in the kernel's order
FILL = 1.5


def inside(i, n, mode):
    """The place that stands for place i of n, or None."""
    if 0 <= i < n:
        return i
    if mode == "constant":
        return None
    if mode == "nearest":
        return min(max(i, 0), n - 1)
    # The image again and again, or with its mirror image between.
    places = list(range(n))
    period = {"wrap": places, "mirror": places + places[-2:0:-1], "reflect": places + places[::-1]}[mode]
    return period[i % len(period)]


def read(image, row, column, order, mode):
    def pixel(i, j):
        i, j = inside(i, image.shape[0], mode), inside(j, image.shape[1], mode)
        return np.full(image.shape[2], FILL) if i is None or j is None else image[i, j]

    if order == 0:
        return pixel(math.floor(row + 0.5), math.floor(column + 0.5))
    i, j = math.floor(row), math.floor(column)
    down, along = row - i, column - j
    above = (1 - along) * pixel(i, j) + along * pixel(i, j + 1)
    below = (1 - along) * pixel(i + 1, j) + along * pixel(i + 1, j + 1)
    return (1 - down) * above + down * below


def place(t, i, j):
    k = t[6] * j + t[7] * i + 1
    return (t[3] * j + t[4] * i + t[5]) / k, (t[0] * j + t[1] * i + t[2]) / k


def expected(x, transforms, order, mode):
    y = np.empty(x.shape)
    for n, i, j in np.ndindex(x.shape[:3]):
        y[n, i, j] = read(x[n].astype("float64"), *place(transforms[n % len(transforms)], i, j), order, mode)
    return y


def random_transforms(rng, n):
    transforms = np.array([1.0, 0, 0, 0, 1, 0, 0, 0]) + rng.normal(size=(n, 8)) * [0.4, 0.4, 3, 0.4, 0.4, 3, 0.02, 0.02]
    return np.ascontiguousarray(transforms)


def forward(native, x, transforms, places, order, mode, shape=None):
    y = native.empty(shape or x.shape)
    native.warp.warp_forward(x, transforms, places, order, MODES.index(mode), FILL, y)
    return y


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("shape", [(2, 5, 6, 3), (1, 4, 4, 1), (3, 1, 7, 2), (1, 2, 2, 9)], ids=str)
def test_formula(native, mode, order, shape):
    rng = np.random.default_rng(0)
    x, transforms = native.array(rng.normal(size=shape)), random_transforms(rng, shape[0])
    y = forward(native, x, transforms, None, order, mode)
    np.testing.assert_allclose(y, expected(x, transforms, order, mode), rtol=32 * native.epsilon, atol=32 * native.epsilon)


def test_one_transform_for_all_images(native):
    rng = np.random.default_rng(0)
    x, transforms = native.array(rng.normal(size=(3, 4, 5, 2))), random_transforms(rng, 1)
    y = forward(native, x, transforms, None, 1, "reflect")
    np.testing.assert_array_equal(y, forward(native, x, np.repeat(transforms, 3, axis=0), None, 1, "reflect"))


def test_a_table_of_places(native):
    rng = np.random.default_rng(0)
    x, transforms = native.array(rng.normal(size=(2, 4, 5, 3))), random_transforms(rng, 2)
    places = np.array([place(transforms[n], i, j) for n, i, j in np.ndindex(2, 4, 5)]).reshape(2, 4, 5, 2)
    y = forward(native, x, None, places, 1, "constant")
    np.testing.assert_allclose(y, expected(x, transforms, 1, "constant"), rtol=1e-4, atol=32 * native.epsilon)


def test_another_size_of_the_output(native):
    x = native.array(np.arange(12.0).reshape(1, 3, 4, 1))
    places = np.full((1, 2, 5, 2), [1.0, 2.0])
    np.testing.assert_array_equal(forward(native, x, None, places, 1, "wrap", (1, 2, 5, 1)), 6)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", [0, 1])
def test_gradient_is_the_transpose(native, mode, order):
    """<warp(x) - warp(0), d_y> = <x, warp_backward(d_y)>"""
    rng = np.random.default_rng(0)
    x, d_y = (native.array(rng.normal(size=(2, 5, 6, 3))) for _ in range(2))
    transforms = random_transforms(rng, 2)
    d_x = native.empty(x.shape)
    native.warp.warp_backward(d_y, transforms, None, order, MODES.index(mode), d_x)
    outside = forward(native, native.array(np.zeros(x.shape)), transforms, None, order, mode)
    linear = expected(x, transforms, order, mode) - outside
    np.testing.assert_allclose(np.vdot(x.astype("float64"), d_x), np.vdot(linear, d_y), rtol=2e3 * native.epsilon)


@pytest.mark.parametrize("number", [1e30, -1e30, 1e12, np.inf, -np.inf, np.nan])
def test_places_far_outside_are_no_reason_to_crash(native, number):
    x = native.array(np.ones((1, 3, 3, 2)))
    for order in (0, 1):
        for mode in MODES:
            y = forward(native, x, np.array([[1, 0, number, 0, 1, 0, 0, 0]], "float64"), None, order, mode)
            d_x = native.empty(x.shape)
            native.warp.warp_backward(x, np.array([[1, 0, number, 0, 1, 0, 0, 0]]), None, order, MODES.index(mode), d_x)
            if order == 1 and np.isnan(number):
                assert np.isnan(y).all()
            if order == 0:
                assert np.isin(y, [1, FILL]).all()


def test_nothing(native):
    empty = native.array(np.ones((0, 3, 3, 2)))
    assert forward(native, empty, np.zeros((1, 8)), None, 1, "wrap").size == 0


def test_same_bits_for_any_number_of_threads(native, threads):
    rng = np.random.default_rng(0)
    x, transforms = native.array(rng.normal(size=(4, 90, 80, 3))), random_transforms(rng, 4)
    results = []
    for count in (1, 2, 3):
        with threads(count):
            d_x = native.empty(x.shape)
            native.warp.warp_backward(x, transforms, None, 1, 2, d_x)
            results.append((forward(native, x, transforms, None, 1, "wrap"), d_x))
    for result in results[1:]:
        for found, first in zip(result, results[0], strict=True):
            np.testing.assert_array_equal(found, first)
