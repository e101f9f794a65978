"""Ops that make arrays, choose, compare and control, and the messages of all: what the table of gradients leaves out."""

import re

import numpy as np
import pytest

from convlayers import ops
from convlayers.autograd import Tape
from convlayers.symbolic import KerasTensor
from convlayers.variables import Variable
from tests.ops.gradients import check_gradients
from tests.ops.rows.row import words
from tests.ops.table import ROWS

X = np.array([[3, -1, 4], [1, -5, 9]], "float32")
# Names with calls that keras.ops answers the same, dtype included.
CALLS = [
    ("zeros", ((2, 3),), {}),
    ("zeros", (3,), {"dtype": "int32"}),
    ("ones", ((2, 3),), {}),
    ("full", ((2, 3), 7), {}),
    ("zeros_like", (X,), {}),
    ("ones_like", (X,), {"dtype": "int32"}),
    ("full_like", (X, 2), {}),
    ("arange", (5,), {}),
    ("arange", (1, 7, 2), {}),
    ("arange", (5.0,), {}),
    ("arange", (3,), {"dtype": "float32"}),
    ("linspace", (0, 1, 5), {}),
    ("linspace", (0.0, 1.0), {"num": 4, "endpoint": False}),
    ("eye", (3,), {}),
    ("eye", (2, 3), {"k": 1, "dtype": "int32"}),
    ("identity", (3,), {}),
    ("tri", (3,), {"k": -1}),
    ("meshgrid", (np.arange(2), np.arange(3)), {}),
    ("argmax", (X,), {}),
    ("argmax", (X,), {"axis": 1, "keepdims": True}),
    ("argmin", (X,), {"axis": -1}),
    ("argsort", (X,), {"axis": 0}),
    ("argsort", (np.array([1, 0, 1, 0]),), {}),
    ("all", (X > 0,), {"axis": 0}),
    ("any", (X > 8,), {"axis": 1, "keepdims": True}),
    ("count_nonzero", (X > 0,), {"axis": 1}),
    ("searchsorted", (np.array([1.0, 2.0, 3.0]), np.array([2.0, 0.0, 9.0])), {"side": "right"}),
    ("sign", (X,), {}),
    ("floor", (X * 0.3,), {}),
    ("ceil", (X * 0.3,), {}),
    ("trunc", (X * 0.3,), {}),
    ("round", (X * 0.5,), {}),
    ("angle", (X,), {}),
    ("round", (X * 0.33,), {"decimals": 1}),
    ("floor_divide", (X, 2.5), {}),
    ("mod", (X, 2.5), {}),
    ("power", (np.array([2, 3]), np.array([3, 2])), {}),
    ("equal", (X, 4.0), {}),
    ("not_equal", (X, 4), {}),
    ("greater", (X, 1), {}),
    ("greater_equal", (X, 1), {}),
    ("less", (X, 1), {}),
    ("less_equal", (X, 1), {}),
    ("logical_and", (X > 0, X > 3), {}),
    ("logical_or", (X > 0, X > 3), {}),
    ("logical_xor", (X > 0, X > 3), {}),
    ("logical_not", (X > 0,), {}),
    ("isnan", (X / np.float32(np.nan),), {}),
    ("isinf", (X * np.float32(np.inf),), {}),
    ("isfinite", (X,), {}),
    ("isclose", (X, X + np.float32(1e-6)), {}),
    ("in_top_k", (np.array([0, 1]), X, 2), {}),
    ("in_top_k", (np.array([2, 2]), np.array([[1, 2, 2], [3, 2, 2]], "float32"), 1), {}),
    ("one_hot", (np.array([0, 2]), 3), {"dtype": "float32"}),
    ("one_hot", (np.array([[0, 2], [1, -1]]), 3), {"axis": 1, "dtype": "int32"}),
    ("one_hot", (np.array([0.0, 2.0]), 3), {"axis": 0, "dtype": "bool"}),
    ("one_hot", (np.array([-0.5, 1.7]), 3), {}),
    ("multi_hot", (np.array([[0, 2], [1, 1]]), 4), {"dtype": "float32"}),
    ("cast", (X, "int32"), {}),
    ("cast", (X, "bool"), {}),
    ("saturate_cast", (X * 100, "uint8"), {}),
    ("saturate_cast", (np.array([-300, 5, 70000]), "int8"), {}),
    ("bitwise_and", (np.array([5, 6]), np.array([3, 3])), {}),
    ("bitwise_or", (np.array([5, 6]), 3), {}),
    ("bitwise_xor", (np.array([5, 6]), np.array([3, 3])), {}),
    ("bitwise_not", (np.array([5, -6]),), {}),
    ("bitwise_invert", (np.array([5, -6]),), {}),
    ("left_shift", (np.array([5, 6]), 2), {}),
    ("right_shift", (np.array([5, 6]), 1), {}),
    ("bitwise_left_shift", (np.array([5, 6]), np.array([0, 3])), {}),
    ("bitwise_right_shift", (np.array([5, 6]), np.array([0, 3])), {}),
    ("gcd", (np.array([12, 18]), np.array([8, 27])), {}),
    ("lcm", (np.array([4, 6]), np.array([10, 9])), {}),
    ("heaviside", (X, 0.5), {}),
    ("nextafter", (X, 10.0), {}),
    ("isin", (X, np.array([3.0, 9.0], "float32")), {}),
    ("isneginf", (X * np.float32(np.inf),), {}),
    ("isposinf", (X * np.float32(np.inf),), {}),
    ("isreal", (X,), {}),
    ("signbit", (X,), {}),
    ("bincount", (np.array([1, 3, 1, 0]),), {"minlength": 6}),
    ("bincount", (np.array([1, 3, 1]),), {"weights": np.array([0.5, 1, 2], "float32")}),
    ("digitize", (X, np.array([-2.0, 0.0, 3.0])), {}),
    ("histogram", (X.ravel(),), {"bins": 4}),
    ("histogram", (X.ravel(),), {"bins": 3, "range": (0, 9)}),
    ("unique", (np.array([3, 1, 3, 2]),), {"return_inverse": True, "return_counts": True}),
    ("unravel_index", (np.array([5, 11]), (3, 4)), {}),
    ("segment_max", (X.ravel(), np.array([0, 0, 1, 1, 2, 2])), {"num_segments": 4}),
    ("segment_min", (X.ravel(), np.array([0, 0, 1, 1, 2, 2])), {}),
    ("segment_prod", (X.ravel(), np.array([0, 0, 1, 1, 2, 2])), {}),
    ("nanargmax", (np.where(X == 9, np.float32(np.nan), X),), {"axis": 1}),
    ("nanargmin", (np.where(X == -5, np.float32(np.nan), X),), {}),
    ("view", (X, "int32"), {}),
    ("logspace", (0, 2, 5), {}),
    ("geomspace", (1, 16, 5), {}),
    ("bartlett", (6,), {}),
    ("blackman", (6,), {}),
    ("hamming", (6,), {}),
    ("hanning", (6,), {}),
    ("kaiser", (6, 2.5), {}),
    ("convert_to_tensor", ([1, 2, 3],), {"dtype": "float32"}),
    ("cholesky", (X @ X.T,), {}),
    ("lstsq", (X.T, np.array([1, 2, 4], "float32")), {}),
    ("matrix_rank", (X,), {}),
    ("pinv", (X,), {}),
]
# Ops whose results are int64 or float64 with PyTorch.
WIDER_WITH_PYTORCH = words("meshgrid searchsorted power linspace unique histogram logspace geomspace")
# Ops without gradients; those of convolution, pooling and dropout have tests of their own.
OTHERS = words(
    "allclose cond convert_to_numpy custom_gradient dtype empty empty_like fori_loop is_tensor map ndim nonzero operators "
    "argpartition array scan shape size stop_gradient switch vectorize vectorized_map while_loop dropout "
    "batch_normalization_training masked_moments eigh lu_factor qr imag"
)


@pytest.mark.parametrize(("name", "arguments", "kwargs"), CALLS, ids=lambda part: part if isinstance(part, str) else "")
def test_results_are_those_of_keras(name, arguments, kwargs, keras):
    y = getattr(ops, name)(*arguments, **kwargs)
    expected = getattr(keras.ops, name)(*arguments, **kwargs)
    for one, other in zip(
        y if isinstance(y, (list, tuple)) else [y],
        expected if isinstance(expected, (list, tuple)) else [expected],
        strict=True,
    ):
        other = keras.ops.convert_to_numpy(other)
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)
        if name not in WIDER_WITH_PYTORCH:
            assert one.dtype == other.dtype


def test_no_op_escapes_the_tests():
    modules = {f"ops.{name}" for name in words("conv conv_transpose dense pooling adaptive_pooling global_pooling image")}
    names = {
        name
        for name in vars(ops)
        if not name.startswith("_") and getattr(getattr(ops, name), "__module__", "").partition(".")[2] not in modules
    }
    modules_of_package = {name for name in names if type(getattr(ops, name)) is type(np)}
    tested = {row.name for row in ROWS} | {name for name, _, _ in CALLS} | set(OTHERS)
    assert names - modules_of_package - tested == set()


# Conversions and properties -------------------------------------------------------------------------------------------


def test_conversions_to_numpy_are_copies():
    variable = Variable(X)
    for source in (X, variable):
        copied = ops.convert_to_numpy(source)
        copied[...] = 0
    assert X[0, 0] == variable.value[0, 0] == 3
    with Tape() as tape:
        np.testing.assert_array_equal(ops.convert_to_numpy(tape.watch(X)), X)


def test_real_numbers_have_no_imaginary_parts():
    for dtype in ("int32", "float32"):
        y = ops.imag(X.astype(dtype))
        assert y.dtype == dtype
        np.testing.assert_array_equal(y, np.zeros_like(X))


def test_sparse_and_ragged_tensors_are_refused():
    for kind in ("sparse", "ragged"):
        with pytest.raises(ValueError, match=f"`{kind}=True` is not supported with numpy backend"):
            ops.convert_to_tensor(X, **{kind: True})
    for call in (lambda: ops.one_hot(np.array([1]), 3, sparse=True), lambda: ops.bincount(np.array([1]), sparse=True)):
        with pytest.raises(ValueError, match="Unsupported value `sparse=True`"):
            call()


def test_properties():
    symbol = KerasTensor((None, 3))
    assert (ops.shape(X), ops.shape(symbol), ops.shape([[1], [2]])) == ((2, 3), (None, 3), (2, 1))
    assert (ops.ndim(X), ops.ndim(symbol), ops.size(X)) == (2, 2, 6)
    assert (ops.dtype(X), ops.dtype(Variable(X)), ops.dtype(symbol), ops.dtype(1.5)) == ("float32",) * 4
    for tensor in (X, np.float32(1), Variable(X), symbol):
        assert ops.is_tensor(tensor)
    assert not ops.is_tensor([1, 2])
    assert ops.empty((2, 3)).shape == ops.empty_like(X).shape == (2, 3)
    assert ops.allclose(X, X + 1e-7)
    assert not ops.allclose(X, X + 1)


def test_unknown_dtypes():
    with pytest.raises(ValueError, match="Invalid dtype: flaot32"):
        ops.cast(X, "flaot32")


# Gradients and control flow -------------------------------------------------------------------------------------------


def test_stop_gradient():
    with Tape() as tape:
        source = tape.watch(X)
        y = ops.multiply(source, ops.stop_gradient(source))
    (gradient,) = tape.backward([y], [np.ones_like(X)], [source])
    np.testing.assert_array_equal(gradient, X)


def test_custom_gradient():
    @ops.custom_gradient
    def log1pexp(x):
        e = ops.exp(x)

        def grad(*args, upstream=None):
            if upstream is None:
                (upstream,) = args
            return ops.multiply(upstream, 1.0 - 1.0 / ops.add(1, e))

        return ops.log(1 + e), grad

    check_gradients(log1pexp, [X.astype("float64")])
    assert log1pexp(KerasTensor((None, 3))).shape == (None, 3)

    @ops.custom_gradient
    def both(x, y):
        return (x * y, x), lambda d_product, d_x: (d_product * y + d_x, d_product * x)

    check_gradients(both, [X.astype("float64"), X[:1].repeat(2, axis=0).astype("float64")])


def test_control_flow():
    check_gradients(lambda x: ops.cond(True, lambda: x * 2, lambda: x * 3), [X.astype("float64")])
    check_gradients(lambda x: ops.fori_loop(0, 3, lambda i, y: y * x + i, x), [X.astype("float64")])
    check_gradients(lambda x: ops.vectorized_map(lambda row: row * row[0], x), [X.astype("float64")])
    check_gradients(lambda x: ops.map(ops.sum, x), [X.astype("float64")])
    doubled = ops.while_loop(lambda x, n: n < 3, lambda x, n: (x * 2, n + 1), (X, 0))
    np.testing.assert_array_equal(doubled[0], 8 * X)
    assert ops.while_loop(lambda n: n < 10, lambda n: n + 1, 0, maximum_iterations=4) == 4
    np.testing.assert_array_equal(ops.vectorized_map(lambda pair: pair[0] + pair[1], [X, X]), 2 * X)


# Messages -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.pad(X, 1, mode="constat"), "Argument `mode` must be one of 'constant', 'edge'"),
        (
            lambda: ops.pad(X, 1, mode="edge", constant_values=1),
            "Argument `constant_values` can only be provided when `mode == 'constant'`. Received: mode=edge",
        ),
        (lambda: ops.glu(X), "axis size must be divisible by 2. Received: x.shape=(2, 3) with axis=-1"),
        (lambda: ops.norm(X, ord=3), "Invalid `ord` argument for matrix norm. Received: ord=3"),
        (lambda: ops.split(X, 2, axis=10), "axis 10 is out of bounds for array of dimension 2"),
        (lambda: ops.rearrange(X, "a b c -> b a c"), "The pattern must name each axis once on both sides"),
        (lambda: ops.rearrange(X, "a b -> b"), "The pattern must name each axis once on both sides"),
        (lambda: ops.rearrange(X, "(a c) b -> a b c", a=4), "The pattern must name each axis once on both sides"),
        (lambda: ops.norm(X[0], ord="fro"), "Invalid `ord` argument for vector norm. Received: ord=fro"),
        (lambda: ops.multi_hot(np.array([1])), "Argument `num_classes` must be specified."),
        (lambda: ops.cross(np.ones((4, 2)), np.ones((3, 4)), axisa=1), "`x1`'s dim on `axis=1` must be either 2 or 3"),
    ],
)
def test_messages(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


def test_indices_out_of_range():
    for call in (lambda: ops.take(X, 3, axis=1), lambda: ops.get_item(X, 5)):
        with pytest.raises(IndexError, match="out of bounds"):
            call()


def test_shapes_that_do_not_fit():
    for call in (
        lambda: ops.add(X, np.ones(4)),
        lambda: ops.matmul(X, X),
        lambda: ops.reshape(X, (4, 2)),
        lambda: ops.concatenate([X, X[:, 1:]]),
    ):
        with pytest.raises(ValueError, match=r"shape|dimension|reshape"):
            call()


# What has no like in Keras --------------------------------------------------------------------------------------------


def test_sparsemax_is_the_nearest_point_among_probabilities():
    rng = np.random.default_rng(0)
    for x in rng.normal(size=(50, 5)):
        y = ops.sparsemax(x)
        assert y.min() >= 0
        np.testing.assert_allclose(y.sum(), 1)
        for other in rng.dirichlet(np.ones(5), size=20):
            assert np.sum((x - y) ** 2) <= np.sum((x - other) ** 2)
    np.testing.assert_allclose(ops.sparsemax(np.array([0.5, 0.6, 0.1])), [1.3 / 3, 1.6 / 3, 0.1 / 3])


def test_places_of_true():
    for places in (ops.nonzero(X > 0), ops.where(X > 0)):
        np.testing.assert_array_equal(places, np.nonzero(X > 0))
        assert {indices.dtype for indices in places} == {np.dtype("int32")}


def test_averages_are_those_of_numpy():
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 3, 4)), rng.random(3)
    np.testing.assert_allclose(ops.average(x, 1, w), np.average(x, 1, w))
    np.testing.assert_allclose(ops.average(x, None, x * x), np.average(x, None, x * x))


def test_top_k_finds_the_first_of_equals():
    values, indices = ops.top_k(np.array([[1, 5, 5, 2], [7, 7, 7, 7]]), 2)
    np.testing.assert_array_equal(values, [[5, 5], [7, 7]])
    np.testing.assert_array_equal(indices, [[1, 2], [0, 1]])
    assert indices.dtype == "int32"


def test_dot_and_pad_are_those_of_numpy():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3)), rng.normal(size=(5, 3, 4))
    np.testing.assert_allclose(ops.dot(a, b), np.dot(a, b))
    for mode in ("edge", "reflect", "symmetric", "wrap"):
        np.testing.assert_array_equal(ops.pad(a, ((1, 1), (2, 1)), mode), np.pad(a, ((1, 1), (2, 1)), mode))
    np.testing.assert_array_equal(ops.pad(a, 2), np.pad(a, 2))


def test_an_unknown_size_in_reshape():
    assert ops.reshape(X, (None, 2)).shape == (3, 2)
    symbol = KerasTensor((None, 4, 6))
    assert ops.reshape(symbol, (ops.shape(symbol)[0], 24)).shape == (None, 24)


@pytest.mark.parametrize("name", ["exp", "negative", "sum", "argmax", "relu", "convert_to_tensor"])
@pytest.mark.parametrize("value", [None, {"a": 1}], ids=["None", "dict"])
def test_what_is_no_array(name, value):
    with pytest.raises(ValueError, match=f"^Invalid dtype: {type(value).__name__}"):
        getattr(ops, name)(value)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "sparsemax", "layer_normalization", "rms_normalization"])
def test_axes_may_be_numbers_of_numpy(name):
    np.testing.assert_array_equal(getattr(ops, name)(X, axis=np.int64(1)), getattr(ops, name)(X, axis=1))


def test_numbers_without_axes():
    np.testing.assert_allclose(ops.erf(ops.erfinv(np.float32(0.25))), 0.25, rtol=1e-6)


@pytest.mark.parametrize("name", ["hstack", "vstack", "dstack"])
@pytest.mark.parametrize("arrays", [[1, 2, 3], [[1.0, 2.0], [3.0, 4.0]], [X, X]], ids=["numbers", "lists", "arrays"])
def test_stacks_of_lists_are_those_of_numpy(name, arrays):
    np.testing.assert_array_equal(getattr(ops, name)(arrays), getattr(np, name)(arrays))


def test_lists_are_cut():
    np.testing.assert_array_equal(ops.array_split([1, 2, 3], 2)[0], [1, 2])
    np.testing.assert_array_equal(ops.hsplit([[1, 2, 3]], [1])[1], [[2, 3]])


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "prod", "view"])
def test_an_unknown_dtype(name):
    with pytest.raises(ValueError, match="^Invalid dtype: nix"):
        getattr(ops, name)(X, dtype="nix")


def test_quantiles_beyond_all_numbers():
    with pytest.raises(ValueError, match=r"^Quantiles must be in the range \[0, 1\]"):
        ops.percentile(X, 101)
