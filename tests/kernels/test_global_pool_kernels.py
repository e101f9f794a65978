"""Kernels of global pooling and their references against NumPy, and against Keras."""

import numpy as np
import pytest

# One, three, and around the vectors of all instruction sets and number types, and around blocks of channels.
CHANNELS = [1, 3, 7, 8, 9, 15, 16, 17, 20, 33, 255, 256, 257, 1023, 1024, 1025, 2049]


@pytest.fixture(params=["global_pool", "pool_reference"])
def global_kernels(native, request):
    return getattr(native, request.param)


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("pixels", [1, 49, 64, 65])
def test_global_pool(native, global_kernels, pixels, channels):
    rng = np.random.default_rng(0)
    x, d_y = native.array(rng.integers(0, 40, (2, pixels, channels))), native.array(rng.normal(size=(2, channels)))
    y, d_x = native.empty(d_y.shape), native.empty(x.shape)
    global_kernels.global_max_pool_forward(x, y)
    np.testing.assert_array_equal(y, x.max(axis=1))
    global_kernels.global_max_pool_backward(x, y, d_y, d_x)
    largest = x == x.max(axis=1, keepdims=True)
    np.testing.assert_allclose(d_x, largest * (d_y / largest.sum(axis=1))[:, None], rtol=native.epsilon)
    global_kernels.global_average_pool_forward(x, y)
    np.testing.assert_allclose(y, x.astype("float64").mean(axis=1), rtol=native.epsilon)
    global_kernels.global_average_pool_backward(d_y, d_x)
    np.testing.assert_allclose(d_x, np.repeat(d_y[:, None] / pixels, pixels, axis=1), rtol=native.epsilon)


def test_error_of_a_global_average_does_not_grow_with_the_image(native):
    x = native.array(np.random.default_rng(0).normal(1000, 1, (1, 100_000, 3)))
    y = native.empty((1, 3))
    native.global_pool.global_average_pool_forward(x, y)
    rtol = 1e-7 if native.dtype == "float32" else 1e-14
    np.testing.assert_allclose(y, x.astype("longdouble").mean(axis=1), rtol=rtol)


def test_global_pool_passes_nan_and_infinity(native, global_kernels):
    x = native.array([[[0, np.inf, -np.inf], [np.nan, 1, -np.inf], [5, 1, -np.inf]]])
    y = native.empty((1, 3))
    global_kernels.global_max_pool_forward(x, y)
    np.testing.assert_array_equal(y, [[np.nan, np.inf, -np.inf]])
    global_kernels.global_average_pool_forward(x, y)
    np.testing.assert_array_equal(y, [[np.nan, np.inf, -np.inf]])


@pytest.mark.parametrize("channels", [1, 17, 257])
def test_global_maxima_of_denormals(native, global_kernels, channels):
    tiny = np.finfo(native.dtype).smallest_subnormal
    x = native.array(np.random.default_rng(0).integers(-40, 40, (2, 49, channels)))
    y, d_x = native.empty((2, channels)), native.empty(x.shape)
    global_kernels.global_max_pool_forward(x * tiny, y)
    np.testing.assert_array_equal(y / tiny, x.max(axis=1))
    global_kernels.global_max_pool_backward(x * tiny, y, np.ones_like(y), d_x)
    np.testing.assert_array_equal(d_x > 0, x == x.max(axis=1, keepdims=True))


def test_global_pool_without_images(native, global_kernels):
    x, y = native.empty((0, 4, 3)), native.empty((0, 3))
    global_kernels.global_max_pool_forward(x, y)
    global_kernels.global_max_pool_backward(x, y, y, x)
    global_kernels.global_average_pool_forward(x, y)
    global_kernels.global_average_pool_backward(y, x)


def test_global_max_pool_shares_the_gradient_as_keras_does(native, keras):
    import torch

    x = native.array(np.random.default_rng(0).integers(0, 4, (2, 9, 5)))
    d_y = native.array(np.random.default_rng(1).normal(size=(2, 5)))
    y, d_x = native.empty((2, 5)), native.empty(x.shape)
    native.global_pool.global_max_pool_forward(x, y)
    native.global_pool.global_max_pool_backward(x, y, d_y, d_x)
    peer_x = torch.tensor(x.copy(), requires_grad=True)
    keras.ops.max(peer_x, axis=1).backward(torch.tensor(d_y.copy()))
    np.testing.assert_allclose(d_x, peer_x.grad.numpy(), rtol=1e-6)


def test_global_pool_same_results_for_any_number_of_threads(native, threads):
    rng = np.random.default_rng(0)
    x, d_y = native.array(rng.normal(size=(3, 77, 700))), native.array(rng.normal(size=(3, 700)))

    def compute():
        y, mean, d_max, d_mean = (native.empty(shape) for shape in (d_y.shape, d_y.shape, x.shape, x.shape))
        native.global_pool.global_max_pool_forward(x, y)
        native.global_pool.global_max_pool_backward(x, y, d_y, d_max)
        native.global_pool.global_average_pool_forward(x, mean)
        native.global_pool.global_average_pool_backward(d_y, d_mean)
        return [array.tobytes() for array in (y, mean, d_max, d_mean)]

    with threads(1):
        alone = compute()
    with threads(3):
        assert compute() == alone
