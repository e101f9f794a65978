"""Softmax and its logarithm against NumPy in float64."""

import numpy as np
import pytest

# Rows that count as short (up to 128 numbers), around the 32 that are computed together, and long ones, around the lanes of a
# sum (32) and tasks of one row and of many (4096 numbers); enough for threads.
SHORT = [(0, 5), (3, 0), (1, 1), (7, 10), (31, 3), (32, 17), (33, 16), (65, 2), (3, 65), (700, 21), (5, 127), (40, 128)]
LONG = [(5, 129), (5, 160), (5, 161), (100, 191), (3, 4097), (40, 2000)]
SHAPES = SHORT + LONG


def softmax(x):
    exponentials = np.exp(x - x.max(axis=1, keepdims=True, initial=-np.inf))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def softmax_gradient(x, d_y):
    y = softmax(x)
    return y * (d_y - (y * d_y).sum(axis=1, keepdims=True))


def log_softmax(x):
    shifted = x - x.max(axis=1, keepdims=True, initial=-np.inf)
    with np.errstate(divide="ignore"):
        return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def log_softmax_gradient(x, d_y):
    return d_y - softmax(x) * d_y.sum(axis=1, keepdims=True)


FORMULAS = {"softmax": (softmax, softmax_gradient), "log_softmax": (log_softmax, log_softmax_gradient)}


@pytest.fixture(params=FORMULAS)
def name(request):
    return request.param


def numbers(native, shape, scale=3):
    rng = np.random.default_rng(0)
    return native.array(rng.normal(0, scale, shape)), native.array(rng.normal(size=shape))


def compute(native, name, x, d_y):
    y, d_x = native.empty(x.shape), native.empty(x.shape)
    getattr(native.softmax, f"{name}_forward")(x, y)
    getattr(native.softmax, f"{name}_backward")(y, d_y, d_x)
    return y, d_x


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_formulas(native, name, shape):
    x, d_y = numbers(native, shape)
    y, d_x = compute(native, name, x, d_y)
    forward, gradient = FORMULAS[name]
    np.testing.assert_allclose(y, forward(x.astype("float64")), rtol=64 * native.epsilon, atol=16 * native.epsilon)
    tolerance = 64 * native.epsilon * max(1, np.sqrt(shape[1]))
    np.testing.assert_allclose(d_x, gradient(x.astype("float64"), d_y), rtol=tolerance, atol=tolerance)


def test_large_numbers(native, name):
    x = native.array([[1e30, 0, -1e30], [1000, 999, 0], [-1e4, -1e4, -1e4]])
    y, _ = compute(native, name, x, x)
    np.testing.assert_allclose(y, FORMULAS[name][0](x.astype("float64")), rtol=4 * native.epsilon, atol=1e-30)


def test_infinity_and_nan(native, name):
    """Minus infinity masks a number; infinity and NaN make the whole row NaN, and no other."""
    x = native.array([[0, -np.inf, 0], [0, np.inf, 0], [0, np.nan, 1], [-np.inf, -np.inf, -np.inf], [0, 0, 0]])
    y, _ = compute(native, name, x, x)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = FORMULAS[name][0](x.astype("float64"))
    assert np.isnan(expected).all(axis=1).tolist() == [False, True, True, True, False]
    np.testing.assert_allclose(y, expected, rtol=4 * native.epsilon)


def test_in_place(native, name):
    x, d_y = numbers(native, (40, 100))
    y, d_x = compute(native, name, x, d_y)
    x_y, d = x.copy(), d_y.copy()
    getattr(native.softmax, f"{name}_forward")(x_y, x_y)
    getattr(native.softmax, f"{name}_backward")(x_y, d, d)
    np.testing.assert_array_equal(x_y, y)
    np.testing.assert_array_equal(d, d_x)


@pytest.mark.parametrize("shape", [(7, 3000), (3000, 7)], ids=str)
def test_same_results_for_any_number_of_threads(native, threads, name, shape):
    x, d_y = numbers(native, shape)
    results = []
    for count in (1, 2, 3):
        with threads(count):
            results.append([array.tobytes() for array in compute(native, name, x, d_y)])
    assert results[0] == results[1] == results[2]


def test_same_results_as_torch(native, name):
    torch = pytest.importorskip("torch")
    x, d_y = numbers(native, (50, 37))
    y, d_x = compute(native, name, x, d_y)
    peer_x = torch.tensor(x.copy(), requires_grad=True)
    peer_y = getattr(torch, name)(peer_x, 1)
    peer_y.backward(torch.tensor(d_y.copy()))
    np.testing.assert_allclose(y, peer_y.detach().numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(d_x, peer_x.grad.numpy(), rtol=1e-4, atol=1e-5)
