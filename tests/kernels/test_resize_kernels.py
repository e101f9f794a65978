"""Resizing against sums over dense matrices in float64: one for each axis."""

import numpy as np
import pytest

# Around the vectors of channels, the width of a table lookup (16) and where one takes over from the other (8 channels).
CHANNELS = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 33]
# Up to four taps are added at a time.
TAPS = [1, 2, 3, 4, 5, 8, 9]


def random_band(rng, inputs, outputs, taps):
    taps = min(taps, inputs)
    starts = rng.integers(0, inputs - taps + 1, outputs).astype(np.intp)
    return starts, rng.normal(size=(outputs, taps))


def matrix(band, inputs):
    starts, weights = band
    dense = np.zeros((len(starts), inputs))
    for output, (start, row) in enumerate(zip(starts, weights, strict=True)):
        dense[output, start : start + len(row)] = row
    return dense


def resize(native, x, bands):
    y = native.empty((x.shape[0], *(len(starts) for starts, _ in bands), x.shape[4]))
    native.resize.resize(x, *(part for starts, weights in bands for part in (starts, native.array(weights))), y)
    return y


def expected(x, bands):
    dense = [matrix(band, length) for band, length in zip(bands, x.shape[1:4], strict=True)]
    return np.einsum("ndhwc,Dd,Hh,Ww->nDHWc", x.astype("float64"), *dense, optimize=True)


def check(native, shape, outputs, taps, seed=0):
    rng = np.random.default_rng(seed)
    bands = [random_band(rng, n, m, t) for n, m, t in zip(shape[1:4], outputs, taps, strict=True)]
    bands = [(starts, np.asarray(native.array(weights), "float64")) for starts, weights in bands]
    x = native.array(rng.normal(size=shape))
    tolerance = 64 * native.epsilon * np.prod(taps)
    np.testing.assert_allclose(resize(native, x, bands), expected(x, bands), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("taps", [1, 2, 4])
def test_channels(native, channels, taps):
    check(native, (2, 1, 7, 9, channels), (1, 5, 13), (1, taps, taps))


@pytest.mark.parametrize("taps", TAPS)
@pytest.mark.parametrize("channels", [3, 20])
def test_taps(native, taps, channels):
    check(native, (1, 1, 10, 11, channels), (1, 4, 19), (1, taps, 2))
    check(native, (1, 1, 10, 11, channels), (1, 4, 19), (1, 2, taps))


@pytest.mark.parametrize("taps", [1, 2, 5])
def test_depth(native, taps):
    check(native, (2, 6, 5, 4, 3), (7, 3, 8), (taps, 2, 3))


def test_widths_around_the_lanes(native):
    for width in (1, 5, 6, 15, 16, 17, 32, 33):
        check(native, (1, 1, 3, 4, 1), (1, 2, width), (1, 2, 2))


@pytest.mark.parametrize("channels", [1, 3, 32])
def test_single_pixels_and_rows(native, channels):
    check(native, (1, 1, 1, 1, channels), (1, 1, 1), (1, 1, 1))
    check(native, (3, 1, 1, 8, channels), (1, 5, 8), (1, 1, 3))
    check(native, (3, 1, 8, 1, channels), (1, 8, 4), (1, 3, 1))


@pytest.mark.parametrize("channels", [2, 16])
def test_what_stays_is_copied(native, channels):
    x = native.array(np.random.default_rng(0).normal(size=(2, 3, 4, 5, channels)))
    bands = [(np.arange(n), np.ones((n, 1))) for n in x.shape[1:4]]
    np.testing.assert_array_equal(resize(native, x, bands), x)


def test_a_width_that_stays_may_still_be_weighted(native):
    x = native.array(np.ones((1, 1, 1, 3, 2)))
    bands = [(np.zeros(1, np.intp), np.ones((1, 1)))] * 2 + [(np.arange(3), np.array([[2.0], [3.0], [4.0]]))]
    np.testing.assert_array_equal(resize(native, x, bands)[0, 0, 0, :, 0], [2, 3, 4])


def test_nothing(native):
    bands = [(np.zeros(1, np.intp), np.ones((1, 1)))] * 3
    assert resize(native, native.array(np.ones((0, 1, 1, 1, 3))), bands).size == 0
    assert resize(native, native.array(np.ones((2, 1, 1, 1, 0))), bands).size == 0


def test_nan_and_infinity_pass(native):
    x = np.zeros((1, 1, 2, 2, 3))
    x[0, 0, 0, 0], x[0, 0, 1, 1] = np.nan, np.inf
    bands = [(np.zeros(1, np.intp), np.ones((1, 1)))] + [(np.arange(2), np.ones((2, 1)))] * 2
    np.testing.assert_array_equal(resize(native, native.array(x), bands), x)


@pytest.mark.parametrize("channels", [3, 32])
def test_same_bits_for_any_number_of_threads(native, threads, channels):
    rng = np.random.default_rng(0)
    x = native.array(rng.normal(size=(3, 1, 70, 80, channels)))
    bands = [random_band(rng, n, m, t) for n, m, t in zip(x.shape[1:4], (1, 91, 60), (1, 5, 2), strict=True)]
    results = []
    for count in (1, 2, 3):
        with threads(count):
            results.append(resize(native, x, bands))
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])
