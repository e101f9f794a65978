"""Pooling against naive loops in float64, over sizes, strides and both paddings."""

import numpy as np
import pytest

from convlayers import ops
from convlayers.autograd import Tape


def windows(length, size, stride, padding):
    """The slices of an axis that the windows cover, without what lies outside."""
    if padding == "valid":
        starts = range(0, length - size + 1, stride)
    else:
        count = -(-length // stride)
        before = max(0, (count - 1) * stride + size - length) // 2
        starts = [index * stride - before for index in range(count)]
    return [slice(max(0, start), min(length, start + size)) for start in starts]


def naive(x, pool_size, strides, padding, average, d_y=None):
    """Returns the pooled array, channels last; with `d_y`, the gradient for `x`."""
    axes = [windows(*arguments, padding) for arguments in zip(x.shape[1:-1], pool_size, strides, strict=True)]
    y = np.empty((x.shape[0], *map(len, axes), x.shape[-1]))
    d_x = np.zeros_like(x)
    for n, c in np.ndindex(x.shape[0], x.shape[-1]):
        for place in np.ndindex(*map(len, axes)):
            window = (n, *(axis[index] for axis, index in zip(axes, place, strict=True)), c)
            y[(n, *place, c)] = x[window].mean() if average else x[window].max()
            if d_y is not None:
                share = d_y[(n, *place, c)]
                if average:
                    d_x[window] += share / x[window].size
                else:
                    first = np.unravel_index(x[window].argmax(), x[window].shape)
                    d_x[window][first] += share
    return y if d_y is None else d_x


def check(op, x, pool_size, strides, padding, data_format="channels_last", dtype="float64"):
    average = op is ops.average_pool
    last = np.moveaxis(x, 1, -1) if data_format == "channels_first" else x
    with Tape() as tape:
        source = tape.watch(x.astype(dtype))
        y = op(source, pool_size, strides, padding, data_format)
    expected = naive(last, pool_size, strides, padding, average)
    d_y = np.random.default_rng(1).normal(size=expected.shape)
    d_expected = naive(last, pool_size, strides, padding, average, d_y)
    if data_format == "channels_first":
        expected, d_expected, d_y = (np.moveaxis(array, -1, 1) for array in (expected, d_expected, d_y))
    (d_x,) = tape.backward([y], [d_y.astype(dtype)], [source])
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    assert y.dtype == d_x.dtype == dtype
    np.testing.assert_allclose(y.value, expected, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(d_x, d_expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("op", [ops.max_pool, ops.average_pool])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("pool_size", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_one_axis(op, padding, pool_size, stride):
    for length in (5, 6, 7, 11):
        check(op, np.random.default_rng(length).normal(size=(2, length, 3)), (pool_size,), (stride,), padding)


@pytest.mark.parametrize("op", [ops.max_pool, ops.average_pool])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(
    ("pool_size", "strides"),
    [((2, 2), (2, 2)), ((3, 3), (2, 2)), ((2, 3), (1, 2)), ((3, 2), (2, 3)), ((1, 4), (5, 1)), ((3, 3), (1, 1))],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_two_axes(op, padding, pool_size, strides, dtype):
    # Around the width of a vector, and more than one.
    for channels in (1, 3, 8, 15, 16, 17, 35):
        check(op, np.random.default_rng(0).normal(size=(2, 7, 6, channels)), pool_size, strides, padding, dtype=dtype)


@pytest.mark.parametrize("op", [ops.max_pool, ops.average_pool])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("pool_size", "strides"), [((2, 2, 2), (2, 2, 2)), ((3, 1, 2), (1, 2, 3)), ((2, 3, 3), (2, 1, 1))])
def test_three_axes(op, padding, pool_size, strides):
    check(op, np.random.default_rng(0).normal(size=(2, 4, 5, 6, 3)), pool_size, strides, padding)


@pytest.mark.parametrize("op", [ops.max_pool, ops.average_pool])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_channels_first(op, rank, padding):
    x = np.random.default_rng(0).normal(size=(2, 5, *(6, 7, 4)[:rank]))
    check(op, x, (2,) * rank, (3,) * rank, padding, "channels_first")


@pytest.mark.parametrize("op", [ops.max_pool, ops.average_pool])
@pytest.mark.parametrize("shape", [(3, 11, 9, 8), (2, 12, 33)])
def test_channels_first_in_memory_or_not(op, shape):
    rng = np.random.default_rng(3)
    x = rng.normal(size=shape).astype("float32")
    results = []
    for source in (x, np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)):
        with Tape() as tape:
            watched = tape.watch(source)
            y = op(watched, 3, 2, "same", "channels_first")
        d_y = np.random.default_rng(4).normal(size=y.shape).astype("float32")
        d_y = np.moveaxis(np.ascontiguousarray(np.moveaxis(d_y, 1, -1)), -1, 1)  # as what follows a layer may hand it back
        (d_x,) = tape.backward([y], [d_y], [watched])
        results.append((y.value, d_x))
    (y, d_x), (y_expected, d_expected) = results
    assert y.flags.c_contiguous and not y_expected.flags.c_contiguous  # what is computed stays as it lies
    assert op(np.repeat(x, 4, axis=1), 3, 2, "same", "channels_first").flags.c_contiguous
    np.testing.assert_allclose(y, y_expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(d_x, d_expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("op", [ops.max_pool, ops.average_pool])
def test_one_number_stands_for_all_axes(op):
    x = np.random.default_rng(0).normal(size=(2, 6, 7, 3))
    np.testing.assert_array_equal(op(x, 2), op(x, (2, 2), (2, 2)))
    np.testing.assert_array_equal(op(x, 3, 1, "SAME"), op(x, [3, 3], [1, 1], "same"))


def test_the_first_of_equal_numbers_gets_the_gradient():
    with Tape() as tape:
        source = tape.watch(np.zeros((1, 4, 4, 1)))
        y = ops.max_pool(source, 2)
    (d_x,) = tape.backward([y], [np.ones((1, 2, 2, 1))], [source])
    expected = np.zeros((4, 4))
    expected[::2, ::2] = 1
    np.testing.assert_array_equal(d_x[0, :, :, 0], expected)


@pytest.mark.parametrize("channels", [1, 16, 20])
def test_not_a_number_passes(channels):
    x = np.random.default_rng(0).normal(size=(1, 4, 4, channels)).astype("float32")
    x[0, 1, 2] = np.nan
    for op in (ops.max_pool, ops.average_pool):
        y = op(x, 2)
        assert np.isnan(y[0, 0, 1]).all()
        assert np.isnan(y).sum() == channels
    assert np.isnan(ops.global_max_pool(x)).all()
    assert np.isnan(ops.global_average_pool(x)).all()


def test_infinities_are_numbers():
    x = np.full((1, 4, 4, 3), -np.inf, "float32")
    np.testing.assert_array_equal(ops.max_pool(x, 3, 2, "same"), np.full((1, 2, 2, 3), -np.inf))
    np.testing.assert_array_equal(ops.global_max_pool(x), np.full((1, 3), -np.inf))


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "bool", "float16"])
def test_other_number_types(dtype):
    x = (np.random.default_rng(0).random((2, 5, 4, 3)) * 3).astype(dtype)
    largest = ops.max_pool(x, 2)
    assert largest.dtype == dtype
    np.testing.assert_array_equal(largest, naive(x.astype(float), (2, 2), (2, 2), "valid", False).astype(dtype))
    mean = ops.average_pool(x, 2)
    assert mean.dtype == ("float16" if dtype == "float16" else "float32")
    np.testing.assert_allclose(mean, naive(x.astype(float), (2, 2), (2, 2), "valid", True), rtol=1e-3)


@pytest.mark.parametrize("op", [ops.max_pool, ops.average_pool])
@pytest.mark.parametrize("shape", [(0, 4, 4, 3), (2, 4, 4, 0)])
def test_nothing_in_nothing_out(op, shape):
    y = op(np.zeros(shape, "float32"), 2)
    assert y.shape == (shape[0], 2, 2, shape[3])


@pytest.mark.parametrize("op", [ops.max_pool, ops.average_pool])
def test_symbolic(op):
    from convlayers.symbolic import KerasTensor

    y = op(KerasTensor((None, 9, 8, 3)), 2, padding="same")
    assert (y.shape, y.dtype) == ((None, 5, 4, 3), "float32")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pool_size": 5}, "Computed output size would be zero or negative. Received: `inputs.shape="),
        ({"pool_size": 0}, "The `pool_size` argument must be a tuple of 2 integers. Received pool_size=0"),
        ({"pool_size": 2, "strides": 0}, "The `strides` argument must be a tuple of 2 integers. Received strides=0"),
        ({"pool_size": 2, "padding": "smae"}, "Argument `padding` must be either 'valid' or 'same'"),
        ({"pool_size": 2, "data_format": "NCHW"}, "The `data_format` argument must be one of"),
    ],
)
def test_bad_arguments(arguments, message):
    for op in (ops.max_pool, ops.average_pool):
        with pytest.raises(ValueError, match=message):
            op(np.zeros((1, 4, 4, 3), "float32"), **arguments)


@pytest.mark.parametrize("shape", [(4,), (4, 4), (1, 2, 2, 2, 2, 2)])
def test_wrong_rank(shape):
    for op in (ops.max_pool, ops.average_pool):
        with pytest.raises(ValueError, match="Inputs to pooling op must have ndim=3, 4 or 5"):
            op(np.zeros(shape, "float32"), 2)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_global(rank, keepdims, data_format, dtype):
    spatial = (4, 5, 3)[:rank]
    x = np.random.default_rng(0).normal(size=(2, *spatial, 18)).astype(dtype)
    axes = tuple(range(1, rank + 1))
    if data_format == "channels_first":
        x, axes = np.moveaxis(x, -1, 1), tuple(range(2, rank + 2))
    for op, reduce in ((ops.global_max_pool, np.max), (ops.global_average_pool, np.mean)):
        with Tape() as tape:
            source = tape.watch(x)
            y = op(source, data_format, keepdims)
        expected = reduce(x, axes, keepdims=keepdims)
        assert y.dtype == dtype
        np.testing.assert_allclose(y.value, expected, rtol=1e-6, atol=1e-7)
        d_y = np.random.default_rng(1).normal(size=expected.shape).astype(dtype)
        (d_x,) = tape.backward([y], [d_y], [source])
        wide = d_y if keepdims else np.expand_dims(d_y, axes)
        if op is ops.global_average_pool:
            d_expected = np.broadcast_to(wide / np.prod(spatial), x.shape)
        else:
            d_expected = (x == x.max(axes, keepdims=True)) * wide
        np.testing.assert_allclose(d_x, d_expected, rtol=1e-6, atol=1e-7)
