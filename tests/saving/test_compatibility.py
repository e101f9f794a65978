"""Arguments that older versions of Keras don't know are written only where they say something."""

import json
import zipfile

import numpy as np
import pytest

import convlayers as k
from convlayers.saving.compatibility import for_all_versions
from tests.saving import zoo


def encoding(module, **config):
    return {"module": module, "class_name": "Any", "config": config, "registered_name": None}


def test_arguments_that_say_nothing_are_left_out():
    initializer = encoding("keras.initializers", seed=None, input_axes=None)
    layer = encoding("keras.layers", units=3, quantization_config=None, kernel_initializer=initializer)
    older = encoding("keras.layers", units=3, kernel_initializer=encoding("keras.initializers", seed=None))
    assert for_all_versions([{"layer": layer}]) == [{"layer": older}]


@pytest.mark.parametrize(
    "encoded",
    [
        encoding("keras.layers", renorm=True, renorm_momentum=0.5, quantization_config={"mode": "int8"}, optional=True),
        encoding("keras.initializers", input_axes=[0]),
        encoding("keras.losses", ignore_class=None),  # which losses always had
    ],
)
def test_arguments_that_say_something_stay(encoded):
    assert for_all_versions(encoded) == encoded


def test_arguments_of_one_class():
    """`fill_mode` of other layers was there before, with other values by default."""
    resizing = {**encoding("keras.layers", height=3, antialias=False, fill_mode="constant"), "class_name": "Resizing"}
    rotation = {**encoding("keras.layers", fill_mode="constant"), "class_name": "RandomRotation"}
    assert for_all_versions(resizing)["config"] == {"height": 3}
    assert for_all_versions(rotation) == rotation
    resizing["config"]["fill_mode"] = "reflect"
    assert for_all_versions(resizing)["config"] == {"height": 3, "fill_mode": "reflect"}


@pytest.mark.parametrize("module", [None, "my.layers", "kerastuner.layers"])
def test_classes_of_others_stay_as_they_are(module):
    encoded = encoding(module, optional=False, renorm=False, input_axes=None)
    assert for_all_versions(encoded) == encoded


def test_no_such_arguments_are_written(tmp_path):
    for make in zoo.MODELS:
        make(k).save(tmp_path / "model.keras")
        with zipfile.ZipFile(tmp_path / "model.keras") as archive:
            text = archive.read("config.json").decode()
        for name in ("input_axes", "output_axes", "quantization_config", "renorm", '"optional"'):
            assert name not in text


def test_keras_finds_the_defaults_again(keras, tmp_path):
    """What was left out is what Keras's own defaults are."""
    layers = [k.Input((4,)), k.layers.Dense(3), k.layers.BatchNormalization()]
    k.Sequential(layers).save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    again.save(tmp_path / "again.keras")
    with zipfile.ZipFile(tmp_path / "again.keras") as archive:
        config = json.loads(archive.read("config.json"))
    _, dense, normalization = (layer["config"] for layer in config["config"]["layers"])
    assert dense["quantization_config"] is None
    assert dense["kernel_initializer"]["config"]["input_axes"] is None
    assert (normalization["renorm"], normalization["renorm_momentum"]) == (False, 0.99)
    np.testing.assert_array_equal(again.layers[0].kernel.numpy(), layers[1].kernel.numpy())
