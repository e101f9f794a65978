"""The forms of files for different versions of Keras, as they stand in the file, and what is read from them."""

import json
import pickle
import zipfile

import h5py
import numpy as np
import pytest

import convlayers as k
from convlayers import layers
from convlayers.saving.formats import as_read_by_its_writer
from tests.saving import zoo

every_format = pytest.mark.parametrize("format", ["keras3", "keras3.0", "keras3.11", "convlayers"])


def read(path, name="config.json"):
    """Returns what is in a file as data, whatever its kind."""
    if str(path).endswith(".h5"):
        with h5py.File(path) as file:
            return json.loads(file.attrs["model_config"])
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(name))


def write(path, encoding, keras_version):
    """Writes an archive without weights."""
    k.Sequential([k.Input((1,)), layers.ReLU()]).save(path)
    with zipfile.ZipFile(path) as archive:
        weights = archive.read("model.weights.h5")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": keras_version}))
        archive.writestr("config.json", json.dumps(encoding))
        archive.writestr("model.weights.h5", weights)


def ends(config):
    return config["input_layers"], config["output_layers"]


def single():
    x = k.Input((4, 4), name="x")
    return k.Model(x, layers.ReLU(name="y")(x), name="single")


def in_lists():
    x = k.Input((4, 4), name="x")
    return k.Model([x], [layers.ReLU(name="y")(x)])


def nested():
    x = k.Input((4, 4), name="z")
    return k.Model(x, layers.Flatten(name="flat")(single()(x)))


ALONE = ["x", 0, 0], ["y", 0, 0]
LISTED = [["x", 0, 0]], [["y", 0, 0]]


# What is written --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize(
    "arguments, expected", [({}, LISTED), ({"format": "keras3"}, LISTED), ({"format": "keras3.11"}, ALONE)]
)
def test_single_inputs_and_outputs(tmp_path, ending, arguments, expected):
    single().save(tmp_path / f"model.{ending}", **arguments)
    assert ends(read(tmp_path / f"model.{ending}")["config"]) == expected


def test_those_of_models_in_the_graph(tmp_path):
    nested().save(tmp_path / "model.keras")
    config = read(tmp_path / "model.keras")["config"]
    assert ends(config) == ([["z", 0, 0]], [["flat", 0, 0]])
    assert ends(config["layers"][1]["config"]) == LISTED


def test_those_of_a_model_in_another_layer_stay_alone(tmp_path):
    """Keras 3.0, 3.4, 3.11 and later hand the list itself to the next layer."""
    x = k.Input((5, 4, 4), name="z")
    k.Model(x, layers.TimeDistributed(single())(x), name="graph").save(tmp_path / "graph.keras")
    config = read(tmp_path / "graph.keras")["config"]
    assert ends(config["layers"][1]["config"]["layer"]["config"]) == ALONE
    assert ends(config)[0] == ["z", 0, 0]
    with pytest.raises(ValueError, match=r"^Keras 3.0 to 3.3 read no functional model .* Received: 'single'"):
        k.Model(x, layers.TimeDistributed(single())(x)).save(tmp_path / "model.keras", format="keras3.0")
    assert not (tmp_path / "model.keras").exists()


def test_a_model_at_the_end_is_called_as_all_versions_count(tmp_path):
    """Its own making is its first call among outputs, but not in Keras 3.0. The call before the first is the last one."""
    x, inner = k.Input((4, 4), name="z"), single()
    one, two = k.Model(x, inner(x)), k.Model(x, [inner(x), inner(layers.ReLU()(x))])
    for model, expected in ((one, [["single", 0, 0]]), (two, [["single", 1, 0], ["single", 2, 0]])):
        model.save(tmp_path / "model.keras")
        assert ends(read(tmp_path / "model.keras")["config"])[1] == expected
        again = k.models.load_model(tmp_path / "model.keras")
        assert ends(again.get_config()) == ends(model.get_config())


def test_several_stay_as_they_are(tmp_path):
    for make in (zoo.branches, zoo.dicts):
        model = make(k)
        model.save(tmp_path / "model.keras")
        assert ends(read(tmp_path / "model.keras")["config"]) == ends(model.get_config())


@pytest.mark.parametrize(
    "format, version",
    [(None, "3.10.0"), ("keras3.0", "3.10.0"), ("keras3.11", "3.15.1"), ("convlayers", "3.15.1"), ("keras2", "2.15.0")],
)
def test_the_version(tmp_path, format, version):
    for path in (tmp_path / "model.keras", tmp_path / "model.h5"):
        single().save(path, format=format)
    assert read(tmp_path / "model.keras", "metadata.json")["keras_version"] == version
    with h5py.File(tmp_path / "model.h5") as file:
        assert file.attrs["keras_version"] == version


def test_ops_have_no_names_that_they_can_do_without(tmp_path):
    x = k.Input((4, 4), name="x")
    y = k.ops.mean(k.ops.concatenate([x, layers.Concatenate()([x, x])], axis=-1), axis=1)
    model = k.Model(x, y)
    model.save(tmp_path / "model.keras")
    entries = {entry["class_name"]: entry for entry in read(tmp_path / "model.keras")["config"]["layers"][-2:]}
    assert "name" in entries["Concatenate"]["config"]  # A name by the class might be that of the layer.
    assert "name" not in entries["Mean"]["config"]
    again = k.models.load_model(tmp_path / "model.keras")
    assert [operation.name for operation in again.operations] == [operation.name for operation in model.operations]
    model.save(tmp_path / "model.keras", format="keras3.11")
    assert read(tmp_path / "model.keras")["config"]["layers"][-1]["config"]["name"] == model.operations[-1].name


def test_ops_have_the_data_format_that_they_had(tmp_path):
    """Keras's op takes None for "channels_first" on PyTorch. Arguments that it does not have are written only when used."""
    x = k.Input((4, 4, 1))
    k.Model(x, k.ops.max_pool(x, 2)).save(tmp_path / "model.keras")
    assert read(tmp_path / "model.keras")["config"]["layers"][-1]["config"] == {
        "pool_size": 2,
        "strides": None,
        "padding": "valid",
        "data_format": "channels_last",
    }


@pytest.mark.parametrize("format", ["keras1", "keras3.1", 3])
def test_a_format_that_there_is_not(tmp_path, format):
    with pytest.raises(
        ValueError, match="Expected: one of .*'keras3', 'keras3.0', 'keras3.11', 'keras2', 'convlayers'.*Received: format="
    ):
        single().save(tmp_path / "model.keras", format=format)
    assert not list(tmp_path.iterdir())


# What is read -----------------------------------------------------------------------------------------------------------


@every_format
@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("make", [single, nested])
def test_a_model_is_read_as_it_was(tmp_path, make, ending, format):
    model, x = make(), np.random.default_rng(0).normal(size=(2, 4, 4)).astype("float32")
    model.save(tmp_path / f"model.{ending}", format=format)
    again = k.models.load_model(tmp_path / f"model.{ending}")
    assert ends(again.get_config()) == ends(model.get_config())
    assert again.output.shape == model.output.shape and again.input.shape == model.input.shape
    stack = k.Sequential([again, layers.Flatten()])
    np.testing.assert_array_equal(stack.predict(x, verbose=0), model.predict(x, verbose=0).reshape(2, 16))
    assert k.Model(again.input, again.output).output.shape == model.output.shape


@pytest.mark.parametrize("format, is_list", [("keras3", False), ("keras3.11", True), ("convlayers", True)])
def test_lists_of_one(tmp_path, format, is_list):
    """Files of Keras before 3.11 do not tell a list of one from what is in it, and neither do those in its form."""
    in_lists().save(tmp_path / "model.keras", format=format)
    again = k.models.load_model(tmp_path / "model.keras")
    assert isinstance(again.output, list) == is_list == isinstance(again.input, list)
    assert again.predict(np.ones((2, 4, 4), "float32"), verbose=0).shape == (2, 4, 4)


@pytest.mark.parametrize(
    "version, is_list", [("3.0.5", False), ("3.8.0", False), ("3.10.0", False), ("3.11.0", True), ("3.16", True)]
)
def test_lists_of_one_in_files_of_keras(tmp_path, version, is_list):
    write(tmp_path / "model.keras", k.saving.serialize_keras_object(in_lists()), version)
    model = k.models.load_model(tmp_path / "model.keras")
    assert isinstance(model.output, list) == is_list


def test_only_ends_of_graphs_are_unwrapped():
    config = {"layers": 3, "input_layers": [["x", 0, 0]], "output_layers": [["y", 0, 0]]}
    custom = {"class_name": "Mine", "config": config}
    assert as_read_by_its_writer(custom, [custom], "3.8.0") == custom


# Files that go back -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("version, form", [("3.8.0", LISTED), ("3.11.0", ALONE), ("3.15.1", ALONE)])
def test_a_model_goes_back_in_the_form_it_came_in(tmp_path, ending, version, form):
    encoding = k.saving.serialize_keras_object(single())
    encoding["config"].update(dict(zip(("input_layers", "output_layers"), form, strict=True)))
    write(tmp_path / "model.keras", encoding, version)
    model = k.models.load_model(tmp_path / "model.keras")
    model.save(tmp_path / f"again.{ending}")
    assert ends(read(tmp_path / f"again.{ending}")["config"]) == form
    model.save(tmp_path / f"again.{ending}", format="keras3")
    assert ends(read(tmp_path / f"again.{ending}")["config"]) == LISTED


def test_a_new_model_made_of_it_does_not(tmp_path):
    single().save(tmp_path / "model.keras", format="keras3.11")
    model = k.models.load_model(tmp_path / "model.keras")
    x = k.Input((4, 4), name="x")
    for new in (
        k.Model(x, layers.ReLU(name="y")(model(x))),
        k.models.clone_model(model),
        k.Model.from_config(model.get_config()),
    ):
        new.save(tmp_path / "new.keras")
        assert ends(read(tmp_path / "new.keras")["config"]) == LISTED
    assert pickle.loads(pickle.dumps(model)).get_config() == model.get_config() == single().get_config()
