"""The kernel that takes pixels from other places, against NumPy's indices."""

import numpy as np
import pytest

FILLER = 7.5
# Tables of an axis of 9: as it is, with a border, mirrored, mirrored with a border, repeated, in no order.
TABLES = [
    [*range(9)],
    [-1, *range(9), -1, -1],
    [*range(8, -1, -1)],
    [-1, *range(8, -1, -1), -1],
    [0, 0, 1, 2, 2, 8],
    [3, 4, -1, 5, 2, 1, 0, 1, 2, -1, 0],
]


def taken(x, places):
    """The oracle: one image after the other, axis by axis."""
    images = []
    for n, y in enumerate(x):
        for axis, table in enumerate(places):
            row = np.asarray(table[n % len(table)])
            y = np.take(y, row, axis)
            y[(slice(None),) * axis + (row < 0,)] = FILLER
        images.append(y)
    return np.stack(images)


def run(native, x, places):
    tables = [np.array(table, np.intp) for table in places]
    y = native.empty((len(x), *(table.shape[1] for table in tables), x.shape[-1]))
    native.take.take(x, *tables, FILLER, y)
    return y


def images(native, shape):
    return native.array(np.random.default_rng(shape[-1]).normal(size=shape))


@pytest.mark.parametrize("c", [1, 2, 3, 16, 35])
@pytest.mark.parametrize("place", range(len(TABLES)))
def test_forward(native, place, c):
    x = images(native, (2, 3, 4, 9, c))
    places = [[0, -1, 2]], [[-1, 3, 2, 1, 0, 0]], [TABLES[place]]
    np.testing.assert_array_equal(run(native, x, places), taken(x, places))


@pytest.mark.parametrize("c", [1, 3, 8])
def test_every_image_has_its_own_tables(native, c):
    x = images(native, (3, 2, 4, 9, c))
    places = [[1, 0], [0, 1], [-1, 0]], [[3, 2, 1, 0], [0, 1, 2, 3], [0, 0, 0, -1]], [TABLES[0], TABLES[2], TABLES[0]]
    np.testing.assert_array_equal(run(native, x, places), taken(x, places))


def test_every_number_arrives_as_it_is(native):
    tiny = np.finfo(native.dtype).smallest_subnormal
    x = native.array(np.array([np.nan, np.inf, -0.0, tiny, -tiny]).reshape(1, 1, 1, 5, 1))
    mirrored = run(native, x, ([[0]], [[0]], [[4, 3, 2, 1, 0]])).ravel()
    np.testing.assert_array_equal(mirrored.view(f"u{native.dtype.itemsize}"), x.ravel()[::-1].view(f"u{native.dtype.itemsize}"))


def test_nothing_to_take_or_to_take_from(native):
    assert run(native, native.empty((0, 1, 1, 2, 3)), ([[0]], [[0]], [[0, 1]])).shape == (0, 1, 1, 2, 3)
    border = run(native, native.empty((1, 1, 0, 2, 3)), ([[0]], [[-1, -1]], [[-1, 0, 1]]))
    np.testing.assert_array_equal(border, np.full((1, 1, 2, 3, 3), FILLER))


def test_same_results_for_any_number_of_threads(native, threads):
    x = images(native, (5, 1, 300, 9, 37))
    places = [[0]], [[-1, *range(299, -1, -1)]], [TABLES[3]]
    expected = taken(x, places)
    for count in (1, 2, 4):
        with threads(count):
            np.testing.assert_array_equal(run(native, x, places), expected)
