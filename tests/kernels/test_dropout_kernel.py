"""Dropout: the random words of Threefry, and what is done with them."""

import numpy as np
import pytest

# Around groups of random words (64) and blocks (4096).
SIZES = [0, 1, 63, 64, 65, 4095, 4096, 4097, 10_000]
WORD = 0xFFFFFFFF
ROTATIONS = [(10, 26), (11, 21), (13, 27), (23, 5), (6, 20), (17, 11), (25, 10), (18, 20)]


def threefry(key, counter):
    """Threefry4x32 with 20 rounds, word by word."""
    keys = [*key, 0x1BD11BDA ^ key[0] ^ key[1] ^ key[2] ^ key[3]]
    x = [(word + k) & WORD for word, k in zip(counter, keys, strict=False)]
    for step in range(20):
        partners = (1, 3) if step % 2 == 0 else (3, 1)
        for first, second, bits in zip((0, 2), partners, ROTATIONS[step % 8], strict=True):
            x[first] = (x[first] + x[second]) & WORD
            x[second] = ((x[second] << bits | x[second] >> (32 - bits)) & WORD) ^ x[first]
        if step % 4 == 3:
            turn = step // 4 + 1
            x = [(word + keys[(turn + place) % 5]) & WORD for place, word in enumerate(x)]
            x[3] = (x[3] + turn) & WORD
    return x


def expected_words(key, count):
    """The first random words: of 16 counters at a time the first words, then the second, and so on."""
    words = [threefry([*key, 0, 0], [counter, 0, 0, 0]) for counter in range(-(-count // 64) * 16)]
    return np.array(words, np.uint32).reshape(-1, 16, 4).transpose(0, 2, 1).ravel()[:count]


def drop(native, x, key=(3, 5), rate=0.3):
    y = native.empty(x.shape)
    native.dropout.dropout(native.array(x), *key, rate, y)
    return y


def test_the_words_of_this_test_are_those_of_the_paper():
    """The known answers that come with the authors' own library, Random123."""
    assert threefry([0] * 4, [0] * 4) == [0x9C6CA96A, 0xE17EAE66, 0xFC10ECD4, 0x5256A7D8]
    assert threefry([WORD] * 4, [WORD] * 4) == [0x2A881696, 0x57012287, 0xF6C7446E, 0xA16A6732]


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
