"""Dropout: what is kept follows from random words."""

import numpy as np
import pytest

from tests.kernels.threefry import expected_words

# Around groups of random words (64) and blocks (4096).
SIZES = [0, 1, 63, 64, 65, 4095, 4096, 4097, 10_000]


def drop(native, x, key=(3, 5), rate=0.3):
    y = native.empty(x.shape)
    native.dropout.dropout(native.array(x), *key, rate, y)
    return y


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.999])
def test_what_is_kept_follows_from_the_words(native, size, rate):
    key = (7, 4_000_000_000)
    x = np.random.default_rng(0).normal(size=size)
    kept = expected_words(key, size) >= int(rate * 2**32)
    scale = native.dtype.type(1 / (1 - rate))
    np.testing.assert_array_equal(drop(native, x, key, rate), native.array(x) * np.where(kept, scale, 0))


def test_everything_can_be_dropped(native):
    assert not drop(native, np.ones(1000), rate=1.0).any()


def test_in_place(native):
    x = native.array(np.random.default_rng(0).normal(size=5000))
    y = x.copy()
    native.dropout.dropout(y, 1, 2, 0.4, y)
    np.testing.assert_array_equal(y, drop(native, x, (1, 2), 0.4))


@pytest.mark.parametrize("key", [(1, 0), (0, 1), (1, 1), (2, 0)])
def test_each_key_draws_others(native, key):
    x = np.ones(1000)
    same = np.mean(drop(native, x, key, 0.5) == drop(native, x, (0, 0), 0.5))
    # Five standard deviations of a binomial distribution.
    assert abs(same - 0.5) < 5 * 0.5 / np.sqrt(1000)


def test_threads_make_no_difference(native, threads):
    x = np.random.default_rng(0).normal(size=200_000)
    results = []
    for count in (1, 3):
        with threads(count):
            results.append(drop(native, x))
    np.testing.assert_array_equal(*results)
