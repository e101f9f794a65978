"""Bias gradients, moments and batch normalization over channels against NumPy in long double, and against PyTorch.

Two modules have the same functions but for the bias: `channels` for matrices (rows, c), `planes` for arrays (n, c, pixels).
"""

import numpy as np
import pytest

from convlayers import _native

EPSILON = 1e-3
# One row or many, around groups (64 rows) and tasks (64 groups); few channels, taken several rows at a time, and many.
SHAPES = [
    *((rows, c) for rows in (1, 2, 63, 64, 65, 130) for c in (1, 3, 8, 15, 16, 17, 33, 64, 65, 200)),
    *((rows, c) for rows in (4096, 4099, 10_000) for c in (1, 6, 8, 33)),
    (5, 5000),
]


@pytest.fixture(params=SHAPES, ids=str)
def shape(request):
    return request.param


def numbers(native, shape, mean=2.0, deviation=1.5):
    rng = np.random.default_rng(0)
    return native.array(rng.normal(mean, deviation, shape)), native.array(rng.normal(size=shape))


def vectors(native, c):
    rng = np.random.default_rng(1)
    return native.array(rng.normal(size=c)), native.array(rng.normal(size=c))


class Kernels:
    """One of the two modules, for matrices (rows, c)."""

    def __init__(self, native, name):
        self.native, self.planes, self.module = native, name == "planes", getattr(native, name)

    def arrange(self, x):
        """Returns a matrix as the module reads it: the planes of two images where rows can be halved, else of one."""
        if self.planes:
            x = x.reshape(2 if len(x) % 2 == 0 else 1, len(x) // (2 - len(x) % 2), x.shape[1]).transpose(0, 2, 1)
        return self.native.array(x)

    def back(self, y):
        return y.transpose(0, 2, 1).reshape(y.shape[0] * y.shape[2], y.shape[1]) if self.planes else y

    def moments(self, x):
        mean, variance = self.native.empty(x.shape[1]), self.native.empty(x.shape[1])
        self.module.moments(self.arrange(x), mean, variance)
        return mean, variance

    def normalize(self, x, gamma, beta, *activation):
        mean, variance = self.moments(x)
        x = self.arrange(x)
        y = self.native.empty(x.shape)
        self.module.batch_normalization_forward(x, mean, variance, gamma, beta, EPSILON, y, *activation)
        return self.back(y)

    def normalize_gradients(self, x, gamma, d_y, beta=None, activation=0, in_place=False):
        """Returns d_x, d_gamma and d_beta."""
        mean, variance = self.moments(x)
        x, d_y = self.arrange(x), self.arrange(d_y).copy()
        d_gamma, d_beta, d_x = self.native.empty(x.shape[1]), self.native.empty(x.shape[1]), self.native.empty(x.shape)
        moments = mean, variance, gamma, beta, EPSILON
        d = d_y if in_place or not activation else self.native.empty(x.shape)
        self.module.batch_normalization_backward_parameters(x, *moments, d_y, d_gamma, d_beta, activation, d)
        self.module.batch_normalization_backward_input(x, mean, variance, gamma, EPSILON, d, d_gamma, d_beta, d_x)
        return self.back(d_x), d_gamma, d_beta

    def scale_shift(self, x, scale, shift):
        x = self.arrange(x)
        y = self.native.empty(x.shape)
        self.module.scale_shift(x, scale, shift, y)
        return self.back(y)


@pytest.fixture(params=["channels", "planes"])
def kernels(native, request):
    return Kernels(native, request.param)


def expected_normalize(x, gamma, beta):
    x = x.astype("longdouble")
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + EPSILON) * gamma + beta


def expected_gradients(x, gamma, d_y):
    x, d_y = x.astype("longdouble"), d_y.astype("longdouble")
    normalized = expected_normalize(x, 1, 0)
    d_gamma, d_beta = (d_y * normalized).sum(axis=0), d_y.sum(axis=0)
    centred = d_y - (d_beta + normalized * d_gamma) / len(x)
    return centred * gamma / np.sqrt(x.var(axis=0) + EPSILON), d_gamma, d_beta


# Bias -----------------------------------------------------------------------------------------------------------------


def images(matrix):
    """Returns a matrix (rows, c) as images (n, d, h, w, c), of two axes where the rows can be halved."""
    rows, c = matrix.shape
    return matrix.reshape(1, 1, 2, rows // 2, c) if rows % 2 == 0 else matrix.reshape(1, 1, 1, rows, c)


def assert_sums(native, d_bias, d_x):
    largest = np.abs(d_x).sum(axis=0, dtype="longdouble").max()
    np.testing.assert_allclose(d_bias, d_x.sum(axis=0, dtype="longdouble"), rtol=0, atol=8 * native.epsilon * largest)


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
def test_bias_same_results_for_any_number_of_threads(native, threads, shape):
    y, d_y = numbers(native, shape, mean=0.0)
    results = []
    for count in (1, 2, 4):
        d_bias = native.empty(shape[1])
        with threads(count):
            native.channels.bias_backward(images(d_y), d_bias)
            arrays = [d_bias, *bias_activation_backward(native, "tanh", y, d_y)]
        results.append([array.tobytes() for array in arrays])
    assert results[0] == results[1] == results[2]


# Moments and normalization --------------------------------------------------------------------------------------------


def test_moments(native, kernels, shape):
    x, _ = numbers(native, shape)
    mean, variance = kernels.moments(x)
    np.testing.assert_allclose(mean, x.mean(axis=0, dtype="longdouble"), rtol=0, atol=16 * native.epsilon)
    expected = x.var(axis=0, dtype="longdouble")
    np.testing.assert_allclose(variance, expected, rtol=16 * native.epsilon, atol=64 * native.epsilon)


@pytest.mark.parametrize(("mean", "outlier"), [(1e3, 0), (1e4, 0), (-1e5, 0), (0, 1e3)], ids=str)
def test_variance_does_not_cancel(native, kernels, mean, outlier):
    x = np.random.default_rng(0).normal(mean, 1, (50_000, 3))
    x[0] += outlier
    x = native.array(x)
    _, variance = kernels.moments(x)
    np.testing.assert_allclose(variance, x.var(axis=0, dtype="longdouble"), rtol=64 * native.epsilon)


def test_variance_of_equal_numbers_is_zero(native, kernels):
    for number in (0.1, 1e8, 0):
        _, variance = kernels.moments(native.array(np.full((1000, 5), number)))
        assert not variance.any()


def test_moments_of_infinity_and_nan(native, kernels):
    x = np.zeros((200, 3))
    x[0, 0], x[150, 1], x[3, 2] = np.inf, -np.inf, np.nan
    mean, variance = kernels.moments(native.array(x))
    np.testing.assert_array_equal(mean, [np.inf, -np.inf, np.nan])
    assert np.isnan(variance).all()


def test_batch_normalization_forward(native, kernels, shape):
    x, _ = numbers(native, shape)
    gamma, beta = vectors(native, shape[1])
    tolerance = {"rtol": 64 * native.epsilon, "atol": 64 * native.epsilon * (1 if shape[0] > 1 else 100)}
    expected = expected_normalize(x, gamma, beta)
    np.testing.assert_allclose(kernels.normalize(x, gamma, beta), expected, **tolerance)
    np.testing.assert_allclose(kernels.normalize(x, gamma, None), expected - beta, **tolerance)
    np.testing.assert_allclose(kernels.normalize(x, None, beta), expected_normalize(x, 1, beta), **tolerance)


def test_batch_normalization_with_activation(native, kernels, shape):
    x, _ = numbers(native, shape)
    gamma, beta = vectors(native, shape[1])
    relu = native.elementwise.activation_codes["relu"]
    expected = np.maximum(kernels.normalize(x, gamma, beta), 0)
    np.testing.assert_array_equal(kernels.normalize(x, gamma, beta, relu), expected)


def test_batch_normalization_backward(native, kernels, shape):
    x, d_y = numbers(native, shape)
    gamma, _ = vectors(native, shape[1])
    for factor in (gamma, None):
        expected = expected_gradients(x, 1 if factor is None else factor, d_y)
        tolerance = {"rtol": 64 * native.epsilon, "atol": 256 * native.epsilon * np.sqrt(shape[0])}
        for ours, theirs in zip(kernels.normalize_gradients(x, factor, d_y), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, **tolerance)


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])  # the gradient of the last one follows from what it is given
@pytest.mark.parametrize("shape", [(4000, 3), (701, 33), (50, 600)], ids=str)
def test_batch_normalization_backward_of_activations(native, kernels, shape, activation, in_place):
    x, d_y = numbers(native, shape)
    gamma, beta = vectors(native, shape[1])
    code = native.elementwise.activation_codes[activation]
    given = kernels.normalize(x, gamma, beta)
    y = native.empty(shape)
    native.elementwise.activation_forward(code, given.reshape(-1), y.reshape(-1))
    d_given = native.empty(shape)
    x_or_y = given if activation in native.elementwise.gradient_from_input else y
    native.elementwise.activation_backward(code, x_or_y.reshape(-1), d_y.reshape(-1), d_given.reshape(-1))
    expected = expected_gradients(x, gamma, d_given)
    tolerance = {"rtol": 64 * native.epsilon, "atol": 256 * native.epsilon * np.sqrt(shape[0])}
    for ours, theirs in zip(kernels.normalize_gradients(x, gamma, d_y, beta, code, in_place), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, **tolerance)


def test_scale_shift(native, kernels, shape):
    x, _ = numbers(native, shape)
    scale, shift = vectors(native, shape[1])
    y = kernels.scale_shift(x, scale, shift)
    expected = x.astype("longdouble") * scale + shift
    np.testing.assert_allclose(y, expected, rtol=8 * native.epsilon, atol=8 * native.epsilon)


def test_same_results_whatever_is_asked_for(native):
    x, d_y = numbers(native, (5001, 130))  # more than what is likely to be in a cache
    gamma, beta = vectors(native, 130)
    results = []
    for follow in (False, True):
        _native.runtime.set_prefetchers_follow_rows(follow)
        kernels = Kernels(native, "channels")
        results.append([kernels.normalize(x, gamma, beta), *kernels.normalize_gradients(x, gamma, d_y)])
    _native.runtime.set_prefetchers_follow_rows("amx-tile" in _native.cpu.features())
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("shape", [(0, 4), (4, 0), (0, 0)], ids=str)
def test_nothing_to_compute(native, kernels, shape):
    x, d_y = numbers(native, shape)
    gamma, beta = vectors(native, shape[1])
    assert kernels.normalize(x, gamma, beta).shape == shape
    d_x, _, d_beta = kernels.normalize_gradients(x, gamma, d_y)
    assert d_x.shape == shape
    assert not d_beta.any()
    assert kernels.scale_shift(x, gamma, beta).shape == shape


@pytest.mark.parametrize("shape", [(0, 4), (4, 0), (0, 0)], ids=str)
def test_no_bias_to_compute(native, shape):
    y, d_y = numbers(native, shape)
    d_x, d_bias = bias_activation_backward(native, "relu", y, d_y)
    assert d_x.shape == shape
    assert not d_bias.any()
    native.channels.bias_backward(images(d_y), d_bias)
    assert not d_bias.any()


def test_in_place(native):
    kernels = Kernels(native, "channels")
    x, d_y = numbers(native, (500, 33))
    gamma, beta = vectors(native, 33)
    mean, variance = kernels.moments(x)
    y, (d_x, d_gamma, d_beta) = kernels.normalize(x, gamma, beta), kernels.normalize_gradients(x, gamma, d_y)
    d = d_y.copy()
    native.channels.batch_normalization_backward_input(x, mean, variance, gamma, EPSILON, d, d_gamma, d_beta, d)
    np.testing.assert_array_equal(d, d_x)
    x_y = x.copy()
    native.channels.batch_normalization_forward(x_y, mean, variance, gamma, beta, EPSILON, x_y)
    np.testing.assert_array_equal(x_y, y)


@pytest.mark.parametrize("shape", [(20_000, 3), (4000, 33), (50, 3000)], ids=str)
def test_same_results_for_any_number_of_threads(native, kernels, threads, shape):
    x, d_y = numbers(native, shape)
    gamma, beta = vectors(native, shape[1])
    results = []
    for count in (1, 2, 3):
        with threads(count):
            arrays = [
                kernels.normalize(x, gamma, beta),
                *kernels.normalize_gradients(x, gamma, d_y),
                *kernels.normalize_gradients(x, gamma, d_y, beta, native.elementwise.activation_codes["gelu"]),
                *kernels.moments(x),
            ]
            results.append([array.tobytes() for array in arrays])
    assert results[0] == results[1] == results[2]


def test_same_results_as_torch(native, kernels):
    torch = pytest.importorskip("torch")
    x, d_y = numbers(native, (400, 19))
    gamma, beta = vectors(native, 19)
    peers = [torch.tensor(array.copy(), requires_grad=True) for array in (x, gamma, beta)]
    peer_y = torch.nn.functional.batch_norm(peers[0], None, None, *peers[1:], training=True, eps=EPSILON)
    peer_y.backward(torch.tensor(d_y.copy()))
    np.testing.assert_allclose(kernels.normalize(x, gamma, beta), peer_y.detach().numpy(), rtol=1e-4, atol=1e-5)
    for ours, peer in zip(kernels.normalize_gradients(x, gamma, d_y), peers, strict=True):
        np.testing.assert_allclose(ours, peer.grad.numpy(), rtol=1e-4, atol=1e-4)


# Rectifiers with a slope for each channel ----------------------------------------------------------------------------


class Rectifier:
    """The rectifier of a matrix, by the kernel. x has some zeros."""

    def __init__(self, native, shape):
        self.native = native
        x, self.d_y = numbers(native, shape, mean=0.0)
        self.x = native.array(np.where(np.arange(x.size).reshape(shape) % 5 == 3, 0, x))
        self.slopes, _ = vectors(native, shape[1])

    def forward(self, y):
        self.native.channels.prelu_forward(self.x, self.slopes, y)
        return y

    def backward(self, d_y, d_x):
        d_slopes = self.native.empty(len(self.slopes))
        self.native.channels.prelu_backward(self.x, self.slopes, d_y, d_x, d_slopes)
        return d_x, d_slopes


def test_rectifier(native, shape):
    case = Rectifier(native, shape)
    x, d_y, slopes = (array.astype(np.longdouble) for array in (case.x, case.d_y, case.slopes))
    y = case.forward(native.empty(shape))
    d_x, d_slopes = case.backward(case.d_y, native.empty(shape))
    np.testing.assert_allclose(y, np.where(x > 0, x, x * slopes), rtol=2 * native.epsilon)
    np.testing.assert_allclose(d_x, d_y * np.where(x > 0, 1, np.where(x < 0, slopes, 0)), rtol=2 * native.epsilon)
    terms = d_y * np.minimum(x, 0)
    error = np.abs(d_slopes - terms.sum(axis=0))
    assert (error <= 100 * native.epsilon * np.maximum(np.abs(terms).sum(axis=0), 1e-30)).all()


def test_rectifier_in_place(native):
    case = Rectifier(native, (130, 33))
    d_x, d_slopes = case.backward(case.d_y, native.empty((130, 33)))
    gradients = case.d_y.copy()
    in_place = case.backward(gradients, gradients)
    np.testing.assert_array_equal(in_place[0], d_x)
    np.testing.assert_array_equal(in_place[1], d_slopes)


def test_rectifier_does_not_depend_on_threads(native, threads):
    case = Rectifier(native, (20_000, 40))
    results = []
    for count in (1, 3):
        with threads(count):
            results.append([case.forward(native.empty(case.x.shape)), *case.backward(case.d_y, native.empty(case.x.shape))])
    for one, several in zip(*results, strict=True):
        np.testing.assert_array_equal(one, several)
