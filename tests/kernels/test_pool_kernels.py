"""Pooling kernels and their references against NumPy loops in float64, and against PyTorch."""

from itertools import product

import numpy as np
import pytest

ALL = slice(None)
# input (d, h, w), pool, strides, pads in front, output (d, h, w)
GEOMETRIES = {
    "2x2": ((1, 6, 6), (1, 2, 2), (1, 2, 2), (0, 0, 0), (1, 3, 3)),
    "2x2_odd": ((1, 7, 5), (1, 2, 2), (1, 2, 2), (0, 0, 0), (1, 3, 2)),
    "2x2_same_odd": ((1, 7, 5), (1, 2, 2), (1, 2, 2), (0, 0, 0), (1, 4, 3)),
    "3x3_stride_2": ((1, 9, 7), (1, 3, 3), (1, 2, 2), (0, 1, 1), (1, 5, 4)),
    "3x3_stride_1": ((1, 6, 7), (1, 3, 3), (1, 1, 1), (0, 1, 1), (1, 6, 7)),
    "3x2_mixed_strides": ((1, 8, 9), (1, 3, 2), (1, 1, 3), (0, 1, 0), (1, 7, 3)),
    "gaps": ((1, 9, 9), (1, 2, 2), (1, 3, 4), (0, 0, 0), (1, 3, 2)),
    "larger_than_input": ((1, 3, 2), (1, 7, 5), (1, 1, 1), (0, 3, 2), (1, 3, 2)),
    "one_pixel": ((1, 1, 1), (1, 3, 3), (1, 2, 2), (0, 1, 1), (1, 1, 1)),
    "1d": ((1, 1, 11), (1, 1, 4), (1, 1, 3), (0, 0, 1), (1, 1, 4)),
    "1d_stride_1": ((1, 1, 700), (1, 1, 3), (1, 1, 1), (0, 0, 1), (1, 1, 700)),
    "3d": ((5, 4, 6), (2, 3, 2), (2, 1, 2), (0, 1, 0), (3, 4, 3)),
    "3d_overlap": ((5, 6, 4), (3, 3, 3), (1, 2, 1), (1, 0, 1), (5, 3, 4)),
}
# Images that are large enough for threads, with the same padding on both sides, as PyTorch has it
SYMMETRIC = {
    "2x2": ((1, 40, 41), (1, 2, 2), (1, 2, 2), (0, 0, 0), (1, 20, 20)),
    "3x3_stride_2": ((1, 40, 41), (1, 3, 3), (1, 2, 2), (0, 1, 1), (1, 20, 21)),
    "3x3_stride_1": ((1, 40, 41), (1, 3, 3), (1, 1, 1), (0, 1, 1), (1, 40, 41)),
    "3d": ((9, 20, 11), (3, 3, 2), (2, 1, 2), (1, 0, 1), (5, 18, 6)),
}
# One, three, and around the vectors of all instruction sets and number types.
CHANNELS = [1, 3, 7, 8, 9, 15, 16, 17, 20, 33]


@pytest.fixture(params=GEOMETRIES.values(), ids=GEOMETRIES.keys())
def geometry(request):
    return request.param


@pytest.fixture(params=["pool", "pool_reference"])
def pool_kernels(native, request):
    return getattr(native, request.param)


def windows(geometry):
    """Yields the place of each output pixel, and the slices of the input that it covers."""
    inputs, pool, strides, pads, outputs = geometry
    for place in product(*map(range, outputs)):
        starts = [o * s - p for o, s, p in zip(place, strides, pads, strict=True)]
        ends = [min(start + k, i) for start, k, i in zip(starts, pool, inputs, strict=True)]
        yield place, tuple(slice(max(start, 0), end) for start, end in zip(starts, ends, strict=True))


def max_pool(x, geometry):
    y = np.empty((len(x), *geometry[-1], x.shape[-1]))
    for place, window in windows(geometry):
        y[(ALL, *place)] = x[(ALL, *window)].max(axis=(1, 2, 3))
    return y


def max_pool_gradient(x, d_y, geometry):
    d_x = np.zeros_like(x)
    for place, window in windows(geometry):
        for n, c in np.ndindex(x.shape[0], x.shape[-1]):
            values = x[(n, *window, c)]
            first = np.unravel_index(values.argmax(), values.shape)  # of equal numbers argmax returns the first
            d_x[(n, *window, c)][first] += d_y[(n, *place, c)]
    return d_x


def average_pool(x, geometry):
    y = np.empty((len(x), *geometry[-1], x.shape[-1]))
    for place, window in windows(geometry):
        y[(ALL, *place)] = x[(ALL, *window)].mean(axis=(1, 2, 3))
    return y


def average_pool_gradient(x, d_y, geometry):
    d_x = np.zeros_like(x)
    for place, window in windows(geometry):
        covered = x[(0, *window, 0)].size
        d_x[(ALL, *window)] += d_y[(ALL, *place)][:, None, None, None] / covered
    return d_x


def numbers(native, geometry, channels, batch=2, distinct=10):
    """x with many equal numbers, and d_y. Whole numbers below `distinct`, so sums of x are exact."""
    rng = np.random.default_rng(0)
    x = rng.integers(-distinct, distinct, (batch, *geometry[0], channels))
    d_y = rng.normal(size=(batch, *geometry[-1], channels))
    return native.array(x), native.array(d_y)


# Windows --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", CHANNELS)
def test_max_pool(native, pool_kernels, geometry, channels):
    x, d_y = numbers(native, geometry, channels)
    y, d_x = native.empty(d_y.shape), native.empty(x.shape)
    pool_kernels.max_pool_forward(x, y, *geometry[1:4])
    np.testing.assert_array_equal(y, max_pool(x, geometry))
    y.flags.writeable = False
    pool_kernels.max_pool_backward(x, y, d_y, d_x, *geometry[1:4])
    expected = max_pool_gradient(x.astype("float64"), d_y, geometry)
    np.testing.assert_allclose(d_x, expected, rtol=8 * native.epsilon, atol=32 * native.epsilon)


@pytest.mark.parametrize("channels", CHANNELS)
def test_average_pool(native, pool_kernels, geometry, channels):
    x, d_y = numbers(native, geometry, channels)
    y, d_x = native.empty(d_y.shape), native.empty(x.shape)
    pool_kernels.average_pool_forward(x, y, *geometry[1:4])
    np.testing.assert_allclose(y, average_pool(x, geometry), rtol=2 * native.epsilon, atol=native.epsilon)
    pool_kernels.average_pool_backward(d_y, d_x, *geometry[1:4])
    expected = average_pool_gradient(x.astype("float64"), d_y, geometry)
    np.testing.assert_allclose(d_x, expected, rtol=8 * native.epsilon, atol=8 * native.epsilon)


def test_infinity_and_nan(pool_kernels, native):
    geometry = GEOMETRIES["3x3_stride_2"]
    x = np.zeros((1, 1, 9, 7, 2))
    x[0, 0, 0, 0, 0], x[0, 0, 4, 3, 0], x[0, 0, :, :, 1] = np.inf, np.nan, -np.inf
    x, y = native.array(x), native.empty((1, 1, 5, 4, 2))
    pool_kernels.max_pool_forward(x, y, *geometry[1:4])
    np.testing.assert_array_equal(y, max_pool(x, geometry))
    pool_kernels.average_pool_forward(x, y, *geometry[1:4])
    np.testing.assert_array_equal(y, average_pool(x, geometry))


def test_nan_gets_the_gradient_of_its_window(pool_kernels, native):
    x = native.array([0.0, np.nan, 2.0, np.nan]).reshape(1, 1, 2, 2, 1)
    y, d_x = native.empty((1, 1, 1, 1, 1)), native.empty(x.shape)
    windows = (1, 2, 2), (1, 2, 2), (0, 0, 0)
    pool_kernels.max_pool_forward(x, y, *windows)
    pool_kernels.max_pool_backward(x, y, native.array([[[[[3.0]]]]]), d_x, *windows)
    assert d_x.ravel().tolist() == [0, 3, 0, 0]


@pytest.mark.parametrize("shape", [(0, 1, 4, 4, 3), (2, 1, 4, 4, 0)], ids=["no_images", "no_channels"])
def test_nothing_to_pool(native, pool_kernels, shape):
    batch, channels = shape[0], shape[-1]
    x, y, d_x = native.empty(shape), native.empty((batch, 1, 2, 2, channels)), native.empty(shape)
    windows = (1, 2, 2), (1, 2, 2), (0, 0, 0)
    pool_kernels.max_pool_forward(x, y, *windows)
    pool_kernels.max_pool_backward(x, y, y, d_x, *windows)
    pool_kernels.average_pool_forward(x, y, *windows)
    pool_kernels.average_pool_backward(y, d_x, *windows)


def test_windows_that_cover_nothing(native):
    x, y = native.array(np.ones((1, 1, 2, 2, 1))), native.empty((1, 1, 4, 4, 1))
    native.pool.max_pool_forward(x, y, (1, 1, 1), (1, 1, 1), (0, 1, 1))
    expected = np.full((4, 4), -np.inf)
    expected[1:3, 1:3] = 1
    np.testing.assert_array_equal(y[0, 0, :, :, 0], expected)


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("geometry", SYMMETRIC.values(), ids=SYMMETRIC.keys())
def test_same_results_for_any_number_of_threads(native, threads, geometry, batch):
    x, d_y = numbers(native, geometry, 37, batch)

    def compute():
        y, mean, d_max, d_mean = (native.empty(shape) for shape in (d_y.shape, d_y.shape, x.shape, x.shape))
        native.pool.max_pool_forward(x, y, *geometry[1:4])
        native.pool.average_pool_forward(x, mean, *geometry[1:4])
        native.pool.max_pool_backward(x, y, d_y, d_max, *geometry[1:4])
        native.pool.average_pool_backward(d_y, d_mean, *geometry[1:4])
        return [array.tobytes() for array in (y, mean, d_max, d_mean)]

    with threads(1):
        alone = compute()
    for count in (2, 3, 7):
        with threads(count):
            assert compute() == alone


@pytest.mark.parametrize("geometry", SYMMETRIC.values(), ids=SYMMETRIC.keys())
def test_same_results_as_torch(native, geometry):
    torch = pytest.importorskip("torch")
    _, pool, strides, pads, _ = geometry
    x, d_y = numbers(native, geometry, 19, distinct=3)
    y, d_x = native.empty(d_y.shape), native.empty(x.shape)
    settings = {"kernel_size": pool, "stride": strides, "padding": pads}
    for name, peer in {
        "max_pool": lambda t: torch.nn.functional.max_pool3d(t, **settings),
        "average_pool": lambda t: torch.nn.functional.avg_pool3d(t, **settings, count_include_pad=False),
    }.items():
        peer_x = torch.tensor(np.moveaxis(x, -1, 1).copy(), requires_grad=True)
        peer_y = peer(peer_x)
        peer_y.backward(torch.tensor(np.moveaxis(d_y, -1, 1).copy()))
        getattr(native.pool, f"{name}_forward")(x, y, pool, strides, pads)
        arrays = (x, y, d_y, d_x) if name == "max_pool" else (d_y, d_x)
        getattr(native.pool, f"{name}_backward")(*arrays, pool, strides, pads)
        for ours, theirs in ((y, peer_y.detach()), (d_x, peer_x.grad)):
            np.testing.assert_allclose(ours, np.moveaxis(theirs.numpy(), 1, -1), rtol=1e-5, atol=1e-5)


# All pixels -----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["global_pool", "pool_reference"])
def global_kernels(native, request):
    return getattr(native, request.param)


@pytest.mark.parametrize("channels", [*CHANNELS, 255, 256, 257, 513])
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
