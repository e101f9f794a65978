"""Gradients of biases, alone and with an activation that follows, against NumPy in long double."""

import numpy as np
import pytest

from tests.kernels.channel_arrays import SHAPES, numbers


def images(matrix):
    """Returns a matrix (rows, c) as images (n, d, h, w, c), of two axes where the rows can be halved."""
    rows, c = matrix.shape
    return matrix.reshape(1, 1, 2, rows // 2, c) if rows % 2 == 0 else matrix.reshape(1, 1, 1, rows, c)


def assert_sums(native, d_bias, d_x):
    largest = np.abs(d_x).sum(axis=0, dtype="longdouble").max()
    np.testing.assert_allclose(d_bias, d_x.sum(axis=0, dtype="longdouble"), rtol=0, atol=8 * native.epsilon * largest)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_bias_backward(native, shape):
    d_y, _ = numbers(native, shape)
    d_bias = native.empty(shape[1])
    native.channels.bias_backward(images(d_y), d_bias)
    assert_sums(native, d_bias, d_y)


def bias_activation_backward(native, activation, y, d_y):
    """Returns d_x and d_bias."""
    code = native.elementwise.activation_codes[activation]
    d_x, d_bias = native.empty(y.shape), native.empty(y.shape[1])
    native.channels.bias_activation_backward(code, images(y), images(d_y), images(d_x), d_bias)
    return d_x, d_bias


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_bias_activation_backward(native, shape):
    y, d_y = numbers(native, shape, mean=0.0)
    d_x, d_bias = bias_activation_backward(native, "relu", y, d_y)
    np.testing.assert_array_equal(d_x, np.where(y > 0, d_y, 0))
    assert_sums(native, d_bias, d_x)


# The derivative of each activation that kernels compute with a bias, from its result.
DERIVATIVES = {
    "relu": lambda y: y > 0,
    "sigmoid": lambda y: y * (1 - y),
    "tanh": lambda y: 1 - y**2,
    "relu6": lambda y: (y > 0) & (y < 6),
    "elu": lambda y: np.where(y > 0, 1, y + 1),
    "leaky_relu": lambda y: np.where(y > 0, 1, 0.2),
    "softplus": lambda y: 1 - np.exp(-y),
    "selu": lambda y: np.where(y > 0, 1.0507009873554805, y + 1.0507009873554805 * 1.6732632423543772),
    "softsign": lambda y: (1 - np.abs(y)) ** 2,
    "hard_sigmoid": lambda y: ((y > 0) & (y < 1)) / 6,
    "exponential": lambda y: y,
    "hard_tanh": lambda y: np.abs(y) < 1,
    "log_sigmoid": lambda y: 1 - np.exp(y),
}


def test_derivatives_are_those_of_all_fused_activations(native):
    known = native.elementwise
    assert DERIVATIVES.keys() == known.activation_codes.keys() - known.gradient_from_input - {"linear"}


@pytest.mark.parametrize("activation", DERIVATIVES)
@pytest.mark.parametrize("in_place", [False, True])
def test_bias_activation_backward_of_all_activations(native, activation, in_place):
    x, d_y = numbers(native, (700, 33), mean=0.0)
    y = native.empty(x.shape)
    code = native.elementwise.activation_codes[activation]
    native.elementwise.activation_forward(code, x.reshape(-1), y.reshape(-1))
    expected = d_y.astype("longdouble") * DERIVATIVES[activation](y.astype("longdouble"))
    d_x, d_bias = bias_activation_backward(native, activation, y, d_y)
    if in_place:
        first = d_x
        d_x, d_bias = d_y.copy(), native.empty(33)
        native.channels.bias_activation_backward(code, images(y), images(d_x), images(d_x), d_bias)
        np.testing.assert_array_equal(d_x, first)
    np.testing.assert_allclose(d_x, expected, rtol=16 * native.epsilon, atol=16 * native.epsilon)
    assert_sums(native, d_bias, d_x)


@pytest.mark.parametrize("shape", [(20_000, 3), (4000, 33), (50, 3000)], ids=str)
def test_same_results_for_any_number_of_threads(native, threads, shape):
    y, d_y = numbers(native, shape, mean=0.0)
    results = []
    for count in (1, 2, 4):
        d_bias = native.empty(shape[1])
        with threads(count):
            native.channels.bias_backward(images(d_y), d_bias)
            arrays = [d_bias, *bias_activation_backward(native, "tanh", y, d_y)]
        results.append([array.tobytes() for array in arrays])
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("shape", [(0, 4), (4, 0), (0, 0)], ids=str)
def test_nothing_to_compute(native, shape):
    y, d_y = numbers(native, shape)
    d_x, d_bias = bias_activation_backward(native, "relu", y, d_y)
    assert d_x.shape == shape
    assert not d_bias.any()
    native.channels.bias_backward(images(d_y), d_bias)
    assert not d_bias.any()
