"""The kernel that puts arrays one behind the other, against NumPy."""

import numpy as np
import pytest

# Rows of short and long parts, around vectors and blocks of the result (16384).
LENGTHS = [(3, 1), (64, 64), (16, 7, 33), (5,), (20000, 1, 30000)]


def arrays(native, rows, lengths):
    random = np.random.default_rng(rows)
    return [native.array(random.normal(size=(rows, length))) for length in lengths]


def joined(native, xs):
    y = native.empty((len(xs[0]), sum(x.shape[1] for x in xs)))
    native.concatenate.concatenate(xs, y)
    return y


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("rows", [1, 2, 517])
def test_forward(native, rows, lengths):
    rows = min(rows, 2) if sum(lengths) > 1000 else rows
    xs = arrays(native, rows, lengths)
    np.testing.assert_array_equal(joined(native, xs), np.concatenate(xs, axis=1))


def test_nothing_to_join(native):
    native.concatenate.concatenate([native.empty((0, 2)), native.empty((0, 3))], native.empty((0, 5)))


def test_same_results_for_any_number_of_threads(native, threads):
    xs = arrays(native, 30_011, (17, 3))
    for count in (1, 2, 4):
        with threads(count):
            np.testing.assert_array_equal(joined(native, xs), np.concatenate(xs, axis=1))
