"""Noise: normally distributed numbers, and what is done with them."""

import math

import numpy as np
import pytest

from tests.kernels.threefry import expected_words

# Around groups of random words (64) and blocks (1024).
SIZES = [0, 1, 63, 64, 65, 1023, 1024, 1025, 10_000]
MANY = 1 << 22


def add(native, x, key=(3, 5), stddev=1.0):
    y = native.empty(x.shape)
    native.noise.add_noise(native.array(x), *key, stddev, y)
    return y


def multiply(native, x, key=(3, 5), stddev=1.0):
    y = native.empty(x.shape)
    native.noise.multiply_by_noise(native.array(x), *key, stddev, y)
    return y


def expected_normals(key, count):
    """The first numbers, by the formula of Box and Muller: words of the first half of a group of 64 go with the second."""
    words = expected_words(key, -(-count // 64) * 64).reshape(-1, 2, 32)
    evenly = ((words[:, 0] >> 1) + 0.5) / 2**31
    half_turns = (words[:, 1] << np.uint32(1)).view(np.int32) / 2**32
    radius = np.where(words[:, 1] >> 31, -1, 1) * np.sqrt(-2 * np.log(evenly))
    return np.stack([radius * np.cos(np.pi * half_turns), radius * np.sin(np.pi * half_turns)], axis=1).ravel()[:count]


@pytest.fixture
def many(native):
    return add(native, np.zeros(MANY))


@pytest.mark.parametrize("size", SIZES)
def test_numbers_follow_from_the_words(native, size):
    key = (7, 4_000_000_000)
    x = np.random.default_rng(0).normal(size=size)
    normals = expected_normals(key, size)
    # Where u is next to 1, a float has few bits left for how far it is.
    np.testing.assert_allclose(add(native, np.zeros(size), key), normals, rtol=1e-6, atol=1e-5)
    tolerance = {"rtol": 1e-5, "atol": 1e-5}
    np.testing.assert_allclose(add(native, x, key, 0.3), native.array(x) + 0.3 * normals, **tolerance)
    np.testing.assert_allclose(multiply(native, x, key, 0.3), native.array(x) * (1 + 0.3 * normals), **tolerance)


def test_both_number_types_get_the_same(native, many):
    assert many.astype(np.float32).astype(native.dtype).tobytes() == many.tobytes()


def test_moments(many):
    """Those of a normal distribution, up to five of their standard deviations: (2 k - 1)!! is the mean of the power 2 k."""
    normals = many.astype(np.float64)
    for power in range(1, 9):
        mean = 0 if power % 2 else math.prod(range(1, power, 2))
        deviation = math.sqrt((math.prod(range(1, 2 * power, 2)) - mean**2) / MANY)
        assert abs(np.mean(normals**power) - mean) < 5 * deviation


def test_distribution(many):
    """The distance of Kolmogorov and Smirnov: beyond 1.95 / sqrt(n) lies one of 1000."""
    places = np.arange(0, MANY, 64)
    expected = np.array([math.erfc(-x / math.sqrt(2)) / 2 for x in np.sort(many)[places].tolist()])
    assert np.max(np.abs(expected - places / MANY)) < 1.95 / math.sqrt(MANY)


@pytest.mark.parametrize("bound", [3.0, 4.0, 5.0])
def test_tails(many, bound):
    """How many numbers are beyond a bound, up to five standard deviations of a Poisson distribution and one."""
    expected = MANY * math.erfc(bound / math.sqrt(2))
    assert abs(np.count_nonzero(np.abs(many) > bound) - expected) < 5 * math.sqrt(expected) + 1


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("distance", [1, 2, 16, 31, 32, 33, 64, 1024])
def test_numbers_are_independent(many, distance, power):
    """No correlation between numbers at some distance, nor between their squares: those of a pair are 32 apart."""
    powers = many.astype(np.float64) ** power
    powers = (powers - powers.mean()) / powers.std()
    assert abs(np.mean(powers[distance:] * powers[:-distance])) < 5 / math.sqrt(MANY)


def test_in_place(native):
    x = native.array(np.random.default_rng(0).normal(size=5000))
    y = x.copy()
    native.noise.multiply_by_noise(y, 1, 2, 0.4, y)
    np.testing.assert_array_equal(y, multiply(native, x, (1, 2), 0.4))


@pytest.mark.parametrize("key", [(1, 0), (0, 1), (1, 1), (2, 0)])
def test_each_key_draws_others(native, key):
    zeros = np.zeros(10_000)
    correlation = np.mean(add(native, zeros, key) * add(native, zeros, (0, 0)))
    assert abs(correlation) < 5 / math.sqrt(zeros.size)


def test_what_is_no_number_stays(native):
    x = np.array([np.nan, np.inf, -np.inf])
    np.testing.assert_array_equal(add(native, x), x)
    assert not np.isfinite(multiply(native, x)).any()


@pytest.mark.parametrize("disturb", [add, multiply])
def test_threads_make_no_difference(native, threads, disturb):
    x = np.random.default_rng(0).normal(size=200_000)
    results = []
    for count in (1, 2, 4):
        with threads(count):
            results.append(disturb(native, x))
    np.testing.assert_array_equal(results[1], results[0])
    np.testing.assert_array_equal(results[2], results[0])
