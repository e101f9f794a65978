"""Arguments that older versions of Keras don't know are written only where they say something."""

import json
import zipfile

import numpy as np
import pytest

import convlayers as k
from convlayers.saving.compatibility import for_all_versions
from convlayers.saving.encodings import make_object
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


@pytest.mark.parametrize(
    ("class_name", "newer"),
    [
        ("RandomBrightness", {"data_format": "channels_last"}),
        ("RandomContrast", {"data_format": "channels_last", "value_range": [0, 255]}),
        ("RandomFlip", {"data_format": "channels_last"}),
        ("ZeroPadding1D", {"data_format": "channels_last"}),
    ],
)
def test_arguments_that_keras_3_0_refuses(class_name, newer):
    layer = {**encoding("keras.layers", name="a", **newer), "class_name": class_name}
    assert for_all_versions(layer)["config"] == {"name": "a"}


def test_initializers_have_the_names_that_all_versions_know(tmp_path):
    orthogonal = k.layers.Dense(3, kernel_initializer=k.initializers.Orthogonal(0.5))
    model = k.Sequential([k.Input((3,)), orthogonal, k.layers.Dense(3, kernel_initializer="identity")])
    for format, names in (
        ("keras3", ["OrthogonalInitializer", "IdentityInitializer"]),
        ("keras3.11", ["Orthogonal", "Identity"]),
    ):
        model.save(tmp_path / "model.keras", format=format)
        with zipfile.ZipFile(tmp_path / "model.keras") as archive:
            entries = json.loads(archive.read("config.json"))["config"]["layers"][1:]
        assert [entry["config"]["kernel_initializer"]["class_name"] for entry in entries] == names
        first = k.models.load_model(tmp_path / "model.keras").layers[0]
        assert first.kernel_initializer.get_config() == model.layers[0].kernel_initializer.get_config()


def test_an_argument_of_keras_3_0_that_nothing_depends_on():
    config = {"factor": 0.1, "value_range": [0, 255]}
    entry = {"module": "keras.layers", "class_name": "RandomRotation", "config": config, "registered_name": None}
    assert isinstance(make_object(entry, is_older=False), k.layers.RandomRotation)
    with pytest.raises(TypeError, match="value_range"):
        make_object({**entry, "class_name": "RandomTranslation"}, is_older=False)


@pytest.mark.parametrize("class_name, arguments", [("Dense", {"units": 2}), ("Conv2D", {"filters": 2, "kernel_size": 1})])
def test_layers_that_were_trained_by_lora(class_name, arguments):
    """Files have the sum as their kernel."""
    config = {"name": "a", **arguments, "lora_rank": 2, "lora_alpha": 2}
    entry = {"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": None}
    with pytest.warns(UserWarning, match="Layer 'a' has been trained by LoRA, which is not part of convlayers"):
        assert make_object(entry, is_older=False).name == "a"


def test_a_model_that_keras_trained_by_lora(keras, tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="adapted")])
    model.layers[0].enable_lora(1)
    model.compile("sgd", "mse")
    model.train_on_batch(np.ones((2, 3)), np.ones((2, 2)))
    model.save(tmp_path / "model.keras")
    with pytest.warns(UserWarning) as warned:
        restored = k.models.load_model(tmp_path / "model.keras")
    assert any("Layer 'adapted' has been trained by LoRA" in str(warning.message) for warning in warned)
    x = np.ones((1, 3), "float32")
    np.testing.assert_allclose(restored(x), keras.ops.convert_to_numpy(model(x)), rtol=1e-6)


def test_training_is_written_only_where_the_user_said_so(tmp_path):
    """Keras until 3.15 writes the default too, which Keras 3.16 takes for what the user said: images change in predictions."""
    x = k.Input((8, 8, 3))
    y = k.layers.Dropout(0.5, name="usual")(k.layers.RandomFlip(name="images")(x))
    y = k.layers.BatchNormalization(name="frozen")(k.layers.Dropout(0.5, name="always")(y, training=True), training=False)
    model = k.Model(x, y)
    written = {"images": {}, "usual": {}, "always": {"training": True}, "frozen": {"training": False}}
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        entries = json.loads(archive.read("config.json"))["config"]["layers"][1:]
    found = {entry["name"]: entry["inbound_nodes"][0]["kwargs"] for entry in entries}
    assert {name: {key: found[name][key] for key in found[name] if key == "training"} for name in found} == written
    assert k.models.load_model(tmp_path / "model.keras").to_json() == model.to_json()
