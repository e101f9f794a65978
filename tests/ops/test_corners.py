"""Gradients where a function has a corner, and numbers that are not finite, against PyTorch through Keras."""

import numpy as np
import pytest

from convlayers import ops
from tests.ops.gradients import tape_gradients
from tests.ops.rows.row import words

CORNERS = np.array([-6, -3, -2, -1, -0.5, -0.0, 0, 0.5, 1, 2, 3, 6], "float32")
ACTIVATIONS = words(
    "relu relu6 leaky_relu elu selu celu hard_sigmoid hard_tanh hard_silu softsign soft_shrink hard_shrink sparse_plus "
    "sparse_sigmoid silu gelu softplus log_sigmoid sigmoid tanh"
)


@pytest.fixture
def torch(keras):
    """PyTorch, as the back end of Keras."""
    return pytest.importorskip("torch")


def gradients_of_keras(torch, function, *arrays):
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    function(*tensors).sum().backward()
    return [tensor.grad.numpy() for tensor in tensors]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name, keras, torch):
    _, (gradient,) = tape_gradients(getattr(ops, name), [CORNERS])
    (expected,) = gradients_of_keras(torch, getattr(keras.ops, name), CORNERS)
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_equal_numbers_share_a_gradient(name, keras, torch):
    a, b = np.array([1, 1, 0, 2], "float32"), np.array([1, 0, 0, 3], "float32")
    _, gradients = tape_gradients(getattr(ops, name), [a, b])
    np.testing.assert_array_equal(gradients, gradients_of_keras(torch, getattr(keras.ops, name), a, b))
    np.testing.assert_array_equal(gradients[0][0], 0.5)


@pytest.mark.parametrize("name", ["max", "min", "amax", "amin"])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_equal_numbers_share_the_gradient_of_a_reduction(name, axis, keras, torch):
    x = np.array([[1, 1, 0], [1, 0, 0]], "float32")
    _, (gradient,) = tape_gradients(lambda x: getattr(ops, name)(x, axis=axis), [x])
    (expected,) = gradients_of_keras(torch, lambda x: getattr(keras.ops, name)(x, axis=axis), x)
    np.testing.assert_allclose(gradient, expected)


def test_bounds_of_clip_pass_the_gradient(keras, torch):
    _, (gradient,) = tape_gradients(lambda x: ops.clip(x, -1.0, 2.0), [CORNERS])
    (expected,) = gradients_of_keras(torch, lambda x: keras.ops.clip(x, -1.0, 2.0), CORNERS)
    np.testing.assert_array_equal(gradient, expected)


@pytest.mark.parametrize("name", ["absolute", "std", "norm", "square"])
def test_zeros(name, keras, torch):
    x = np.zeros(3, "float32")
    _, (gradient,) = tape_gradients(getattr(ops, name), [x])
    np.testing.assert_array_equal(gradient, np.zeros(3))


def test_products_with_zeros(keras, torch):
    x = np.array([[1.5, 0, 2, 3], [0, 2, 0, 1], [0, 0, 0, 0], [1, 2, 3, 4]], "float32")
    _, (gradient,) = tape_gradients(lambda x: ops.prod(x, axis=1), [x])
    (expected,) = gradients_of_keras(torch, lambda x: keras.ops.prod(x, axis=1), x)
    np.testing.assert_array_equal(gradient, expected)


def test_powers_of_zero():
    base = np.array([0.0, 0.0, 0.0, 2.0])
    _, gradients = tape_gradients(ops.power, [base, np.array([0.0, 1.0, 2.0, 3.0])])
    np.testing.assert_array_equal(gradients[0], [0, 1, 0, 12])
    np.testing.assert_allclose(gradients[1], [0, 0, 0, 8 * np.log(2)])


def test_divide_no_nan():
    a, b = np.array([1.0, 0.0, -3.0]), np.array([0.0, 0.0, 2.0])
    (y,), gradients = tape_gradients(ops.divide_no_nan, [a, b])
    np.testing.assert_array_equal(y.value, [0, 0, -1.5])
    np.testing.assert_array_equal(gradients, [[0, 0, 0.5], [0, 0, 0.75]])


@pytest.mark.parametrize("name", ["relu", "relu6", "tanh", "sigmoid", "softmax", "maximum", "max", "sum", "clip", "mean"])
def test_nan_passes(name):
    x = np.array([1, np.nan, -1], "float32")
    more = {"maximum": (0,), "clip": (-2, 2)}.get(name, ())
    assert np.isnan(getattr(ops, name)(x, *more)).any()


@pytest.mark.parametrize("name", words("sigmoid tanh softplus log_sigmoid silu gelu softmax log_softmax logsumexp elu mish"))
def test_large_numbers_do_not_overflow(name, keras):
    x = np.array([-1e4, -100, 0, 100, 1e4], "float32")
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        y = getattr(ops, name)(x)
        tape_gradients(getattr(ops, name), [x])
    expected = keras.ops.convert_to_numpy(getattr(keras.ops, name)(x)) if name != "mish" else [0, 0, 0, 100, 1e4]
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("error")
def test_logsumexp_of_nothing_but_minus_infinity_has_no_gradient():
    x = np.array([[-np.inf, -np.inf], [-np.inf, 1.0]])
    _, (gradient,) = tape_gradients(lambda x: ops.logsumexp(x, axis=1), [x])
    np.testing.assert_array_equal(gradient, [[0, 0], [0, 1]])


def test_logsumexp_of_infinities():
    assert ops.logsumexp(np.array([-np.inf, -np.inf])) == -np.inf
    assert ops.logsumexp(np.array([np.inf, 1.0])) == np.inf


@pytest.mark.parametrize("name", words("relu softmax sum mean max transpose reshape sort sigmoid log_softmax std var"))
def test_empty_arrays(name):
    x = np.zeros((0, 4), "float32")
    more = {"reshape": ((0, 2, 2),), "sum": (1,), "mean": (1,), "max": (1,), "std": (1,), "var": (1,)}.get(name, ())
    _, (gradient,) = tape_gradients(lambda x: getattr(ops, name)(x, *more), [x])
    assert gradient.shape == (0, 4)


@pytest.mark.parametrize("name", [*ACTIVATIONS, "softmax", "log_softmax", "batch_normalization_training"])
def test_arrays_in_any_memory_order(name):
    x = np.random.default_rng(0).normal(size=(4, 3, 5))
    (expected, *_), (d_expected,) = tape_gradients(getattr(ops, name), [x])
    read_only = x.copy()
    read_only.flags.writeable = False
    for same in (np.asfortranarray(x), x.repeat(2, axis=1)[:, ::2], read_only):
        (y, *_), (d_x,) = tape_gradients(getattr(ops, name), [same])
        np.testing.assert_array_equal(y.value, expected.value)
        np.testing.assert_array_equal(d_x, d_expected)


def test_axes_may_be_an_array():
    x = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(ops.sum(x, axis=np.arange(1, 3)), x.sum(axis=(1, 2)))
    np.testing.assert_array_equal(ops.max(x, axis=np.array(1)), x.max(axis=1))
