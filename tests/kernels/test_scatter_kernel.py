"""Rows added to rows of a table, against a loop in NumPy."""

import numpy as np
import pytest

# Rows that are added, columns, and rows of the table: none, one, and around vectors and threads.
SHAPES = [(0, 3, 5), (1, 1, 1), (7, 1, 3), (50, 15, 4), (50, 16, 40), (33, 17, 1), (20, 65, 200)]
BAND = 37


def make(native, shape):
    n, c, rows = shape
    rng = np.random.default_rng(0)
    return native.array(rng.normal(size=(n, c))), rng.integers(0, rows, n), native.array(rng.normal(size=(rows, c)))


def add_rows(native, x, places, y):
    """Returns the result, which lay between numbers that must not change."""
    memory = np.full(y.size + 2 * BAND, 12345, native.dtype)
    table = memory[BAND : BAND + y.size].reshape(y.shape)
    table[...] = y
    native.scatter.add_rows(x, places, table)
    assert (memory[:BAND] == 12345).all() and (memory[BAND + y.size :] == 12345).all()
    return table


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sums(native, shape):
    x, places, y = make(native, shape)
    expected = y.copy()
    for place, row in zip(places, x, strict=True):
        expected[place] += row
    np.testing.assert_array_equal(add_rows(native, x, places, y), expected)


def test_inputs_stay_in_their_rows(native):
    """What lies around the rows that are added is not read: it is NaN."""
    x, places, y = make(native, (50, 17, 6))
    memory = np.full(x.size + 2 * BAND, np.nan, native.dtype)
    memory[BAND:-BAND] = x.ravel()
    result = add_rows(native, memory[BAND:-BAND].reshape(x.shape), places, y)
    np.testing.assert_array_equal(result, add_rows(native, x, places, y))


@pytest.mark.parametrize("rows", [1, 2, 3, 1000])
def test_threads_make_no_difference(native, threads, rows):
    x, places, y = make(native, (20_000, 33, rows))
    results = []
    for count in (1, 2, 3):
        with threads(count):
            results.append(add_rows(native, x, places, y))
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
