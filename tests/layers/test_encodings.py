"""Layers as configs of their class, and back: `layers.serialize` and `layers.deserialize`."""

import json

import numpy as np
import pytest

from convlayers import layers


def test_a_layer_comes_back():
    layer = layers.Conv2D(3, 5, activation="relu", name="mine")
    config = layers.serialize(layer)
    copy = layers.deserialize(json.loads(json.dumps(config)))
    assert type(copy) is layers.Conv2D
    assert copy.get_config() == layer.get_config()


def test_they_are_those_of_keras(keras):
    theirs, ours = (library.serialize(library.Dense(3, name="mine")) for library in (keras.layers, layers))
    assert ours.keys() == theirs.keys()
    assert layers.deserialize(theirs).get_config() == layers.Dense(3, name="mine").get_config()
    assert keras.layers.deserialize(ours).units == 3


def test_classes_of_users():
    class Twice(layers.Layer):
        def call(self, inputs):
            return 2 * inputs

    layer = layers.deserialize(layers.serialize(Twice()), {"Twice": Twice})
    np.testing.assert_array_equal(layer(np.ones(3)), [2, 2, 2])


@pytest.mark.parametrize("config", [3, "relu", {"module": "keras.optimizers", "class_name": "Adam", "config": {}}], ids=str)
def test_what_is_no_layer(config, keras):
    from convlayers import optimizers

    assert optimizers.Adam  # is known
    for library in (keras.layers, layers):
        with pytest.raises(
            ValueError, match="`keras.layers.deserialize` was passed a `config` object that is not a `keras.layer"
        ):
            library.deserialize(config)
