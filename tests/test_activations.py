"""Activation functions by name, with arguments, and in files."""

import numpy as np
import pytest

from convlayers import activations
from convlayers.registry import CustomObjectScope, register_keras_serializable
from tests.ops.gradients import check_gradients

X = np.linspace(-4.05, 8, 41)
NAMES = [
    "celu",
    "elu",
    "exponential",
    "gelu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
]


@pytest.mark.parametrize("name", NAMES)
def test_by_name_as_keras(name, keras):
    x = X.astype("float32")
    y = activations.get(name)(x)
    expected = keras.ops.convert_to_numpy(keras.activations.get(name)(x))
    np.testing.assert_allclose(y, expected, rtol=2e-5, atol=1e-6)
    assert y.dtype == "float32"
    check_gradients(activations.get(name), [X], tolerance=1e-6)


def test_every_activation_of_keras_is_here(keras):
    names = set(keras.activations.ALL_OBJECTS_DICT) if hasattr(keras.activations, "ALL_OBJECTS_DICT") else set()
    names |= {name for name in dir(keras.activations) if not name.startswith("_")} - {"get", "serialize", "deserialize"}
    for name in names:
        assert activations.serialize(activations.get(name)) in (name, "silu", "hard_silu")


@pytest.mark.parametrize("negative_slope", [0.0, 0.1])
@pytest.mark.parametrize("max_value", [None, 6, 2.5])
@pytest.mark.parametrize("threshold", [0.0, 1.0, -1.0])
def test_relu_with_arguments(negative_slope, max_value, threshold, keras):
    arguments = {"negative_slope": negative_slope, "max_value": max_value, "threshold": threshold}
    x = X.astype("float32")
    expected = keras.ops.convert_to_numpy(keras.activations.relu(x, **arguments))
    np.testing.assert_allclose(activations.relu(x, **arguments), expected, rtol=1e-5, atol=1e-6)
    check_gradients(lambda x: activations.relu(x, **arguments), [X])


def test_other_arguments(keras):
    x = X[:40].astype("float32")
    for call in (
        lambda a: a.gelu(x, approximate=True),
        lambda a: a.leaky_relu(x, negative_slope=0.4),
        lambda a: a.elu(x, alpha=0.5),
        lambda a: a.celu(x, alpha=0.5),
        lambda a: a.threshold(x, 1.0, -3.0),
        lambda a: a.soft_shrink(x, threshold=0.2),
        lambda a: a.hard_shrink(x, threshold=0.2),
        lambda a: a.squareplus(x, b=1),
        lambda a: a.glu(x),
        lambda a: a.softmax(x.reshape(4, 10), axis=0),
        lambda a: a.log_softmax(x.reshape(4, 10), axis=0),
    ):
        expected = keras.ops.convert_to_numpy(call(keras.activations))
        np.testing.assert_allclose(call(activations), expected, rtol=1e-5, atol=1e-6)


def test_get():
    assert activations.get(None) is activations.linear
    assert activations.get("relu") is activations.relu
    assert activations.get("swish") is activations.get("silu")
    assert activations.get(np.tanh) is np.tanh
    assert activations.linear(X) is X
    old = {"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"}
    assert activations.get(old) is activations.relu


@pytest.mark.parametrize("unknown", ["rellu", 3, {"class_name": "function", "config": "rellu"}])
def test_unknown(unknown):
    with pytest.raises(ValueError, match="Could not interpret activation function identifier: ") as error:
        activations.get(unknown)
    assert str(error.value).split("\n")[0] == f"Could not interpret activation function identifier: {unknown}"


def test_unknown_names_are_told_the_nearest():
    with pytest.raises(ValueError, match=r"Did you mean 'relu'\?"):
        activations.get("rellu")


def test_serialization():
    for name in NAMES:
        config = activations.serialize(activations.get(name))
        assert isinstance(config, str)
        assert activations.deserialize(config) is activations.get(name)
    assert activations.serialize(activations.get("swish")) == "silu"


def test_activations_of_users():
    def shifted(x):
        return x + 1

    assert activations.deserialize("shifted", custom_objects={"shifted": shifted}) is shifted
    with CustomObjectScope({"shifted": shifted}):
        assert activations.get("shifted") is shifted

    @register_keras_serializable("tests")
    def doubled(x):
        return 2 * x

    config = activations.serialize(doubled)
    assert config["config"] == "tests>doubled"
    assert activations.deserialize(config) is doubled
    with pytest.warns(UserWarning, match="It has no name to write to a file, and code is never written"):
        assert activations.serialize(lambda x: x) == {"class_name": "__lambda__", "config": {}}
