"""What is read while a model is being made ends up where it belongs, whatever the order."""

import h5py
import numpy as np
import pytest

import convlayers as k
from convlayers import layers
from convlayers.saving import files, read_ahead
from convlayers.saving.hdf5 import open_file
from convlayers.saving.read_ahead import ReadAhead


@pytest.fixture(autouse=True)
def every_file_is_large_enough(monkeypatch):
    monkeypatch.setattr(read_ahead, "_WORTHWHILE", 0)


@pytest.fixture
def found(monkeypatch):
    """Which of the arrays that were asked for had been read into the right variable."""
    answers = []
    has_read = ReadAhead.has_read

    def noting(self, *arguments):
        answers.append(has_read(self, *arguments))
        return answers[-1]

    monkeypatch.setattr(ReadAhead, "has_read", noting)
    return answers


def filled(model, seed=0):
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        variable.assign(rng.integers(0, 1000, variable.shape))
    return model


def small():
    inputs = k.Input((4,), name="inputs")
    x = layers.Dense(4, name="first")(inputs)
    x = layers.BatchNormalization(name="second")(x)
    x = layers.Dense(4, name="third")(x)
    return filled(k.Model(inputs, layers.Dense(2, name="fourth")(x)))


def assert_equal(model, other):
    for variable, expected in zip(model.variables, other.variables, strict=True):
        np.testing.assert_array_equal(variable.value, expected.value)


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_all_arrays_are_read_ahead(tmp_path, found, name):
    model = small()
    model.save(tmp_path / name)
    assert_equal(k.models.load_model(tmp_path / name), model)
    assert found == [True] * 10


def test_the_optimizer_is_not_read_ahead(tmp_path, found):
    model = small()
    model.compile("adam", "mse")
    model.fit(np.ones((4, 4)), np.ones((4, 2)), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = k.models.load_model(tmp_path / "model.keras")
    assert_equal(loaded, model)
    assert_equal(loaded.optimizer, model.optimizer)
    assert found.count(True) == 10
    assert_equal(k.models.load_model(tmp_path / "model.keras", compile=False), model)


def test_arrays_in_another_order_than_variables(tmp_path, found):
    model = small()
    folder = tmp_path / "model"
    model.save(folder, zipped=False)
    path = folder / "model.weights.h5"
    arrays = {}
    with h5py.File(path) as file:
        file.visititems(lambda key, member: arrays.update({key: member[()]}) if isinstance(member, h5py.Dataset) else None)
    with h5py.File(path, "w") as file:
        for key, array in reversed(arrays.items()):
            file[key] = array
    assert_equal(k.models.load_model(folder), model)
    assert len(found) == 10 and False in found


@k.saving.register_keras_serializable()
class Assigned(layers.Dense):
    """A layer that writes into its weights before they are read, and has some that no file has."""

    def build(self, input_shape):
        super().build(input_shape)
        self.kernel.assign(np.full(self.kernel.shape, 7))
        self.state = [[Inner(name="inner")]]
        self.state[0][0].build(input_shape)


class Inner(layers.Layer):
    def build(self, input_shape):
        self.own = self.add_weight(shape=(4, 4), name="own")
        self.own.assign(np.full((4, 4), 9))


def test_what_a_layer_assigns_stays_if_the_file_does_not_have_it(tmp_path):
    model = k.Sequential([k.Input((4,)), Assigned(4), layers.Dense(4)])
    filled(model)
    path = tmp_path / "model.keras"
    folder = tmp_path / "model"
    model.save(folder, zipped=False)
    with h5py.File(folder / "model.weights.h5", "a") as file:
        del file["layers/assigned/state/container"]
    loaded = k.models.load_model(folder)
    assert (loaded.layers[0].state[0][0].own.numpy() == 9).all()
    np.testing.assert_array_equal(loaded.layers[0].kernel.value, model.layers[0].kernel.value)
    np.testing.assert_array_equal(loaded.layers[1].kernel.value, model.layers[1].kernel.value)
    model.save(path)
    assert_equal(k.models.load_model(path), model)


@k.saving.register_keras_serializable()
class Counting(layers.Layer):
    """A layer whose shapes are found by calling it, which assigns to a weight."""

    def build(self, input_shape):
        self.count = self.add_weight(shape=(4, 4), name="count", trainable=False)

    def call(self, inputs):
        self.count.assign(np.full((4, 4), 5))
        return inputs * 2


def test_what_is_assigned_while_shapes_are_found_has_no_effect(tmp_path):
    model = filled(k.Sequential([k.Input((4,)), layers.Dense(4), Counting()]))
    model.save(tmp_path / "model.keras")
    assert_equal(k.models.load_model(tmp_path / "model.keras"), model)


def test_a_file_that_can_not_be_read_in_a_thread(tmp_path, found, monkeypatch):
    model = small()
    model.save(tmp_path / "model.h5")
    monkeypatch.setattr(files._Pass, "_read", lambda self: None)
    assert_equal(k.models.load_model(tmp_path / "model.h5"), model)
    assert found == [False] * 10


def test_an_array_is_new_memory_or_none_of_the_others(tmp_path):
    path = tmp_path / "some.h5"
    with h5py.File(path, "w") as file:
        for name in ("first/kernel:0", "second/kernel:0", "third/bias:0"):
            file[name] = np.full(3, len(name), "float32")
    with files.Window(path) as window, open_file(window, path) as reader:
        ahead = reader.read_ahead()
        second = ahead.new_array((3,), "float32", "model/second/kernel")
        others = [ahead.new_array((3,), "float32", "any/name") for _ in range(3)]
        assert ahead.new_array((4,), "float32", "first/kernel").shape == (4,)
        assert ahead.new_array((3,), "float64", "first/kernel").dtype == "float64"
        assert ahead.finish()
        assert second.tolist() == [15.0] * 3
        assert [array.tolist() for array in others[:2]] == [[14.0] * 3, [12.0] * 3]
        assert len({array.ctypes.data for array in (second, *others)}) == 4
