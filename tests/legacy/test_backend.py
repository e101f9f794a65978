"""`keras.backend` of Keras 1 and 2: what TensorFlow 2.15's gave for the same calls, said with NumPy."""

import types

import numpy as np
import pytest

from convlayers import Input, Variable, config
from convlayers.legacy.backend import ADDED
from convlayers.legacy.old_spelling import OldSpelling

K = types.SimpleNamespace(**ADDED)
RANDOM = np.random.RandomState(0)
X = RANDOM.normal(size=(2, 4, 6, 3)).astype("float32")
M = RANDOM.rand(3, 5).astype("float32")
P = M / M.sum(axis=1, keepdims=True)
T = np.eye(5, dtype="float32")[[0, 3, 2]]

CALLS = {
    "mean": (lambda: K.mean(X, axis=-1), X.mean(axis=-1)),
    "sum": (lambda: K.sum(X, axis=[1, 2], keepdims=True), X.sum(axis=(1, 2), keepdims=True)),
    "std": (lambda: K.std(X, axis=0), X.std(axis=0)),
    "clip": (lambda: K.clip(X, min_value=-1, max_value=1), X.clip(-1, 1)),
    "pow": (lambda: K.pow(M, a=2.0), M**2),
    "argmax": (lambda: K.argmax(M), M.argmax(axis=-1)),
    "argmin": (lambda: K.argmin(M, axis=0), M.argmin(axis=0)),
    "batch_dot": (lambda: K.batch_dot(X[..., 0], X[..., 1], axes=[2, 2]), X[..., 0] @ X[..., 1].swapaxes(1, 2)),
    "batch_dot of matrices": (lambda: K.batch_dot(X[..., 0], X[..., 1].swapaxes(1, 2)), X[..., 0] @ X[..., 1].swapaxes(1, 2)),
    "batch_dot of vectors": (lambda: K.batch_dot(M, P), (M * P).sum(axis=1, keepdims=True)),
    "flatten": (lambda: K.flatten(X), X.ravel()),
    "batch_flatten": (lambda: K.batch_flatten(X), X.reshape(2, -1)),
    "permute_dimensions": (lambda: K.permute_dimensions(X, (0, 3, 1, 2)), X.transpose(0, 3, 1, 2)),
    "expand_dims": (lambda: K.expand_dims(M), M[..., None]),
    "concatenate": (lambda: K.concatenate([M, M]), np.concatenate([M, M], -1)),
    "repeat": (lambda: K.repeat(M, 3), np.repeat(M[:, None], 3, axis=1)),
    "repeat_elements": (lambda: K.repeat_elements(M, 2, 1), np.repeat(M, 2, axis=1)),
    "reverse": (lambda: K.reverse(M, 1), M[:, ::-1]),
    "dot": (lambda: K.dot(X, np.ones((3, 2), "float32")), X @ np.ones((3, 2))),
    "gather": (lambda: K.gather(M, [0, 2]), M[[0, 2]]),
    "relu": (lambda: K.relu(X, alpha=0.2, max_value=1.0), np.where(X > 0, np.minimum(X, 1), 0.2 * X)),
    "relu from a threshold": (lambda: K.relu(X, threshold=0.5), np.where(X > 0.5, X, 0)),
    "relu below it": (lambda: K.relu(X, alpha=0.5, threshold=0.5), np.where(X > 0.5, X, 0.5 * (X - 0.5))),
    "hard_sigmoid": (lambda: K.hard_sigmoid(X), np.clip(0.2 * X + 0.5, 0, 1)),
    "l2_normalize": (lambda: K.l2_normalize(M, axis=1), M / np.linalg.norm(M, axis=1, keepdims=True)),
    "categorical_crossentropy": (lambda: K.categorical_crossentropy(T, P), -np.log(P[T == 1])),
    "sparse": (lambda: K.sparse_categorical_crossentropy(np.array([0, 3, 2]), P), -np.log(P[range(3), [0, 3, 2]])),
    "binary_crossentropy": (lambda: K.binary_crossentropy(T, P), -np.log(np.where(T == 1, P, 1 - P))),
    "pool2d": (lambda: K.pool2d(X, (2, 2), strides=(2, 2)), X.reshape(2, 2, 2, 3, 2, 3).max(axis=(2, 4))),
    "average": (lambda: K.pool2d(X, (2, 2), (2, 2), pool_mode="avg"), X.reshape(2, 2, 2, 3, 2, 3).mean(axis=(2, 4))),
    "conv2d": (lambda: K.conv2d(X, np.ones((1, 1, 3, 1), "float32")), X.sum(axis=-1, keepdims=True)),
    "resize_images": (lambda: K.resize_images(X, 2, 3, "channels_last"), X.repeat(2, axis=1).repeat(3, axis=2)),
    "padding": (lambda: K.spatial_2d_padding(X, ((1, 2), (0, 1))), np.pad(X, ((0, 0), (1, 2), (0, 1), (0, 0)))),
    "switch": (lambda: K.switch(M > 0.5, M, -M), np.where(M > 0.5, M, -M)),
    "switch of functions": (lambda: K.switch(np.array(False), lambda: M, lambda: -M), -M),
    "bias_add": (lambda: K.bias_add(X, np.arange(3.0)), X + np.arange(3)),
    "channels first": (lambda: K.bias_add(X, np.arange(4.0), "channels_first"), X + np.arange(4).reshape(4, 1, 1)),
    "in_top_k": (lambda: K.in_top_k(P, np.array([0, 3, 2]), 5), np.full(3, True)),
    "one_hot": (lambda: K.one_hot([0, 2], 4), np.eye(4)[[0, 2]]),
    "cast_to_floatx": (lambda: K.cast_to_floatx([1, 2]), np.array([1.0, 2.0], "float32")),
    "variable": (lambda: K.get_value(K.update_add(K.variable(M), M)), 2 * M),
    "eval": (lambda: K.eval(K.variable(M) * 2), 2 * M),
}


@pytest.mark.filterwarnings("ignore::convlayers.legacy.old_spelling.OldSpelling")
@pytest.mark.parametrize("name", CALLS)
def test_calls(name):
    call, expected = CALLS[name]
    received = call()
    assert received.shape == expected.shape
    np.testing.assert_allclose(received, expected, rtol=2e-5, atol=1e-6)


def test_names_that_are_in_ops_today_warn_once():
    with pytest.warns(OldSpelling) as warned:
        K.mean(M)
        K.mean(M)
        K.permute_dimensions(M, (1, 0))
    assert [str(warning.message).split("Today, ")[1] for warning in warned] == [
        "write `keras.ops.mean`.",
        "write `keras.ops.transpose`.",
    ]


def test_shapes():
    assert K.int_shape(Input((3, None))) == (None, 3, None)
    assert K.count_params(Variable(M)) == 15
    assert K.batch_flatten(Input((3, 4))).shape == (None, 12)


def test_settings():
    with pytest.warns(OldSpelling):
        assert K.image_dim_ordering() == "tf"
        try:
            K.set_image_dim_ordering("th")
            assert config.image_data_format() == "channels_first"
            assert K.image_dim_ordering() == "th"
        finally:
            config.set_image_data_format("channels_last")
        with pytest.raises(ValueError, match="Unknown dim_ordering: default"):
            K.set_image_dim_ordering("default")
        assert K.learning_phase() == 0
        K.set_learning_phase(1)


@pytest.mark.parametrize("name", ["get_session", "rnn"])
def test_what_there_are_no_graphs_for(name):
    with pytest.raises(NotImplementedError, match=f"`keras.backend.{name}` is for graphs of TensorFlow 1"):
        getattr(K, name)([], [])


def test_values():
    variable = K.variable(M)
    K.set_value(variable, M + 1)
    K.batch_set_value([(variable, M + 2)])
    np.testing.assert_allclose(K.batch_get_value([variable])[0], M + 2)
    assert K.get_value(3) == 3


def test_products_of_batches_with_more_axes():
    batch_dot, random = ADDED["batch_dot"], np.random.RandomState(0)
    weights, vectors, units = random.rand(2, 3, 5), random.rand(2, 3, 5, 4), random.rand(2, 3, 4)
    np.testing.assert_allclose(batch_dot(weights, vectors, [2, 2]), np.einsum("bni,bnid->bnd", weights, vectors))
    np.testing.assert_allclose(batch_dot(units, vectors, [2, 3]), np.einsum("bnd,bnid->bni", units, vectors))
    np.testing.assert_allclose(batch_dot(vectors, units, [3, 2]), np.einsum("bnd,bnid->bni", units, vectors))
    other = random.rand(2, 3, 6, 4)
    expected = np.einsum("bnid,bnjd->bnij", vectors, other)
    np.testing.assert_allclose(batch_dot(vectors, other, 3), expected)
    np.testing.assert_allclose(batch_dot(vectors, other, [3, -1]), expected)
    np.testing.assert_allclose(batch_dot(vectors, np.swapaxes(other, 2, 3)), expected)
