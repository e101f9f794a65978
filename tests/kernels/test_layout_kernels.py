"""Transpositions against NumPy."""

import numpy as np
import pytest

# Around the tiles of all instruction sets and number types (2 to 16), the blocks (32 x 64, and 1024 pixels with few numbers),
# and the shapes of usual images. The last two are too large for L2.
SIZES = [(1, 1), (1, 7), (3, 100), (100, 3), (15, 16), (16, 15), (16, 17), (17, 33), (63, 65), (64, 128), (129, 20), (49, 512)]
SIZES += [(2, 2), (3, 1025), (1030, 2), (7, 2100), (2100, 15), (79, 47), (48, 81), (300, 901), (901, 300)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("n", [1, 3])
def test_transpose(native, n, size):
    x = native.array(np.random.default_rng(0).normal(size=(n, *size)))
    y = native.empty((n, *size[::-1]))
    native.layout.transpose(x, y)
    np.testing.assert_array_equal(y, x.transpose(0, 2, 1))


@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 0, 4), (2, 3, 0)], ids=str)
def test_nothing_to_transpose(native, shape):
    native.layout.transpose(native.empty(shape), native.empty((shape[0], shape[2], shape[1])))


def test_bits_stay(native):
    """NaN with its payload, minus zero and numbers too small for a normal exponent."""
    smallest = np.finfo(native.dtype).smallest_subnormal
    bits = np.array([np.nan, -np.nan, -0.0, smallest, -smallest], native.dtype)
    x = native.array(np.resize(bits, (1, 33, 35)))
    y = native.empty((1, 35, 33))
    native.layout.transpose(x, y)
    assert y.tobytes() == x.transpose(0, 2, 1).tobytes()


def test_same_results_for_any_number_of_threads(native, threads):
    x = native.array(np.random.default_rng(0).normal(size=(3, 500, 701)))
    for count in (1, 2, 3):
        y = native.empty((3, 701, 500))
        with threads(count):
            native.layout.transpose(x, y)
        np.testing.assert_array_equal(y, x.transpose(0, 2, 1))


def windows_of(native, n=2, oh=3, ow=4, kd=2, kh=3, row=10):
    return native.array(np.random.default_rng(0).normal(size=(n, oh, ow, kd, kh, row)))


@pytest.mark.parametrize("sizes", [{}, {"kd": 1, "kh": 1}, {"oh": 1, "ow": 1}, {"row": 1}, {"row": 200, "kh": 2}], ids=str)
def test_windows_are_placed_side_by_side(native, sizes):
    windows = windows_of(native, **sizes)
    n, oh, ow, kd, kh, row = windows.shape
    y = native.empty((n, kd, oh, kh, ow, row))
    native.layout.place_windows(windows, y)
    np.testing.assert_array_equal(y, windows.transpose(0, 3, 1, 4, 2, 5))


def test_no_windows(native):
    native.layout.place_windows(native.empty((0, 3, 4, 1, 2, 5)), native.empty((0, 1, 3, 2, 4, 5)))


def test_windows_are_placed_by_any_number_of_threads(native, threads):
    windows = windows_of(native, oh=30, ow=50, row=90)
    y = native.empty((2, 2, 30, 3, 50, 90))
    with threads(2):
        native.layout.place_windows(windows, y)
    np.testing.assert_array_equal(y, windows.transpose(0, 3, 1, 4, 2, 5))
