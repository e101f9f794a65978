"""The kernel for products of many small matrices, against NumPy in float64."""

import numpy as np
import pytest

# Around the tiles (3 or 6 rows by 1, 2 and 4 vectors of 2 to 16 columns), and sums that are long or none.
SIZES = [
    (2, 1, 5, 1),
    (3, 6, 16, 16),
    (2, 7, 9, 17),
    (2, 64, 128, 64),
    (1, 13, 3, 33),
    (2, 5, 20, 49),
    (2, 12, 1, 100),
    (2, 4, 3000, 65),
    (3, 3, 10, 5),
    (2, 9, 0, 18),
    (0, 3, 4, 5),
    (2, 0, 4, 5),
]


def stored(native, matrices, transposed):
    return native.array(matrices.swapaxes(1, 2) if transposed else matrices)


def run(native, a, a_transposed, b, b_transposed):
    y = native.empty((len(a), a.shape[1], b.shape[2]))
    native.batch_matmul.batch_matmul(
        stored(native, a, a_transposed), a_transposed, stored(native, b, b_transposed), b_transposed, y
    )
    return y


def matrices(native, n, rows, depth, columns):
    random = np.random.default_rng(rows)
    return (native.array(random.normal(size=size)) for size in ((n, rows, depth), (n, depth, columns)))


@pytest.mark.parametrize("a_transposed", [False, True])
@pytest.mark.parametrize("b_transposed", [False, True])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_forward(native, size, a_transposed, b_transposed):
    a, b = matrices(native, *size)
    expected = np.matmul(a.astype("float64"), b)
    y = run(native, a, a_transposed, b, b_transposed)
    np.testing.assert_allclose(y, expected, rtol=0, atol=4 * native.epsilon * (1 + size[2]))


def test_what_is_not_finite_stays_in_its_rows_and_columns(native):
    a, b = (x.copy() for x in matrices(native, 2, 8, 20, 40))
    a[0, 3, 5], b[1, 7, 39] = np.nan, np.inf
    expected = np.matmul(a.astype("float64"), b)
    np.testing.assert_array_equal(np.isfinite(run(native, a, False, b, False)), np.isfinite(expected))


def test_same_results_for_any_number_of_threads(native, threads):
    a, b = matrices(native, 33, 64, 64, 50)
    results = []
    for count in (1, 2, 4):
        with threads(count):
            results.append(run(native, a, True, b, True))
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
