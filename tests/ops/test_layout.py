"""Layouts of users and of kernels."""

import pickle

import numpy as np
import pytest

from convlayers import ops
from convlayers.autograd import Tape
from convlayers.ops.dropout import dropout
from convlayers.ops.global_pooling import global_average_pool, global_max_pool
from convlayers.ops.layout import Layout, compact, contiguous, image_layout, in_order_of, shape_for_users, to_3d


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_channels_last_is_a_view(rank):
    x = np.arange(2 * 4**rank * 3.0).reshape(2, *[4] * rank, 3)
    layout = image_layout(x.shape, "channels_last", x.dtype)
    x5 = layout.to_kernel(x)
    assert x5.shape == layout.kernel_shape == (2, *[1] * (3 - rank), *[4] * rank, 3)
    assert np.shares_memory(x5, x)
    y = layout.from_kernel(x5)
    assert np.shares_memory(y, x)
    np.testing.assert_array_equal(y, x)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_channels_first_is_transposed_there_and_back(rank):
    x = np.arange(2 * 3 * 4**rank * 1.0).reshape(2, 3, *[4] * rank)
    layout = image_layout(x.shape, "channels_first", x.dtype)
    x5 = layout.to_kernel(x)
    np.testing.assert_array_equal(x5.reshape(2, *[4] * rank, 3), np.moveaxis(x, 1, -1))
    assert x5.flags.c_contiguous
    np.testing.assert_array_equal(layout.from_kernel(x5), x)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_between_layers_nothing_is_transposed(rank):
    x5 = np.zeros((2, *[1] * (3 - rank), *[4] * rank, 3))
    layout = image_layout((2, 3, *[4] * rank), "channels_first", x5.dtype)
    y = layout.from_kernel(x5)
    assert np.shares_memory(y, x5)
    again = layout.to_kernel(y)
    assert np.shares_memory(again, x5)
    assert again.shape == x5.shape


def test_planes_may_stay_where_they_are():
    x = np.arange(2 * 20 * 5 * 4, dtype="float32").reshape(2, 20, 5, 4)
    layout = image_layout(x.shape, "channels_first", x.dtype)
    planes = layout.to_kernel(x, or_planes=True)
    assert np.shares_memory(planes, x)
    np.testing.assert_array_equal(planes, layout.to_kernel(x))
    turned = np.ascontiguousarray(x.transpose(3, 2, 1, 0)).transpose()  # neither of both
    assert layout.to_kernel(turned, or_planes=True).flags.c_contiguous


def test_other_orders_in_memory_become_contiguous():
    x = np.asfortranarray(np.random.default_rng(0).normal(size=(2, 4, 5, 3)))[:, ::-2]
    x5 = image_layout(x.shape, "channels_last", x.dtype).to_kernel(x)
    assert x5.flags.c_contiguous
    np.testing.assert_array_equal(x5[:, 0], x)


def test_an_equal_dtype_is_no_other_one():
    x = pickle.loads(pickle.dumps(np.zeros((2, 3, 4, 5), "float32")))
    assert x.dtype is not np.dtype("float32")
    layout = Layout(x.shape, x.dtype, (2, 1, 3, 4, 5))
    x5 = layout.to_kernel(x)
    assert np.shares_memory(x5, x)
    y = np.zeros(x5.shape, "float32")
    assert np.shares_memory(layout.from_kernel(y), y)


@pytest.mark.parametrize(("dtype", "number_type"), [("float16", "float32"), ("uint8", "float32"), ("int64", "float64")])
def test_number_types_there_and_back(dtype, number_type):
    x = np.arange(2 * 3 * 4).reshape(2, 3, 4).astype(dtype)
    layout = image_layout(x.shape, "channels_first", x.dtype)
    x5 = layout.to_kernel(x)
    assert x5.dtype == layout.number_type == number_type
    y = layout.from_kernel(x5)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, x)


@pytest.mark.parametrize("shape", [(0, 4, 4, 3), (2, 0, 4, 3), (2, 4, 4, 0)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_empty_arrays(shape, data_format):
    layout = image_layout(shape, data_format, np.dtype("float32"))
    assert layout.from_kernel(layout.to_kernel(np.zeros(shape, "float32"))).shape == shape


@pytest.mark.parametrize("shape", [(2, 5, 3), (2, 4, 5, 3), (2, 6, 4, 5, 3)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_shapes_for_users(shape, data_format):
    kernel_shape = image_layout(shape, data_format, np.dtype("float32")).kernel_shape
    assert shape_for_users(kernel_shape, len(shape), data_format) == shape


def test_sizes():
    assert to_3d((2,)) == (1, 1, 2)
    assert to_3d((2, 3), 0) == (0, 2, 3)
    assert to_3d([2, 3, 4]) == (2, 3, 4)


# All ways in which two neighbouring groups of axes change places, and one that is none.
@pytest.mark.parametrize("order", [(0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (0, 1, 2), (2, 1, 0)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "uint8"])
def test_contiguous(order, dtype):
    x = np.arange(5 * 17 * 33).reshape(5, 17, 33).astype(dtype).transpose(order)
    y = contiguous(x)
    np.testing.assert_array_equal(y, x)
    assert y.flags.c_contiguous
    assert y.dtype == x.dtype


def test_compact_closes_gaps_and_keeps_orders():
    x = np.random.default_rng(0).normal(size=(4, 6, 5))
    for same in (x, x.T, x.transpose(0, 2, 1), x[:1]):
        assert np.shares_memory(compact(same), x)
    for gaps in (x[::2], x[..., 1:], np.broadcast_to(x[0], (3, 6, 5)), x[::-1]):
        y = compact(gaps)
        assert y.flags.c_contiguous
        np.testing.assert_array_equal(y, gaps)


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 1, 4, 5), (1, 1, 1, 1), (0, 2, 3, 4)], ids=str)
def test_in_order_of(shape):
    x, other = np.random.default_rng(0).normal(size=(2, *shape))
    other = np.ascontiguousarray(other.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    y = in_order_of(x, other)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(y.ravel("K"), x.transpose(0, 2, 3, 1).ravel())


LAYERS = {
    "relu": lambda x: ops.relu(x),
    "silu": lambda x: ops.silu(x),
    "batch_norm": lambda x: ops.batch_normalization_training(x, axis=1)[0],
    "softmax": lambda x: ops.softmax(x, axis=1),
    "max_pool": lambda x: ops.max_pool(x, 2, data_format="channels_first"),
    "average_pool": lambda x: ops.average_pool(x, 3, 1, "same", data_format="channels_first"),
    "global_max_pool": lambda x: global_max_pool(x, "channels_first", keepdims=True),
    "global_average_pool": lambda x: global_average_pool(x, "channels_first", keepdims=True),
    "dropout": lambda x: dropout(x, 0.5, seed=1),
    "reshape": lambda x: ops.reshape(x, (2, 10, -1, 4)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_whatever_the_order_in_memory(name):
    """The same numbers in another order in memory: forward in one, backward in any."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 5, 4, 6))
    d_y = rng.normal(size=LAYERS[name](x).shape)

    def orders(x):
        channels_last = np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
        return x, channels_last, np.asfortranarray(x), np.repeat(x, 2, 3)[..., ::2]

    expected = _gradient(LAYERS[name], x, d_y)
    for ordered_x in orders(x):
        for ordered_d_y in orders(d_y):
            np.testing.assert_allclose(_gradient(LAYERS[name], ordered_x, ordered_d_y), expected, rtol=1e-12, atol=1e-12)


def _gradient(function, x, d_y):
    with Tape() as tape:
        watched = tape.watch(x)
        y = function(watched)
    return tape.backward([y], [d_y], [watched])[0]
