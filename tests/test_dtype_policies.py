"""Dtype policies."""

import numpy as np
import pytest

from convlayers import config, dtype_policies
from convlayers.dtype_policies import DTypePolicy


@pytest.fixture(autouse=True)
def default_policy(monkeypatch):
    monkeypatch.setattr(dtype_policies, "_chosen", None)
    monkeypatch.setattr(config, "_settings", dict(config._settings))


@pytest.mark.parametrize("name", ["float32", "float64", "int32", "uint8", "bool"])
def test_a_dtype_is_a_policy_as_in_keras(keras, name):
    ours, theirs = DTypePolicy(name), keras.DTypePolicy(name)
    assert (ours.name, ours.compute_dtype, ours.variable_dtype) == (name, theirs.compute_dtype, theirs.variable_dtype)
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("name", ["float16", "bfloat16", "mixed_float16", "mixed_bfloat16"])
def test_narrow_types_keep_their_name_and_compute_in_float32(keras, name):
    policy = DTypePolicy(name)
    assert (policy.compute_dtype, policy.variable_dtype) == ("float32", "float32")
    assert dtype_policies.serialize(policy) == keras.dtype_policies.serialize(keras.DTypePolicy(name))


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


def test_get_refuses_what_is_no_dtype():
    with pytest.raises(ValueError, match=r"Cannot interpret `dtype` argument\. Expected a string or an instance of"):
        dtype_policies.get(3)


def test_policies_are_equal_by_name():
    assert DTypePolicy("float32") == DTypePolicy("float32") != DTypePolicy("float64")
    assert len({DTypePolicy("float32"), DTypePolicy("float32"), DTypePolicy("float64")}) == 2
    assert DTypePolicy.from_config(DTypePolicy("float64").get_config()) == DTypePolicy("float64")
