"""What Keras's pooling does not have, padding by numbers, dilation, ceil_mode and indices: against PyTorch and NumPy loops."""

import itertools

import numpy as np
import pytest

from convlayers import ops
from convlayers.autograd import Tape
from convlayers.symbolic import KerasTensor

torch = pytest.importorskip("torch")

GEOMETRIES = [  # size, window, strides, padding, dilation
    ((9,), (3,), (2,), (1,), (1,)),
    ((11,), (3,), (2,), (1,), (3,)),
    ((8, 7), (2, 3), (2, 1), (1, 1), (1, 1)),
    ((9, 10), (3, 2), (2, 3), (1, 1), (2, 3)),
    ((10, 10), (4, 4), (3, 3), (2, 0), (1, 1)),
    ((5, 6, 7), (2, 3, 2), (2, 2, 3), (1, 1, 0), (1, 1, 1)),
    ((5, 7, 6), (2, 3, 2), (1, 2, 2), (1, 1, 1), (2, 1, 3)),
]
PEERS = {
    rank: (getattr(torch.nn.functional, f"max_pool{rank}d"), getattr(torch.nn.functional, f"avg_pool{rank}d"))
    for rank in (1, 2, 3)
}


def draw(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def run(op, x, *arguments, **options):
    """Returns the output, and a function from its gradient to that for `x`. Channels first, as in PyTorch."""
    with Tape() as tape:
        source = tape.watch(x)
        y = op(source, *arguments, data_format="channels_first", **options)
    return y, lambda d_y: tape.backward([y[0] if isinstance(y, tuple) else y], [d_y], [source])[0]


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize(("size", "window", "strides", "padding", "dilation"), GEOMETRIES)
def test_max_pool_of_torch(size, window, strides, padding, dilation, ceil_mode):
    x = draw((2, 3, *size))
    peer_x = torch.tensor(x, requires_grad=True)
    peer = PEERS[len(size)][0]
    expected, expected_indices = peer(peer_x, window, strides, padding, dilation, ceil_mode=ceil_mode, return_indices=True)
    (y, indices), backward = run(
        ops.max_pool, x, window, strides, padding, dilation_rate=dilation, ceil_mode=ceil_mode, return_indices=True
    )
    np.testing.assert_array_equal(y.value, expected.detach().numpy())
    assert indices.dtype == "int64"
    np.testing.assert_array_equal(indices.value, expected_indices.numpy())
    d_y = draw(y.shape, 1)
    expected.backward(torch.tensor(d_y))
    np.testing.assert_allclose(backward(d_y), peer_x.grad.numpy(), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(("ceil_mode", "count_include_pad"), [*itertools.product([False, True], repeat=2)])
@pytest.mark.parametrize(("size", "window", "strides", "padding", "_"), GEOMETRIES)
def test_average_pool_of_torch(size, window, strides, padding, _, ceil_mode, count_include_pad):
    x = draw((2, 3, *size))
    peer_x = torch.tensor(x, requires_grad=True)
    expected = PEERS[len(size)][1](peer_x, window, strides, padding, ceil_mode, count_include_pad)
    y, backward = run(ops.average_pool, x, window, strides, padding, ceil_mode=ceil_mode, count_include_pad=count_include_pad)
    np.testing.assert_allclose(y.value, expected.detach().numpy(), rtol=1e-13, atol=1e-13)
    d_y = draw(y.shape, 1)
    expected.backward(torch.tensor(d_y))
    np.testing.assert_allclose(backward(d_y), peer_x.grad.numpy(), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("count_include_pad", [False, True])
@pytest.mark.parametrize("pads", [((1, 2), (0, 1)), ((2, 0), (1, 1))])
@pytest.mark.parametrize(("strides", "dilation"), [((1, 1), (1, 2)), ((2, 3), (2, 1)), ((4, 2), (2, 2))])
def test_uneven_padding(strides, dilation, pads, count_include_pad):
    """The same as padding first, with what a maximum or a sum ignores."""
    x = draw((2, 8, 9, 3))
    wide = ((0, 0), *pads, (0, 0))
    options = {"dilation_rate": dilation, "data_format": "channels_last"}
    y = ops.max_pool(x, (3, 2), strides, pads, **options)
    padded = np.pad(x, wide, constant_values=-np.inf)
    np.testing.assert_array_equal(y, ops.max_pool(padded, (3, 2), strides, "valid", **options))
    y = ops.average_pool(x, (3, 2), strides, pads, count_include_pad=count_include_pad, **options)
    means = [ops.average_pool(np.pad(array, wide), (3, 2), strides, "valid", **options) for array in (x, np.ones_like(x))]
    np.testing.assert_allclose(y, means[0] if count_include_pad else means[0] / means[1], rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("op", [ops.max_pool, ops.average_pool])
def test_ways_to_write_padding(op):
    x = draw((2, 6, 7, 3))
    expected = op(x, 3, 2, ((1, 1), (1, 1)))
    for padding in (1, (1, 1), [1, 1], [[1, 1], [1, 1]], (1, (1, 1)), np.int64(1)):
        np.testing.assert_array_equal(op(x, 3, 2, padding), expected)
    np.testing.assert_array_equal(op(x, 3, 2, 0), op(x, 3, 2, "valid"))


@pytest.mark.parametrize(("op", "reduce", "nothing"), [(ops.max_pool, np.max, -np.inf), (ops.average_pool, np.mean, 0.0)])
@pytest.mark.parametrize("length", range(1, 9))
def test_dilation_with_padding_same(op, reduce, nothing, length):
    """Each window against its definition. One that covers nothing has no mean but 0, and no maximum but minus infinity."""
    x = draw((1, length, 1))
    for size, stride, dilation in itertools.product((1, 2, 3), (1, 2, 3), (1, 2, 4)):
        y = op(x, size, stride, "same", dilation_rate=dilation)
        outputs = -(-length // stride)
        total = max(0, (outputs - 1) * stride + (size - 1) * dilation + 1 - length)
        for o in range(outputs):
            places = o * stride - total // 2 + np.arange(size) * dilation
            values = x[0, places[(places >= 0) & (places < length)], 0]
            expected = reduce(values) if len(values) else nothing
            np.testing.assert_allclose(y[0, o, 0], expected, rtol=1e-13)


def test_indices_find_the_numbers():
    x = draw((2, 7, 9, 5))
    y, indices = ops.max_pool(x, 3, 2, 1, return_indices=True)
    found = np.take_along_axis(x.reshape(2, 63, 5), indices.reshape(2, -1, 5), axis=1)
    np.testing.assert_array_equal(found.reshape(y.shape), y)


def test_indices_of_equal_numbers_and_of_not_a_number():
    x = np.array([2.0, 5.0, 5.0, np.nan, 1.0, np.nan]).reshape(1, 6, 1)
    y, indices = ops.max_pool(x, 3, return_indices=True)
    np.testing.assert_array_equal(y.ravel(), [5.0, np.nan])
    assert indices.ravel().tolist() == [1, 3]


def test_symbolic():
    x = KerasTensor((None, 9, 8, 3))
    y, indices = ops.max_pool(x, 2, 2, 1, ceil_mode=True, return_indices=True)
    assert (y.shape, y.dtype) == (indices.shape, "float32") == ((None, 5, 5, 3), "float32")
    assert indices.dtype == "int64"
    assert ops.average_pool(x, 2, 2, 1, dilation_rate=2, count_include_pad=True).shape == (None, 5, 4, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"padding": -1}, "`padding` must be either `'valid'` or `'same'`. Received -1."),
        ({"padding": (1, 1, 1)}, "`padding` must be either `'valid'` or `'same'`. Received (1, 1, 1)."),
        ({"padding": 2}, "`padding` must be smaller than the window, which spans (2, 2) pixels. Received: padding=2"),
        ({"dilation_rate": 0}, "The `dilation_rate` argument must be a tuple of 2 integers. Received dilation_rate=0"),
        ({"dilation_rate": 4}, "Computed output size would be zero or negative. Received: `inputs.shape=[1 4 4 3]`"),
    ],
)
def test_bad_arguments(arguments, message):
    for op in (ops.max_pool, ops.average_pool):
        with pytest.raises(ValueError) as caught:
            op(np.zeros((1, 4, 4, 3), "float32"), 2, **arguments)
        assert str(caught.value).startswith(message)
