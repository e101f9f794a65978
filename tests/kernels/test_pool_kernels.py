"""Pooling kernels and their references against NumPy loops in float64, and against PyTorch."""

import functools

import numpy as np
import pytest

from tests.kernels.pool_problems import (
    CHANNELS,
    GEOMETRIES,
    LARGE,
    Geometry,
    average_pool,
    average_pool_gradient,
    max_pool,
    max_pool_gradient,
    max_pool_indices,
)


@pytest.fixture(params=GEOMETRIES.values(), ids=GEOMETRIES.keys())
def geometry(request):
    return request.param


@pytest.fixture(params=["pool", "pool_reference"])
def pool_kernels(native, request):
    return getattr(native, request.param)


@functools.cache
def draw(geometry, channels, batch=2, distinct=10):
    """Returns x with many equal numbers, and d_y. Whole numbers below `distinct`, so sums of x are exact."""
    rng = np.random.default_rng(0)
    x = rng.integers(-distinct, distinct, (batch, *geometry.inputs, channels)).astype("float64")
    return x, rng.normal(size=(batch, *geometry.outputs, channels))


def numbers(native, *arguments, **keywords):
    """Returns the same in the number type of the kernels."""
    return [native.array(array) for array in draw(*arguments, **keywords)]


@functools.cache
def expected(function, geometry, channels):
    return function(*draw(geometry, channels), geometry)


def room_for_places(y, place_size):
    """Returns memory with anything in it, and a vector behind."""
    return np.full(y.size * place_size + 64, 0xAA, np.uint8)


# Windows --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", CHANNELS)
def test_max_pool(native, pool_kernels, geometry, channels):
    x, d_y = numbers(native, geometry, channels)
    y = native.empty(d_y.shape)
    pool_kernels.max_pool_forward(x, y, geometry.windows)
    np.testing.assert_array_equal(y, expected(max_pool, geometry, channels))


@pytest.mark.parametrize("place_size", [1, 4])
@pytest.mark.parametrize("channels", CHANNELS)
def test_max_pool_with_places(native, pool_kernels, geometry, channels, place_size):
    x, d_y = numbers(native, geometry, channels)
    y, d_x = native.empty(d_y.shape), native.empty(x.shape)
    places = room_for_places(y, place_size)
    pool_kernels.max_pool_with_places(x, y, places, place_size, geometry.windows)
    np.testing.assert_array_equal(y, expected(max_pool, geometry, channels))
    pool_kernels.max_pool_backward(places, place_size, d_y, d_x, geometry.windows)
    d_expected = expected(max_pool_gradient, geometry, channels)
    np.testing.assert_allclose(d_x, d_expected, rtol=8 * native.epsilon, atol=32 * native.epsilon)


@pytest.mark.parametrize("place_size", [1, 4])
@pytest.mark.parametrize("channels", [1, 17])
def test_max_pool_indices(native, pool_kernels, geometry, channels, place_size):
    x, d_y = numbers(native, geometry, channels)
    indices = np.empty(d_y.shape, "int64")
    places = room_for_places(d_y, place_size)
    pool_kernels.max_pool_with_places(x, native.empty(d_y.shape), places, place_size, geometry.windows)
    pool_kernels.max_pool_indices(places, place_size, x, indices, geometry.windows)
    np.testing.assert_array_equal(indices, expected(max_pool_indices, geometry, channels))


def planes_of(images):
    """Returns images of one channel each."""
    return np.ascontiguousarray(np.moveaxis(images, -1, 1)).reshape(-1, *images.shape[1:4], 1)


@pytest.mark.parametrize(
    "geometry", [*GEOMETRIES.values(), *LARGE.values()], ids=[*GEOMETRIES, *(f"large_{name}" for name in LARGE)]
)
def test_planes(native, geometry):
    channels = 17  # and two images: two vectors of planes at most, and two planes more
    x, d_y = map(planes_of, numbers(native, geometry, channels))
    y, d_x, indices = native.empty(d_y.shape), native.empty(x.shape), np.empty(d_y.shape, "int64")
    native.pool.max_pool_forward(x, y, geometry.windows)
    np.testing.assert_array_equal(y, planes_of(expected(max_pool, geometry, channels)))
    places = room_for_places(y, 4)
    native.pool.max_pool_with_places(x, y, places, 4, geometry.windows)
    np.testing.assert_array_equal(y, planes_of(expected(max_pool, geometry, channels)))
    native.pool.max_pool_indices(places, 4, x, indices, geometry.windows)
    np.testing.assert_array_equal(indices, planes_of(expected(max_pool_indices, geometry, channels)))
    native.pool.max_pool_backward(places, 4, d_y, d_x, geometry.windows)
    d_expected = planes_of(expected(max_pool_gradient, geometry, channels))
    np.testing.assert_allclose(d_x, d_expected, rtol=8 * native.epsilon, atol=32 * native.epsilon)
    native.pool.average_pool_forward(x, y, geometry.windows)
    y_expected = planes_of(expected(average_pool, geometry, channels))
    np.testing.assert_allclose(y, y_expected, rtol=2 * native.epsilon, atol=native.epsilon)
    native.pool.average_pool_backward(d_y, d_x, geometry.windows)
    d_expected = planes_of(expected(average_pool_gradient, geometry, channels))
    np.testing.assert_allclose(d_x, d_expected, rtol=8 * native.epsilon, atol=8 * native.epsilon)


def test_references_note_the_same_places(native, geometry):
    x, d_y = numbers(native, geometry, 17)
    places = [room_for_places(d_y, 1) for _ in range(2)]
    for kernels, noted in zip((native.pool, native.pool_reference), places, strict=True):
        kernels.max_pool_with_places(x, native.empty(d_y.shape), noted, 1, geometry.windows)
    np.testing.assert_array_equal(*(noted[: d_y.size] for noted in places))


MANY_CHANNELS = {
    "apart": Geometry((1, 13, 11), (1, 6, 5), (1, 6, 5), (0, 0, 0), (1, 2, 2)),
    "overlapping": Geometry((1, 9, 8), (1, 3, 3), (1, 2, 2), (0, 1, 1), (1, 5, 5)),
    "dilated": Geometry((3, 7, 9), (2, 2, 3), (2, 2, 4), (0, 0, 1), (1, 3, 2), (1, 2, 2)),
    "one_row": Geometry((1, 1, 12), (1, 1, 3), (1, 1, 3), (0, 0, 1), (1, 1, 5)),
}


@pytest.mark.parametrize("geometry", MANY_CHANNELS.values(), ids=MANY_CHANNELS.keys())
@pytest.mark.parametrize("channels", [64, 65, 16 * 16 + 1])
def test_many_channels(native, geometry, channels):
    x, d_y = numbers(native, geometry, channels)
    y = native.empty(d_y.shape)
    native.pool.max_pool_forward(x, y, geometry.windows)
    np.testing.assert_array_equal(y, expected(max_pool, geometry, channels))
    native.pool.average_pool_forward(x, y, geometry.windows)
    y_expected = expected(average_pool, geometry, channels)
    np.testing.assert_allclose(y, y_expected, rtol=2 * native.epsilon, atol=native.epsilon)


def test_windows_of_more_places_than_a_byte_holds(native, pool_kernels):
    geometry = Geometry((1, 41, 37), (1, 20, 18), (1, 7, 19), (0, 0, 0), (1, 4, 2))
    for channels in (1, 3, 17, 70):
        x, d_y = numbers(native, geometry, channels, distinct=1000)
        y, d_x, places = native.empty(d_y.shape), native.empty(x.shape), room_for_places(d_y, 4)
        pool_kernels.max_pool_with_places(x, y, places, 4, geometry.windows)
        pool_kernels.max_pool_backward(places, 4, d_y, d_x, geometry.windows)
        d_expected = max_pool_gradient(*draw(geometry, channels, distinct=1000), geometry)
        np.testing.assert_allclose(d_x, d_expected, rtol=8 * native.epsilon, atol=32 * native.epsilon)


@pytest.mark.parametrize("channels", CHANNELS)
def test_average_pool(native, pool_kernels, geometry, channels):
    x, d_y = numbers(native, geometry, channels)
    y, d_x = native.empty(d_y.shape), native.empty(x.shape)
    pool_kernels.average_pool_forward(x, y, geometry.windows)
    y_expected = expected(average_pool, geometry, channels)
    np.testing.assert_allclose(y, y_expected, rtol=2 * native.epsilon, atol=native.epsilon)
    pool_kernels.average_pool_backward(d_y, d_x, geometry.windows)
    d_expected = expected(average_pool_gradient, geometry, channels)
    np.testing.assert_allclose(d_x, d_expected, rtol=8 * native.epsilon, atol=8 * native.epsilon)


def test_infinity_and_nan(pool_kernels, native):
    geometry = GEOMETRIES["3x3_stride_2"]
    x = np.zeros((1, 1, 9, 7, 2))
    x[0, 0, 0, 0, 0], x[0, 0, 4, 3, 0], x[0, 0, :, :, 1] = np.inf, np.nan, -np.inf
    x, y = native.array(x), native.empty((1, 1, 5, 4, 2))
    pool_kernels.max_pool_forward(x, y, geometry.windows)
    np.testing.assert_array_equal(y, max_pool(x, None, geometry))
    pool_kernels.average_pool_forward(x, y, geometry.windows)
    np.testing.assert_array_equal(y, average_pool(x, None, geometry))


def test_nan_gets_the_gradient_of_its_window(pool_kernels, native):
    x = native.array([0.0, np.nan, 2.0, np.nan]).reshape(1, 1, 2, 2, 1)
    y, d_x = native.empty((1, 1, 1, 1, 1)), native.empty(x.shape)
    windows = GEOMETRIES["2x2"].windows
    indices, places = np.empty(y.shape, "int64"), room_for_places(y, 1)
    pool_kernels.max_pool_with_places(x, y, places, 1, windows)
    pool_kernels.max_pool_indices(places, 1, x, indices, windows)
    assert (np.isnan(y).all(), indices.item()) == (True, 1)
    pool_kernels.max_pool_backward(places, 1, native.array([[[[[3.0]]]]]), d_x, windows)
    assert d_x.ravel().tolist() == [0, 3, 0, 0]


@pytest.mark.parametrize("channels", CHANNELS)
def test_maxima_of_denormals(native, pool_kernels, geometry, channels):
    tiny = np.finfo(native.dtype).smallest_subnormal
    x, d_y = numbers(native, geometry, channels)
    y, indices, places = native.empty(d_y.shape), np.empty(d_y.shape, "int64"), room_for_places(d_y, 4)
    pool_kernels.max_pool_forward(x * tiny, y, geometry.windows)
    np.testing.assert_array_equal(y / tiny, expected(max_pool, geometry, channels))
    pool_kernels.max_pool_with_places(x * tiny, y, places, 4, geometry.windows)
    np.testing.assert_array_equal(y / tiny, expected(max_pool, geometry, channels))
    pool_kernels.max_pool_indices(places, 4, x, indices, geometry.windows)
    np.testing.assert_array_equal(indices, expected(max_pool_indices, geometry, channels))


@pytest.mark.parametrize("shape", [(0, 1, 4, 4, 3), (2, 1, 4, 4, 0)], ids=["no_images", "no_channels"])
def test_nothing_to_pool(native, pool_kernels, shape):
    batch, channels = shape[0], shape[-1]
    x, y, d_x = native.empty(shape), native.empty((batch, 1, 2, 2, channels)), native.empty(shape)
    windows = GEOMETRIES["2x2"].windows
    pool_kernels.max_pool_forward(x, y, windows)
    places = room_for_places(y, 1)
    pool_kernels.max_pool_with_places(x, y, places, 1, windows)
    pool_kernels.max_pool_backward(places, 1, y, d_x, windows)
    pool_kernels.max_pool_indices(places, 1, x, np.empty(y.shape, "int64"), windows)
    pool_kernels.average_pool_forward(x, y, windows)
    pool_kernels.average_pool_backward(y, d_x, windows)


def test_windows_that_cover_nothing(native):
    x, y = native.array(np.ones((1, 1, 2, 2, 1))), native.empty((1, 1, 4, 4, 1))
    windows = (1, 1, 1), (1, 1, 1), (0, 1, 1), (1, 1, 1), None
    indices = np.empty(y.shape, "int64")
    native.pool.max_pool_forward(x, y, windows)
    largest, places = y.copy(), room_for_places(y, 1)
    native.pool.max_pool_with_places(x, y, places, 1, windows)
    native.pool.max_pool_indices(places, 1, x, indices, windows)
    np.testing.assert_array_equal(y, largest)
    inside = np.pad(np.ones((2, 2), bool), 1)
    np.testing.assert_array_equal(y[0, 0, :, :, 0], np.where(inside, 1, -np.inf))
    assert indices[0, 0, :, :, 0][inside].tolist() == [0, 1, 2, 3]
    assert (indices[0, 0, :, :, 0][~inside] == -1).all()
    native.pool.average_pool_forward(x, y, windows)
    np.testing.assert_array_equal(y[0, 0, :, :, 0], inside)


@pytest.mark.parametrize("channels", [3, 37])
@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("geometry", LARGE.values(), ids=LARGE.keys())
def test_same_results_for_any_number_of_threads(native, threads, geometry, batch, channels):
    x, d_y = numbers(native, geometry, channels, batch)

    def compute():
        y, mean, d_max, d_mean = (native.empty(shape) for shape in (d_y.shape, d_y.shape, x.shape, x.shape))
        largest, places = native.empty(y.shape), room_for_places(y, 1)
        native.pool.max_pool_forward(x, largest, geometry.windows)
        native.pool.max_pool_with_places(x, y, places, 1, geometry.windows)
        native.pool.average_pool_forward(x, mean, geometry.windows)
        native.pool.max_pool_backward(places, 1, d_y, d_max, geometry.windows)
        native.pool.average_pool_backward(d_y, d_mean, geometry.windows)
        return [array.tobytes() for array in (largest, y, places, mean, d_max, d_mean)]

    with threads(1):
        alone = compute()
    for count in (2, 3, 7):
        with threads(count):
            assert compute() == alone


@pytest.mark.parametrize("geometry", LARGE.values(), ids=LARGE.keys())
def test_same_results_as_torch(native, geometry):
    torch = pytest.importorskip("torch")
    functions = torch.nn.functional
    if geometry.windows is None:
        peers = {
            "max_pool": lambda t: functions.adaptive_max_pool3d(t, geometry.outputs, return_indices=True),
            "average_pool": lambda t: (functions.adaptive_avg_pool3d(t, geometry.outputs), None),
        }
    else:
        _, *settings, _, dilations, _ = geometry
        peers = {"max_pool": lambda t: functions.max_pool3d(t, *settings, dilations, return_indices=True)}
        if dilations == (1, 1, 1):
            peers["average_pool"] = lambda t: (functions.avg_pool3d(t, *settings, count_include_pad=False), None)
    x, d_y = numbers(native, geometry, 19, distinct=3)
    y, d_x, indices = native.empty(d_y.shape), native.empty(x.shape), np.empty(d_y.shape, "int64")
    places = room_for_places(y, 4)
    for name, peer in peers.items():
        peer_x = torch.tensor(np.moveaxis(x, -1, 1).copy(), requires_grad=True)
        peer_y, peer_indices = peer(peer_x)
        peer_y.backward(torch.tensor(np.moveaxis(d_y, -1, 1).copy()))
        getattr(native.pool, f"{name}_forward")(x, y, geometry.windows)
        arrays = (d_y, d_x)
        if name == "max_pool":
            native.pool.max_pool_with_places(x, y, places, 4, geometry.windows)
            arrays = (places, 4, d_y, d_x)
        getattr(native.pool, f"{name}_backward")(*arrays, geometry.windows)
        for ours, theirs in ((y, peer_y.detach()), (d_x, peer_x.grad)):
            np.testing.assert_allclose(ours, np.moveaxis(theirs.numpy(), 1, -1), rtol=1e-5, atol=1e-5)
        if peer_indices is not None:
            native.pool.max_pool_indices(places, 4, x, indices, geometry.windows)
            np.testing.assert_array_equal(indices, np.moveaxis(peer_indices.numpy(), 1, -1))
