"""Numbers that are all equally likely."""

import numpy as np
import pytest

from tests.kernels.threefry import expected_words


def draw(native, count, key=(3, 5), low=0.0, high=1.0):
    y = native.empty(count)
    native.uniform.uniform(*key, low, high, y)
    return y


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 1000])
def test_numbers_follow_from_the_words(native, count):
    key = (7, 4_000_000_000)
    expected = -2 + 5 * (expected_words(key, count) >> 8) / 2**24
    np.testing.assert_allclose(draw(native, count, key, -2.0, 3.0), expected, rtol=1e-6, atol=1e-6)


def test_they_are_below_the_upper_end(native):
    numbers = draw(native, 1 << 22)
    assert 0 <= numbers.min() < 1e-6
    assert 1 - 1e-6 < numbers.max() < 1


def test_moments(native):
    numbers = draw(native, 1 << 20).astype(np.float64)
    for power in range(1, 5):
        deviation = np.sqrt(1 / (2 * power + 1) - 1 / (power + 1) ** 2)
        assert abs(np.mean(numbers**power) - 1 / (power + 1)) < 5 * deviation / np.sqrt(numbers.size)


@pytest.mark.parametrize("distance", [1, 2, 16, 32, 64])
def test_neighbours_are_independent(native, distance):
    numbers = draw(native, 1 << 20).astype(np.float64) * 2 - 1
    assert abs(np.mean(numbers[distance:] * numbers[:-distance])) < 5 / 3 / np.sqrt(numbers.size)
