"""Adaptive pooling against NumPy in float64, Keras and PyTorch, over sizes that divide and sizes that do not."""

import math
from itertools import product

import numpy as np
import pytest

from convlayers import ops
from convlayers.autograd import Tape
from convlayers.symbolic import KerasTensor

OPS = {"max": ops.adaptive_max_pool, "average": ops.adaptive_average_pool}
SIZES = [((9,), (4,)), ((3,), (7,)), ((8, 6), (4, 3)), ((7, 10), (3, 4)), ((5, 3), (1, 5)), ((4, 5, 6), (3, 2, 6))]


def parts(length, count):
    return [slice(math.floor(i * length / count), math.ceil((i + 1) * length / count)) for i in range(count)]


def naive(x, output_size, kind, d_y):
    """Returns the pooled array, channels last, and the gradient for `x`."""
    axes = [parts(*sizes) for sizes in zip(x.shape[1:-1], output_size, strict=True)]
    y, d_x = np.empty(d_y.shape), np.zeros_like(x)
    for n, c, *place in np.ndindex(x.shape[0], x.shape[-1], *output_size):
        window = (n, *(axis[index] for axis, index in zip(axes, place, strict=True)), c)
        output = (n, *place, c)
        if kind == "average":
            y[output] = x[window].mean()
            d_x[window] += d_y[output] / x[window].size
        else:
            y[output] = x[window].max()
            d_x[window][np.unravel_index(x[window].argmax(), x[window].shape)] += d_y[output]
    return y, d_x


@pytest.mark.parametrize("kind", OPS)
@pytest.mark.parametrize(("size", "output_size"), SIZES)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("channels", [3, 17])
def test_forward_and_backward(kind, size, output_size, data_format, channels):
    generator = np.random.default_rng(0)
    x = generator.integers(-9, 9, (2, *size, channels)).astype("float64")  # with equal numbers
    d_y = generator.normal(size=(2, *output_size, channels))
    y_expected, d_expected = naive(x, output_size, kind, d_y)
    if data_format == "channels_first":
        x, d_y, y_expected, d_expected = (np.moveaxis(array, -1, 1) for array in (x, d_y, y_expected, d_expected))
    with Tape() as tape:
        source = tape.watch(x)
        y = OPS[kind](source, output_size, data_format)
    (d_x,) = tape.backward([y], [d_y], [source])
    np.testing.assert_allclose(y.value, y_expected, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(d_x, d_expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("kind", OPS)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_same_as_torch(kind, rank):
    torch = pytest.importorskip("torch")
    short = {"max": "max", "average": "avg"}[kind]
    peer = getattr(torch.nn.functional, f"adaptive_{short}_pool{rank}d")
    generator = np.random.default_rng(rank)
    for size, output_size in product(generator.integers(1, 12, (6, rank)), generator.integers(1, 9, (6, rank))):
        output_size = tuple(output_size.tolist())
        x = generator.normal(size=(2, 5, *size)).astype("float32")
        peer_x = torch.tensor(x, requires_grad=True)
        peer_y = peer(peer_x, output_size)
        d_y = generator.normal(size=peer_y.shape).astype("float32")
        peer_y.backward(torch.tensor(d_y))
        with Tape() as tape:
            source = tape.watch(x)
            y = OPS[kind](source, output_size, "channels_first")
        (d_x,) = tape.backward([y], [d_y], [source])
        np.testing.assert_allclose(y.value, peer_y.detach().numpy(), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(d_x, peer_x.grad.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", OPS)
@pytest.mark.parametrize("output_size", [3, (3, 2), [2, 5]])
def test_same_as_keras(kind, output_size, keras):
    x = np.random.default_rng(0).normal(size=(2, 7, 6, 3)).astype("float32")
    y = OPS[kind](x, output_size)
    expected = keras.ops.convert_to_numpy(getattr(keras.ops, f"adaptive_{kind}_pool")(x, output_size))
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", OPS)
def test_not_a_number_passes(kind):
    x = np.zeros((1, 5, 5, 1), "float32")
    x[0, 2, 0] = np.nan
    np.testing.assert_array_equal(np.isnan(OPS[kind](x, 2))[0, :, :, 0], [[True, False], [True, False]])


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool", "float16"])
def test_other_number_types(dtype):
    x = (np.random.default_rng(0).random((2, 5, 4, 3)) * 3).astype(dtype)
    d_y = np.zeros((2, 2, 3, 3))
    largest, mean = (op(x, (2, 3)) for op in OPS.values())
    assert largest.dtype == dtype
    np.testing.assert_array_equal(largest, naive(x.astype(float), (2, 3), "max", d_y)[0].astype(dtype))
    assert mean.dtype == ("float16" if dtype == "float16" else "float32")
    np.testing.assert_allclose(mean, naive(x.astype(float), (2, 3), "average", d_y)[0], rtol=1e-3)


@pytest.mark.parametrize("op", OPS.values(), ids=OPS)
def test_shapes(op):
    assert op(np.zeros((0, 4, 4, 3), "float32"), 2).shape == (0, 2, 2, 3)
    y = op(KerasTensor((None, 9, None, 3)), (2, 4))
    assert (y.shape, y.dtype) == ((None, 2, 4, 3), "float32")


@pytest.mark.parametrize(
    ("shape", "output_size", "message"),
    [
        ((1, 4, 4, 3), (2, 2, 2), "The `output_size` argument must be a tuple of 2 integers. Received output_size=(2, 2, 2)"),
        ((1, 4, 4, 3), 0, "The `output_size` argument must be a tuple of 2 integers. Received output_size=0"),
        ((1, 0, 4, 3), 2, "Adaptive pooling takes inputs with at least one pixel"),
        ((4, 4), 2, "Inputs to pooling op must have ndim=3, 4 or 5"),
    ],
)
def test_bad_arguments(shape, output_size, message):
    for op in OPS.values():
        with pytest.raises(ValueError) as caught:
            op(np.zeros(shape, "float32"), output_size)
        assert str(caught.value).startswith(message)
