"""Dtype policies."""

import numpy as np
import pytest

from convlayers import Input, Sequential, config, dtype_policies, layers, mixed_precision, utils
from convlayers.dtype_policies import DTypePolicy, DTypePolicyMap

NARROW = ["float16", "bfloat16", "mixed_float16", "mixed_bfloat16"]


@pytest.fixture(autouse=True)
def default_policy(monkeypatch):
    monkeypatch.setattr(dtype_policies, "_chosen", None)
    monkeypatch.setattr(config, "_settings", dict(config._settings))


@pytest.mark.parametrize("name", ["float32", "float64", "int32", "uint8", "bool", *NARROW])
def test_a_dtype_is_a_policy_as_in_keras(keras, name):
    ours, theirs = DTypePolicy(name), keras.DTypePolicy(name)
    assert (ours.name, ours.compute_dtype, ours.variable_dtype) == (name, theirs.compute_dtype, theirs.variable_dtype)
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("name", NARROW)
def test_layers_follow_policies_of_16_bits(keras, name):
    layer, peer = layers.Dense(2, dtype=name), keras.layers.Dense(2, dtype=name)
    assert (layer.compute_dtype, layer.variable_dtype) == (peer.compute_dtype, peer.variable_dtype)
    assert layer(np.ones((1, 3), "float16")).dtype == ("float32" if "bfloat16" in name else "float16")
    assert layer.kernel.dtype == layer.variable_dtype
    assert layer.dtype_policy.name == name
    assert dtype_policies.serialize(layer.dtype_policy) == keras.dtype_policies.serialize(keras.DTypePolicy(name))


def test_a_model_of_mixed_precision_trains():
    dtype_policies.set_dtype_policy("mixed_float16")
    utils.set_random_seed(0)
    model = Sequential([Input((6, 6, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(1, dtype="float32")])
    model.compile("sgd", "mse")
    x, y = np.ones((4, 6, 6, 1)), np.ones((4, 1))
    losses = model.fit(x, y, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert model.get_config()["layers"][1]["config"]["dtype"]["config"] == {"name": "mixed_float16"}


def test_older_names():
    assert mixed_precision.Policy is DTypePolicy
    mixed_precision.set_global_policy("mixed_bfloat16")
    assert mixed_precision.global_policy().name == config.dtype_policy().name == "mixed_bfloat16"


@pytest.mark.parametrize("name", ["float31", "mixed_float8", "int8_from_float32"])
def test_unknown_names(keras, name):
    with pytest.raises(ValueError, match=f"Cannot convert '{name}' to a mixed precision DTypePolicy"):
        DTypePolicy(name)
    with pytest.raises(TypeError, match="'name' must be a string, such as 'mixed_float16'"):
        DTypePolicy(3)


def test_the_default_follows_floatx_until_it_is_set():
    assert dtype_policies.get(None).name == "float32"
    config.set_floatx("float64")
    assert dtype_policies.get(None).name == DTypePolicy().name == "float64"
    dtype_policies.set_dtype_policy("mixed_float16")
    assert dtype_policies.get(None).name == DTypePolicy().name == "mixed_float16"
    dtype_policies.set_dtype_policy(DTypePolicy("int8"))
    assert dtype_policies.dtype_policy().name == "int8"
    with pytest.raises(ValueError, match="Invalid `policy` argument"):
        dtype_policies.set_dtype_policy(3)
    assert dtype_policies.dtype_policy().name == "int8"


@pytest.mark.parametrize(
    "identifier",
    [
        "float64",
        np.dtype("float64"),
        np.float64,
        DTypePolicy("float64"),
        {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float64"}, "registered_name": None},
        {"class_name": "Policy", "config": {"name": "float64"}},
        {
            "module": "keras.src.mixed_precision.policy",
            "class_name": "Policy",
            "config": {"name": "float64"},
            "shared_object_id": 140,
        },
    ],
)
def test_get(identifier):
    assert dtype_policies.get(identifier) == DTypePolicy("float64")


@pytest.mark.parametrize("identifier", [3, [], {}, {"class_name": "Dense", "config": {"units": 3}}])
def test_get_refuses_what_is_no_dtype(identifier):
    with pytest.raises(ValueError, match=r"Cannot interpret `dtype` argument\. Expected a string or an instance of"):
        dtype_policies.get(identifier)


def test_policies_are_equal_by_name():
    assert DTypePolicy("float32") == DTypePolicy("float32") != DTypePolicy("float64")
    assert len({DTypePolicy("float32"), DTypePolicy("float32"), DTypePolicy("float64")}) == 2
    assert DTypePolicy.from_config(DTypePolicy("float64").get_config()) == DTypePolicy("float64")


# Maps -----------------------------------------------------------------------------------------------------------------


def test_a_map_finds_policies_by_path():
    policies = DTypePolicyMap("float32", {"encoder/.*": DTypePolicy("float64"), "decoder": DTypePolicy("int8")})
    policies["head/dense"] = "mixed_float16"
    names = {path: policies[path].name for path in ("encoder/conv", "decoder", "decoder/conv", "head/dense")}
    assert names == {"encoder/conv": "float64", "decoder": "int8", "decoder/conv": "float32", "head/dense": "mixed_float16"}
    assert (policies.name, policies.compute_dtype, policies.variable_dtype) == ("map_float32", "float32", "float32")
    assert "decoder" in policies and "encoder/conv" not in policies
    del policies["decoder"]
    assert (list(policies), len(policies)) == (["encoder/.*", "head/dense"], 2)


def test_a_map_is_written_as_in_keras(keras):
    ours = DTypePolicyMap(policy_map={"a": DTypePolicy("float64")})
    theirs = keras.dtype_policies.DTypePolicyMap(policy_map={"a": keras.DTypePolicy("float64")})
    encoding = dtype_policies.serialize(ours)
    assert encoding["class_name"] == keras.dtype_policies.serialize(theirs)["class_name"]
    assert encoding["config"].keys() == keras.dtype_policies.serialize(theirs)["config"].keys()
    assert dtype_policies.deserialize(encoding)["a"].name == "float64"
    assert repr(ours).endswith("default_policy=float32, mapping=[('a', 'float64')]>")


def test_mistakes_in_maps():
    with pytest.raises(ValueError, match="^`default_policy` cannot be a `DTypePolicyMap`"):
        DTypePolicyMap(DTypePolicyMap())
    with pytest.raises(TypeError, match="^If specified, `policy_map` must be a dict. Received: policy_map=3"):
        DTypePolicyMap(policy_map=3)
    policies = DTypePolicyMap(policy_map={"a.*": DTypePolicy("float64"), ".*b": DTypePolicy("float32")})
    with pytest.raises(ValueError, match="^Path 'ab' matches multiple dtype policy specification keys"):
        policies["ab"]
    with pytest.raises(ValueError, match=r"^a\.\* already exist in the DTypePolicyMap"):
        policies["a.*"] = "float32"
    with pytest.raises(ValueError, match="^Cannot interpret the assigned value by `keras.dtype_policies.get`"):
        policies["c"] = 3
