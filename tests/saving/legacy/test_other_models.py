"""Weights in older HDF5 files for a model that is another one: what is said, and that the way out works."""

import h5py
import numpy as np
import pytest

import convlayers as k
from convlayers import layers


def chain(*names):
    return k.Sequential([k.Input((4,)), *(layers.Dense(4, name=name) for name in names)])


def write(model, path):
    k.saving.save_weights(model, path, format="keras2")
    return path


def test_names_of_which_none_is_in_the_file_are_a_warning(tmp_path):
    path = write(chain("a", "b"), tmp_path / "weights.h5")
    model = chain("c", "d")
    before = model.get_weights()
    with pytest.warns(
        UserWarning, match=r"No layer of the model has the name .* The model has \['c', 'd'\]; the file has \['a', 'b'\]"
    ):
        model.load_weights(path, by_name=True)
    for weight, expected in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, expected)


def test_a_layer_more(tmp_path):
    saved, model = chain("a", "b"), chain("a", "new", "b")
    path = write(saved, tmp_path / "weights.h5")
    with pytest.raises(ValueError, match=r"Layer count mismatch .*\n.* `by_name=True` gives layers"):
        model.load_weights(path)
    model.load_weights(path, by_name=True)
    np.testing.assert_array_equal(model.get_layer("b").kernel, saved.get_layer("b").kernel)


def test_a_model_that_was_the_one_layer_of_another(tmp_path):
    """As `multi_gpu_model` left it."""
    saved, model = chain("a", "b"), chain("a", "b")
    path = write(k.Sequential([k.Input((4,)), saved]), tmp_path / "weights.h5")
    with pytest.raises(ValueError, match=r"yours as its one layer: `keras.Sequential\(\["):
        model.load_weights(path)
    k.Sequential([k.Input(model.input_shape[1:]), model]).load_weights(path)
    np.testing.assert_array_equal(model.get_layer("b").kernel, saved.get_layer("b").kernel)


def test_a_model_that_is_the_one_layer_of_another(tmp_path):
    saved, inner = chain("a", "b"), chain("a", "b")
    path = write(saved, tmp_path / "weights.h5")
    model = k.Sequential([k.Input((4,)), inner])
    with pytest.raises(ValueError, match=rf"`model.get_layer\('{inner.name}'\).load_weights\(path\)`"):
        model.load_weights(path)
    model.get_layer(inner.name).load_weights(path)
    np.testing.assert_array_equal(inner.get_layer("b").kernel, saved.get_layer("b").kernel)


def test_a_layer_that_led_to_an_added_loss_alone(tmp_path):
    """It is not in the model any more, but its weights are in the file."""
    model = chain("a", "b")
    model.save(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5", "a") as file:
        group = file["model_weights"]
        file.copy(group["b"], group, "aside")
        group.attrs["layer_names"] = [b"aside", b"a", b"b"]
    again = k.models.load_model(tmp_path / "model.h5")
    for weight, expected in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)
