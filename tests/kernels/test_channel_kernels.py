"""Moments and batch normalization over channels against NumPy in long double, and against PyTorch.

Two modules have the same functions: `channels` for matrices (rows, c), `planes` for arrays (n, c, pixels).
"""

import numpy as np
import pytest

from convlayers import _native
from tests.kernels.channel_arrays import SHAPES, numbers, vectors

EPSILON = 1e-3


@pytest.fixture(params=SHAPES, ids=str)
def shape(request):
    return request.param


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
