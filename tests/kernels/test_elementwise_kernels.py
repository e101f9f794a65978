"""Activations against their formulas in float64, and against Keras."""

import math

import numpy as np
import pytest

erfc = np.vectorize(math.erfc, otypes=["float64"])


def sigmoid(x):
    return np.where(x < 0, np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x))), 1 / (1 + np.exp(-np.abs(x))))


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def elu(x):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


# In float64, without cancellation.
FORMULAS = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu6": lambda x: np.clip(x, 0, 6),
    "elu": elu,
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "softplus": softplus,
    "selu": lambda x: 1.0507009873554804934 * np.where(x > 0, x, 1.6732632423543772848 * elu(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "hard_sigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "exponential": np.exp,
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "log_sigmoid": lambda x: -softplus(-x),
    "silu": lambda x: x * sigmoid(x),
    "gelu": lambda x: x * erfc(-x / math.sqrt(2)) / 2,
    "gelu_tanh": lambda x: x * sigmoid(math.sqrt(8 / math.pi) * (x + 0.044715 * x**3)),
    "hard_silu": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "mish": lambda x: x * np.tanh(softplus(x)),
}
# Where an exponent is itself rounded, its error counts as often as it is large.
ROUNDINGS = {"gelu": 150, "gelu_tanh": 150}
# Where a derivative jumps.
KINKS = {
    "relu": [0],
    "relu6": [0, 6],
    "elu": [0],
    "leaky_relu": [0],
    "selu": [0],
    "softsign": [0],
    "hard_sigmoid": [-3, 3],
    "hard_tanh": [-1, 1],
    "hard_silu": [-3, 3],
}
# Around the vectors, the chunks of a gradient (256), the blocks (4096), and enough for threads.
SIZES = [0, 1, 3, 15, 16, 17, 33, 255, 256, 257, 4095, 4096, 4097, 30_000]


def numbers(size, scale=4):
    return np.random.default_rng(size).normal(0, scale, size)


def derivative(formula, x, h=1e-3):
    """Central differences of fourth order."""
    return (8 * (formula(x + h) - formula(x - h)) - (formula(x + 2 * h) - formula(x - 2 * h))) / (12 * h)


@pytest.fixture(params=FORMULAS)
def activation(request):
    return request.param


def forward(native, activation, x):
    y = native.empty(x.shape)
    native.elementwise.activation_forward(native.elementwise.activation_codes[activation], x, y)
    return y


def backward(native, activation, x, d_y):
    x_or_y = x if activation in native.elementwise.gradient_from_input else forward(native, activation, x)
    d_x = native.empty(x.shape)
    native.elementwise.activation_backward(native.elementwise.activation_codes[activation], x_or_y, d_y, d_x)
    return d_x


def test_formulas_are_those_of_all_activations(native):
    assert FORMULAS.keys() == native.elementwise.activation_codes.keys()


@pytest.mark.parametrize("scale", [1e-6, 0.01, 1, 5, 20])
def test_forward_to_the_last_bits(native, activation, scale):
    x = native.array(numbers(10_000, scale))
    expected = FORMULAS[activation](x.astype("float64"))
    visible = np.abs(expected) > 1e-30  # smaller ones are near the smallest normal number of float32
    rtol = ROUNDINGS.get(activation, 4) * native.epsilon
    np.testing.assert_allclose(forward(native, activation, x)[visible], expected[visible], rtol=rtol)


def test_forward_of_any_size(native, activation):
    for size in SIZES:
        x = native.array(numbers(size))
        expected = FORMULAS[activation](x.astype("float64"))
        tolerance = {"rtol": 100 * native.epsilon, "atol": native.epsilon}
        np.testing.assert_allclose(forward(native, activation, x), expected, **tolerance, err_msg=f"size {size}")


def test_backward_of_any_size(native, activation):
    tolerance = 1e-5 if native.dtype == "float32" else 1e-8
    for size in SIZES:
        x = numbers(size)
        for kink in KINKS.get(activation, []):
            x[np.abs(x - kink) < 0.01] += 0.1
        x, d_y = native.array(x), native.array(numbers(size + 1)[1:])
        expected = derivative(FORMULAS[activation], x.astype("float64")) * d_y
        d_x = backward(native, activation, x, d_y)
        np.testing.assert_allclose(d_x, expected, rtol=tolerance, atol=tolerance, err_msg=f"size {size}")


def test_in_place(native, activation):
    x, d_y = native.array(numbers(5000)), native.array(numbers(5001)[1:])
    code = native.elementwise.activation_codes[activation]
    expected_y, expected_d_x = forward(native, activation, x), backward(native, activation, x, d_y)
    y = x.copy()
    native.elementwise.activation_forward(code, y, y)
    np.testing.assert_array_equal(y, expected_y)
    x_or_y = x.copy() if activation in native.elementwise.gradient_from_input else y
    d_x = d_y.copy()
    native.elementwise.activation_backward(code, x_or_y, d_x, d_x)
    np.testing.assert_array_equal(d_x, expected_d_x)
    native.elementwise.activation_backward(code, x_or_y, d_y, x_or_y)
    np.testing.assert_array_equal(x_or_y, expected_d_x)


@pytest.mark.parametrize(("rows", "c"), [(0, 3), (1, 1), (7, 3), (130, 64), (33, 257), (5, 5000), (3000, 17)])
def test_bias_and_activation(native, rows, c, activation):
    x, bias = native.array(numbers(rows * c).reshape(rows, c)), native.array(numbers(c, 1))
    y = x.copy()
    native.elementwise.bias_activation(native.elementwise.activation_codes[activation], bias, y)
    expected = np.empty(rows * c, native.dtype)
    native.elementwise.activation_forward(native.elementwise.activation_codes[activation], (x + bias).ravel(), expected)
    np.testing.assert_array_equal(y.ravel(), expected)


def test_same_results_for_any_number_of_threads(native, threads, activation):
    x, d_y = native.array(numbers(100_003)), native.array(numbers(100_004)[1:])
    results = []
    for count in (1, 2, 3):
        with threads(count):
            results.append(forward(native, activation, x).tobytes() + backward(native, activation, x, d_y).tobytes())
    assert results[0] == results[1] == results[2]


def keras_activation(keras, activation):
    if activation == "gelu_tanh":
        return lambda x: keras.activations.gelu(x, approximate=True)
    return keras.activations.get(activation)


def test_special_numbers_as_in_keras(native, keras, activation):
    special = [0, np.inf, -np.inf, np.nan, 1e4, -1e4, 80, -80, 3, -3, 6, 1, -1]
    if activation == "gelu":
        special[1] = 100  # PyTorch makes NaN of infinity, but not where its vectors end
    x = native.array(np.tile(special, 5))
    expected = keras.ops.convert_to_numpy(keras_activation(keras, activation)(keras.ops.convert_to_tensor(x)))
    np.testing.assert_allclose(forward(native, activation, x), expected, rtol=1e-5, atol=1e-6)


def test_gradient_as_in_keras(native, keras, activation):
    import torch

    kinks = [0, 6, -3, 3, -1, 1]
    x = np.r_[numbers(500), kinks, 20, -20].astype(native.dtype)
    peer_x = torch.tensor(x, requires_grad=True)
    keras_activation(keras, activation)(peer_x).backward(torch.ones(x.size, dtype=peer_x.dtype))
    d_x = backward(native, activation, x, np.ones_like(x))
    np.testing.assert_allclose(d_x, peer_x.grad.numpy(), rtol=1e-5, atol=1e-5)


def test_denormal_state_is_restored(native):
    x = native.array(numbers(100))
    forward(native, "sigmoid", x)
    smallest = np.array([np.finfo(native.dtype).smallest_subnormal])
    assert (smallest * 2)[0] == 2 * smallest[0] != 0


@pytest.mark.parametrize("activation", ["linear", "relu", "relu6", "hard_tanh"])
def test_denormals_go_on_where_nothing_is_computed(native, activation):
    tiny = native.array(np.repeat([1.0, 2.0, 3.0], 11) * np.finfo(native.dtype).smallest_subnormal)
    assert (tiny != 0).all()
    np.testing.assert_array_equal(forward(native, activation, tiny), tiny)
    d_x = native.empty(len(tiny))
    native.elementwise.activation_backward(native.elementwise.activation_codes[activation], tiny, tiny, d_x)
    np.testing.assert_array_equal(d_x, tiny)


# With parameters ------------------------------------------------------------------------------------------------------

SPECIAL = [0, -0.0, np.inf, -np.inf, np.nan, 1e4, -1e4]


@pytest.mark.parametrize("slope", [0.3, 0, -2, 1.5])
@pytest.mark.parametrize("size", SIZES)
def test_leaky_relu(native, slope, size):
    x, values = native.array(np.r_[SPECIAL, numbers(size)][:size]), native.array(numbers(size + 1)[1:])
    y = native.empty(size)
    native.elementwise.leaky_relu_forward(slope, x, y)
    factors = np.where(x > 0, 1, np.asarray(slope, native.dtype))
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(y, x * factors)
    native.elementwise.leaky_relu_backward(slope, x, values, y)
    np.testing.assert_array_equal(y, values * factors)


@pytest.mark.parametrize(("alpha", "width"), [(0.5, 1), (2, 2), (-1, 1), (0.1, 3)])
@pytest.mark.parametrize("size", SIZES)
def test_elu(native, alpha, width, size):
    x, d_y = native.array(np.r_[SPECIAL, numbers(size)][:size]), native.array(numbers(size + 1)[1:])
    y, d_x = native.empty(size), native.empty(size)
    native.elementwise.elu_forward(alpha, width, x, y)
    native.elementwise.elu_backward(alpha, width, x, d_y, d_x)
    below = np.minimum(x.astype("float64"), 0) / width
    tolerance = {"rtol": 8 * native.epsilon, "atol": native.epsilon}
    np.testing.assert_allclose(y, np.where(x > 0, x, alpha * np.expm1(below)), **tolerance)
    np.testing.assert_allclose(d_x, d_y * np.where(x > 0, 1, alpha / width * np.exp(below)), **tolerance)


def test_parameters_same_results_for_any_number_of_threads(native, threads):
    x, d_y = native.array(numbers(100_003)), native.array(numbers(100_004)[1:])
    results = []
    for count in (1, 2, 3):
        arrays = [native.empty(x.size) for _ in range(3)]
        with threads(count):
            native.elementwise.leaky_relu_backward(0.3, x, d_y, arrays[0])
            native.elementwise.elu_forward(0.3, 1, x, arrays[1])
            native.elementwise.elu_backward(0.3, 1, x, d_y, arrays[2])
        results.append([array.tobytes() for array in arrays])
    assert results[0] == results[1] == results[2]


# Around blocks of rows (4096 numbers), and rows that are longer.
@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3, 17), (3, 300, 30), (2, 2, 5000), (0, 3, 3)])
def test_tones(native, shape):
    random = np.random.default_rng(7)
    x, scales, terms = (random.normal(size=size) for size in (shape, shape[:1], (shape[0], shape[2])))
    x[:, :, ::5] = np.nan
    x, scales, terms = map(native.array, (x, scales, terms))
    y = native.empty(shape)
    native.elementwise.scale_shift_clip(x, scales, terms, -0.5, 0.75, y)
    expected = np.clip(x * scales[:, None, None] + terms[:, None], -0.5, 0.75)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6 if native.dtype == np.float32 else 1e-14)


def test_tones_are_the_same_for_any_number_of_threads(native, threads):
    random = np.random.default_rng(7)
    x, scales, terms = (native.array(random.normal(size=size)) for size in ((3, 700, 301), (3,), (3, 301)))
    found = []
    for count in (1, 2, 4):
        with threads(count):
            y = native.empty(x.shape)
            native.elementwise.scale_shift_clip(x, scales, terms, -0.5, 0.75, y)
            found.append(y)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shift", [0.0, -1.0])
def test_scale_and_shift_round_twice(native, size, shift):
    random = np.random.default_rng(size)
    scale = 1 / 127.5
    for values in (random.normal(size=size), random.integers(0, 256, size)):
        expected = native.array(values) * native.dtype.type(scale) + native.dtype.type(shift)
        y = native.empty(size)
        native.elementwise.scale_shift(native.array(values), scale, shift, y)
        np.testing.assert_array_equal(y, expected)
    y = native.empty(size)
    native.elementwise.scale_shift_bytes(values.astype(np.uint8), scale, shift, y)
    np.testing.assert_array_equal(y, expected)


def test_scale_and_shift_are_the_same_for_any_number_of_threads(native, threads):
    values = np.random.default_rng(0).integers(0, 256, 600_011)
    expected = native.array(values) * native.dtype.type(1 / 127.5) - 1
    for count in (1, 2, 4):
        with threads(count):
            for function, x in (("scale_shift", native.array(values)), ("scale_shift_bytes", values.astype(np.uint8))):
                y = native.empty(len(values))
                getattr(native.elementwise, function)(x, 1 / 127.5, -1, y)
                np.testing.assert_array_equal(y, expected)
