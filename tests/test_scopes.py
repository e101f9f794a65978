"""Blocks of code of which something is said."""

import pytest

import convlayers
from convlayers import layers


def test_names_in_front_of_paths_are_those_of_keras(keras):
    paths = []
    for package in (convlayers, keras):
        with package.name_scope("network"), package.name_scope("head"):
            layer = package.layers.Dense(2, name="dense")
            layer.build((None, 3))
        paths.append([weight.path for weight in layer.weights])
    assert paths[0] == paths[1] == ["network/head/dense/kernel", "network/head/dense/bias"]


def test_a_name_is_gone_after_its_block_even_by_an_error():
    with pytest.raises(KeyError), convlayers.name_scope("head"):
        raise KeyError
    layer = layers.Dense(2, name="dense")
    layer.build((None, 3))
    assert layer.kernel.path == "dense/kernel"


@pytest.mark.parametrize("name", ["a/b", 3])
def test_a_name_is_a_string_without_slashes(name):
    with pytest.raises(ValueError, match=f"must be a string and cannot contain character `/`. Received: name={name}"):
        convlayers.name_scope(name)


def test_a_device_has_no_effect_and_is_named_by_a_string():
    with convlayers.device("gpu:0"):
        assert layers.Dense(2)(((1.0, 2.0, 3.0),)).shape == (1, 2)
    message = "Invalid value for argument `device_name`. Expected a string like 'gpu:0' or 'cpu:0'"
    with pytest.raises(ValueError, match=message), convlayers.device(0):
        pass
