"""Which layers of a file may be one: those of the same name and settings, in several models."""

import h5py
import numpy as np
import pytest

import convlayers as k
from convlayers import layers
from convlayers.saving.shared_layers import names_of_copies, with_shared_layers


def branches(other_units=2):
    x = k.Input((4,))
    first, second = (
        k.Sequential([k.Input((4,)), layers.Dense(units, name="same"), layers.ReLU(name="relu")], name=name)
        for name, units in (("first", 2), ("second", other_units))
    )
    return k.Model(x, [first(x), second(x), layers.Dense(2, name="last")(x)])


def numbers_in(encoding):
    first, second, last = (entry for entry in encoding["config"]["layers"] if entry["class_name"] != "InputLayer")
    inner = [entry.get("shared_object_id") for model in (first, second) for entry in model["config"]["layers"]]
    return inner, [entry.get("shared_object_id") for entry in (first, second, last)]


def test_what_has_the_name_and_the_same_settings_gets_a_number():
    encoding = k.saving.serialize_keras_object(branches())
    inner, outer = numbers_in(with_shared_layers(encoding, {"same"}))
    assert inner[1] == inner[4] is not None
    assert [inner[0], inner[2], inner[3], inner[5], *outer] == [None] * 7
    assert numbers_in(encoding) == ([None] * 6, [None] * 3)
    model = k.saving.deserialize_keras_object(encoding)
    assert len(model.weights) == 6


@pytest.mark.parametrize("names, units", [({"last"}, 2), (set(), 2), ({"same"}, 3)])
def test_there_may_be_none(names, units):
    assert with_shared_layers(k.saving.serialize_keras_object(branches(units)), names) is None


def test_lists_of_layers_and_configs_of_other_kinds():
    dense = {"class_name": "Dense", "config": {"name": "d", "units": 2}}
    stack = {"class_name": "Sequential", "config": [dense, {"class_name": "Sequential", "config": {"layers": [dense]}}]}
    shared = with_shared_layers(stack, {"d"})["config"]
    assert shared[0]["shared_object_id"] == shared[1]["config"]["layers"][0]["shared_object_id"]
    assert with_shared_layers({"class_name": "Mine", "config": {"layers": 3}}, {"d"}) is None
    assert with_shared_layers({"class_name": "Mine", "config": {"layers": [3, {"config": 4}]}}, {"d"}) is None


def test_names_of_copies():
    model = branches()
    assert names_of_copies(model) == {"same"}
    assert names_of_copies(model, equal=True) == set()
    first, second = (layer for layer in model._flatten_layers() if layer.name == "same")
    second.set_weights(first.get_weights())
    assert names_of_copies(model, equal=True) == {"same"}


@pytest.mark.parametrize("damage", ["weights", "optimizer"])
def test_a_damaged_file_is_read_as_it_is(tmp_path, damage):
    """Sharing layers does not help, and what can be read is read."""
    model, x = branches(), np.ones((3, 4), "float32")
    first, second = (layer for layer in model._flatten_layers() if layer.name == "same")
    second.set_weights(first.get_weights())
    model.compile("adam", "mse")
    model.train_on_batch(x, [np.ones((3, 2), "float32")] * 3)  # both the same
    model.save(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        group = file["model_weights/last"] if damage == "weights" else file["optimizer_weights"]
        group.attrs["weight_names"] = list(group.attrs["weight_names"])[:-1]
    if damage == "weights":
        with pytest.raises(ValueError, match="Weight count mismatch"):
            k.models.load_model(tmp_path / "model.h5")
    else:
        with pytest.warns(UserWarning, match="Error in loading the saved optimizer state"):
            again = k.models.load_model(tmp_path / "model.h5")
        assert len(again.weights) == 6
        for one, other in zip(again.predict(x, verbose=0), model.predict(x, verbose=0), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("ending", ["keras", "weights.h5"])
def test_layers_that_json_has_twice_get_the_weights_that_are_there_once(tmp_path, ending):
    shared, x = layers.Dense(3, name="shared"), k.Input((4,))
    first, second = (
        k.Sequential([k.Input((4,)), layers.Dense(2, name=f"{name}_dense"), shared], name=name) for name in ("first", "second")
    )
    model, data = k.Model(x, [first(x), second(x)]), np.ones((2, 4), "float32")
    (model.save if ending == "keras" else model.save_weights)(tmp_path / f"model.{ending}")
    again = k.models.model_from_json(k.Model(x, [first(x), second(x)]).to_json().replace("shared_object_id", "unknown"))
    assert len(again.weights) == 8
    with pytest.warns(UserWarning, match="The weights of .*shared.* are in the file once"):
        again.load_weights(tmp_path / f"model.{ending}")
    for one, other in zip(again.predict(data, verbose=0), model.predict(data, verbose=0), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_layer_without_a_twin_is_missing(tmp_path):
    branches().save_weights(tmp_path / "model.weights.h5")
    with h5py.File(tmp_path / "model.weights.h5", "r+") as file:
        del file["layers/sequential_1/layers/dense"]
    with pytest.warns(UserWarning, match="are in the file once"):
        branches().load_weights(tmp_path / "model.weights.h5")
    with pytest.raises(ValueError, match="1 objects could not be loaded"):
        branches(3).load_weights(tmp_path / "model.weights.h5")
    with h5py.File(tmp_path / "model.weights.h5", "r+") as file:
        del file["layers/dense"]
    with pytest.raises(ValueError, match="1 objects could not be loaded"):
        branches().load_weights(tmp_path / "model.weights.h5")
