"""Results that go around the caches are the same, wherever in a line of the cache they begin."""

import functools

import numpy as np
import pytest

from convlayers import _native

# Rows that fill vectors or do not, a few in a block (32 vectors), and some that are longer than one.
MATRICES = [(100, 64), (33, 20), (7, 3), (5, 1024), (3, 2500)]
# Rows that become whole lines of the cache or do not, one band of them, several, and none.
IMAGES = [(2, 64, 50), (3, 48, 301), (1, 304, 48), (2, 33, 300), (2, 100, 400), (1, 1300, 40)]


@pytest.fixture
def everywhere(native):
    """Computes results with a cache that has room for all arrays, and with one that has none."""

    def compute(function, shape, begin=0):
        results = []
        for size in (0, 1):
            _native.runtime.set_cache(size)
            result = at_a_line(native, begin + np.prod(shape))[begin:].reshape(shape)
            function(result)
            results.append(result)
        np.testing.assert_array_equal(*results)
        return results[0]

    yield compute
    _native.runtime.set_cache(_native.cpu.last_level_cache())


def at_a_line(native, size):
    """Returns an array that begins with a line of the cache."""
    numbers = native.empty(size + 64)
    return numbers[-numbers.ctypes.data % 64 // numbers.itemsize :][:size]


def numbers(native, seed, *shape):
    return native.array(np.random.default_rng(seed).normal(size=shape))


@pytest.mark.parametrize("shape", MATRICES, ids=str)
def test_batch_normalization(native, everywhere, shape):
    x, d_y = numbers(native, 1, *shape), numbers(native, 2, *shape)
    mean, gamma, beta, d_gamma, d_beta = (numbers(native, seed, shape[1]) for seed in range(3, 8))
    variance, code = gamma**2, native.elementwise.activation_codes["relu"]
    kernels = native.channels
    everywhere(lambda y: kernels.batch_normalization_forward(x, mean, variance, gamma, beta, 1e-3, y), shape)
    y = everywhere(lambda y: kernels.batch_normalization_forward(x, mean, variance, gamma, beta, 1e-3, y, code), shape, 1)
    np.testing.assert_allclose(
        y, np.maximum((x - mean) / np.sqrt(variance + 1e-3) * gamma + beta, 0), atol=1e3 * native.epsilon
    )
    d_gamma, d_beta = d_gamma.copy(), d_beta.copy()
    everywhere(
        lambda d_x: kernels.batch_normalization_backward_input(x, mean, variance, gamma, 1e-3, d_y, d_gamma, d_beta, d_x), shape
    )


@pytest.mark.parametrize("begin", [0, 1])
@pytest.mark.parametrize("shape", [(2, 3, 784), (2, 5, 1100), (1, 3, 33)], ids=str)
def test_batch_normalization_of_planes(native, everywhere, shape, begin):
    x, d_y = numbers(native, 1, *shape), numbers(native, 2, *shape)
    mean, gamma, beta, d_gamma, d_beta = (numbers(native, seed, shape[1]) for seed in range(3, 8))
    variance, code = gamma**2, native.elementwise.activation_codes["relu"]
    kernels = native.planes
    y = everywhere(lambda y: kernels.batch_normalization_forward(x, mean, variance, gamma, beta, 1e-3, y, code), shape, begin)
    scale = (gamma / np.sqrt(variance + 1e-3))[:, np.newaxis]
    expected = np.maximum((x - mean[:, np.newaxis]) * scale + beta[:, np.newaxis], 0)
    np.testing.assert_allclose(y, expected, atol=1e3 * native.epsilon)
    everywhere(lambda y: kernels.scale_shift(x, gamma, beta, y), shape, begin)
    everywhere(
        lambda d_x: kernels.batch_normalization_backward_input(x, mean, variance, gamma, 1e-3, d_y, d_gamma, d_beta, d_x),
        shape,
        begin,
    )


@pytest.mark.parametrize("follow_rows", [False, True])
@pytest.mark.parametrize("begin", [0, 1])
@pytest.mark.parametrize("shape", IMAGES, ids=str)
def test_transposed_images(native, everywhere, shape, begin, follow_rows):
    x = numbers(native, 1, *shape)
    _native.runtime.set_prefetchers_follow_rows(follow_rows)
    try:
        y = everywhere(lambda y: native.layout.transpose(x, y), (shape[0], shape[2], shape[1]), begin)
    finally:
        _native.runtime.set_prefetchers_follow_rows("amx-tile" in _native.cpu.features())
    np.testing.assert_array_equal(y, x.transpose(0, 2, 1))


@pytest.mark.parametrize("begin", [0, 1, 5, 16])
@pytest.mark.parametrize("shape", MATRICES, ids=str)
def test_rectifier(native, everywhere, shape, begin):
    x, slopes = numbers(native, 1, *shape), numbers(native, 2, shape[1])
    y = everywhere(lambda y: native.channels.prelu_forward(x, slopes, y), shape, begin)
    np.testing.assert_array_equal(y, np.where(x > 0, x, x * slopes))


@pytest.mark.parametrize("shape", MATRICES, ids=str)
def test_layer_normalization(native, everywhere, shape):
    x, gamma, beta = numbers(native, 1, *shape), numbers(native, 2, shape[1]), numbers(native, 3, shape[1])
    mean, scale = native.empty(shape[:1]), native.empty(shape[:1])
    y = everywhere(lambda y: native.normalize.normalization_forward(x, gamma, beta, "variance", 1e-3, mean, scale, y), shape, 1)
    np.testing.assert_allclose(y, (x - mean[:, np.newaxis]) * scale[:, np.newaxis] * gamma + beta, atol=1e2 * native.epsilon)


@pytest.mark.parametrize("module", ["normalize_groups", "normalize_planes"])
@pytest.mark.parametrize("images", [2, 9])
@pytest.mark.parametrize("shape", MATRICES[:3], ids=str)
def test_group_normalization(native, everywhere, shape, images, module):
    c = shape[0 if module == "normalize_planes" else 1]
    x, d_y = numbers(native, 1, images, *shape), numbers(native, 2, images, *shape)
    gamma, beta = numbers(native, 3, c), numbers(native, 4, c)
    mean, scale, d_gamma, d_beta = (native.empty(one) for one in ((images, 1), (images, 1), c, c))
    kernels = getattr(native, module)
    everywhere(lambda y: kernels.group_normalization_forward(x, gamma, beta, 1e-3, mean, scale, y), x.shape)
    everywhere(lambda d_x: kernels.group_normalization_backward(x, gamma, mean, scale, d_y, d_x, d_gamma, d_beta), x.shape)


@pytest.mark.parametrize("shape", MATRICES, ids=str)
def test_factors_of_channels(native, everywhere, shape):
    x, factors = numbers(native, 1, 2, *shape), numbers(native, 2, 2, 1, shape[1])
    y = everywhere(lambda y: native.merge.merge_repeated("product", x, factors, y), x.shape, 2)
    np.testing.assert_array_equal(y, x * factors)


@pytest.mark.parametrize("begin", [0, 1, 16])
@pytest.mark.parametrize("arrays", [2, 3])
@pytest.mark.parametrize("kind", ["sum", "product", "maximum", "minimum"])
def test_merged_arrays(native, everywhere, kind, arrays, begin):
    xs = [numbers(native, seed, 9001) for seed in range(arrays)]
    y = everywhere(lambda y: native.merge.merge_forward(kind, xs, y, 1), (9001,), begin)
    combine = {"sum": np.add, "product": np.multiply, "maximum": np.maximum, "minimum": np.minimum}[kind]
    np.testing.assert_array_equal(y, functools.reduce(combine, xs))


@pytest.mark.parametrize("begin", [0, 3])
@pytest.mark.parametrize("channels", [8, 20, 64, 700])
@pytest.mark.parametrize("taps", [1, 2, 3])
def test_resized_images(native, everywhere, taps, channels, begin):
    x = numbers(native, 1, 2, 1, 5, 6, channels)
    bands = [(np.zeros(1, np.int64), native.array([[1.0]]))]
    for size, outputs in ((5, 10), (6, 11)):
        bands.append((np.arange(outputs) * (size - taps) // outputs, numbers(native, size, outputs, taps)))
    y = everywhere(lambda y: native.resize.resize(x, *sum(bands, ()), y), (2, 1, 10, 11, channels), begin)
    expected = x
    for axis, (starts, weights) in enumerate(bands, start=1):
        neighbours = [np.take(expected, starts + tap, axis) for tap in range(weights.shape[1])]
        shape = [-1 if one == axis else 1 for one in range(5)]
        expected = sum(part * weights[:, tap].reshape(shape) for tap, part in enumerate(neighbours))
    np.testing.assert_allclose(y, expected, atol=1e2 * native.epsilon)


@pytest.mark.parametrize("begin", [0, 1])
@pytest.mark.parametrize("channels", [8, 16, 48, 144])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_pooled_images(native, everywhere, stride, channels, begin):
    x = numbers(native, 1, 2, 1, 7, 9, channels)
    windows = (1, 2, 2), (1, stride, stride), (0, 0, 0), (1, 1, 1), None
    outputs = (2, 1, 5 // stride + 1, 7 // stride + 1, channels)
    d_y, places = numbers(native, 2, *outputs), np.empty(np.prod(outputs) + 64, np.uint8)
    taps = np.lib.stride_tricks.sliding_window_view(x, (2, 2), (2, 3))[:, :, ::stride, ::stride]
    pool = native.pool
    largest = everywhere(lambda y: pool.max_pool_forward(x, y, windows), outputs, begin)
    np.testing.assert_array_equal(largest, taps.max((-1, -2)))
    mean = everywhere(lambda y: pool.average_pool_forward(x, y, windows), outputs, begin)
    np.testing.assert_allclose(mean, taps.mean((-1, -2)), atol=10 * native.epsilon)
    everywhere(lambda y: pool.max_pool_with_places(x, y, places, 1, windows), outputs, begin)
    for gradient in (
        everywhere(lambda d_x: pool.average_pool_backward(d_y, d_x, windows), x.shape, begin),
        everywhere(lambda d_x: pool.max_pool_backward(places, 1, d_y, d_x, windows), x.shape, begin),
    ):
        np.testing.assert_allclose(gradient.sum(), d_y.sum(), atol=1e3 * native.epsilon)


def test_size_of_the_cache():
    """A CPU has at least some KB, or does not tell."""
    size = _native.cpu.last_level_cache()
    assert size == 0 or 1 << 14 <= size < 1 << 34
