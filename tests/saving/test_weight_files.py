"""Files of weights: what is read into a model that exists, and that it stays as it was if that fails."""

import warnings

import h5py
import numpy as np
import pytest

import convlayers as k
from convlayers import layers
from tests.saving import zoo


def small(units=3, name="small"):
    return k.Sequential([k.Input((4,)), layers.Dense(units, name="first"), layers.Dense(2, name="second")], name=name)


def filled(model, value):
    model.set_weights([np.full(weight.shape, value, weight.dtype) for weight in model.weights])
    return model


def numbers(model):
    """Returns the numbers that there are in the weights of a model."""
    return {float(number) for weight in model.weights for number in weight.numpy().ravel()}


@pytest.fixture(params=["model.weights.h5", "model.keras"])
def filepath(request, tmp_path):
    """A file with the weights of a model, all of them 7."""
    path = tmp_path / request.param
    model = filled(small(), 7)
    (model.save_weights if request.param.endswith(".h5") else model.save)(path)
    return path


def test_weights_come_back(filepath):
    model = filled(small(), 1)
    before = [weight.value for weight in model.weights]
    versions = [weight.version for weight in model.weights]
    model.load_weights(filepath)
    assert numbers(model) == {7}
    # Written into the same arrays, and everybody can see that they changed.
    assert all(weight.value is value for weight, value in zip(model.weights, before, strict=True))
    assert all(weight.version > version for weight, version in zip(model.weights, versions, strict=True))


def test_the_number_type_is_that_of_the_model(filepath):
    model = k.Sequential([k.Input((4,)), layers.Dense(3, dtype="float64"), layers.Dense(2)])
    model.load_weights(filepath)
    assert numbers(model) == {7}
    assert [weight.dtype for weight in model.weights] == ["float64", "float64", "float32", "float32"]


def test_names_of_layers_do_not_matter(filepath):
    model = k.Sequential([k.Input((4,)), layers.Dense(3, name="one"), layers.Dense(2, name="other")])
    model.load_weights(filepath)
    assert numbers(model) == {7}


@pytest.mark.parametrize("compiled", [True, False])
def test_the_optimizer_is_read_if_there_is_one(tmp_path, compiled):
    model, inputs = zoo.stack(k), zoo.inputs_for(zoo.stack)
    zoo.compile_model(model, inputs)
    zoo.train(model, inputs)
    model.save_weights(tmp_path / "model.weights.h5")
    other = zoo.stack(k)
    if compiled:
        zoo.compile_model(other, inputs)
        zoo.train(other, inputs, 1)
    other.load_weights(tmp_path / "model.weights.h5")
    if compiled:
        assert zoo.train(other, inputs) == zoo.train(model, inputs)


def test_the_state_of_another_optimizer_is_left_out_with_a_warning(tmp_path):
    model, inputs = zoo.stack(k), zoo.inputs_for(zoo.stack)
    zoo.compile_model(model, inputs, "adam")
    zoo.train(model, inputs)
    model.save_weights(tmp_path / "model.weights.h5")
    zoo.compile_model(model, inputs, k.optimizers.SGD(momentum=0.9, name="sgd"))
    zoo.train(model, inputs, 1)
    message = "Skipping variable loading for optimizer 'sgd', because it has 9 variables whereas the saved optimizer has 16"
    with pytest.warns(UserWarning, match=message) as warned:
        model.load_weights(tmp_path / "model.weights.h5")
    assert warned[0].filename == __file__
    assert int(model.optimizer.iterations.numpy()) == 1


def test_layers_may_be_left_out(tmp_path):
    model = filled(small(), 7)
    model.save_weights(tmp_path / "all.weights.h5")
    k.saving.save_weights(model, tmp_path / "part.weights.h5", objects_to_skip=[model.layers[1]])
    other = filled(small(), 1)
    with pytest.raises(ValueError, match="Layer 'second' expected 2 variables, but received 0"):
        other.load_weights(tmp_path / "part.weights.h5")
    for name in ("part", "all"):
        filled(other, 1)
        other.load_weights(tmp_path / f"{name}.weights.h5", objects_to_skip=[other.layers[1]])
        assert numbers(other.layers[0]) == {7}
        assert numbers(other.layers[1]) == {1}


def test_layers_in_lists_of_lists_that_an_old_file_does_not_have_keep_their_weights_with_a_warning(tmp_path):
    class Grid(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.first = layers.Dense(4)
            self.rows = [[layers.Dense(4, name="inside")]]

        def call(self, inputs):
            return self.rows[0][0](self.first(inputs))

    def make():
        return filled(k.Sequential([k.Input((4,)), Grid(name="grid")]), 1)

    path = tmp_path / "model.weights.h5"
    filled(make(), 7).save_weights(path)
    model = make()
    model.load_weights(path)
    assert numbers(model) == {7}
    with h5py.File(path, "a") as file:
        del file["layers/grid/rows/container"]
    model = make()
    with pytest.warns(UserWarning, match=r"The weights of \[<Dense name=inside, built=True>\] are not in the file"):
        model.load_weights(path)
    assert numbers(model.layers[0].first) == {7}
    assert numbers(model.layers[0].rows[0][0]) == {1}


# Failures ---------------------------------------------------------------------------------------------------------------


def test_another_shape(filepath):
    model = filled(small(units=5), 1)
    with pytest.raises(ValueError, match="A total of 2 objects could not be loaded. Example error message for object") as error:
        model.load_weights(filepath)
    assert "must match. variable.shape=(4, 5), Received: value.shape=(4, 3). " in str(error.value)
    assert "Target variable: 'small/first/kernel'" in str(error.value)
    assert "[<Dense name=first, built=True>, <Dense name=second, built=True>]" in str(error.value)
    assert numbers(model) == {1}


def test_a_layer_that_the_file_does_not_have(filepath):
    model = k.Sequential([k.Input((4,)), *map(layers.Dense, (3, 2, 1))])
    with pytest.raises(ValueError, match=r"expected 2 variables, but received 0") as error:
        model.load_weights(filepath)
    assert "The file has no 'dense_2' at '/layers'. It has there: ['dense', 'dense_1']" in str(error.value)


def test_a_file_of_another_program(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["images"] = np.zeros(3)
    with pytest.raises(ValueError, match=r"The file has no 'layers' at '/'. It has there: \['images'\]"):
        small().load_weights(tmp_path / "data.h5")
    with pytest.raises(ValueError, match=r"No model config found in the file .*\n.* At its top it has: \['images'\]"):
        k.models.load_model(tmp_path / "data.h5")


def test_another_shape_is_skipped_where_that_is_wanted(filepath):
    model = k.Sequential([k.Input((4,)), layers.Dense(3), layers.Dense(9)])
    filled(model, 1)
    with pytest.warns(UserWarning, match="A total of 1 objects could not be loaded") as warned:
        model.load_weights(filepath, skip_mismatch=True)
    assert warned[0].filename == __file__
    assert numbers(model.layers[0]) == {7}
    assert numbers(model.layers[1]) == {1}


def test_a_failure_changes_nothing_even_in_layers_with_rules_of_their_own(filepath):
    class Dense(layers.Dense):
        def load_own_variables(self, store):
            super().load_own_variables(store)
            assert numbers(self) == {7}
            raise KeyError("not to my taste")

    model = k.Sequential([k.Input((4,)), layers.Dense(3), Dense(2)])
    filled(model, 1)
    with pytest.raises(ValueError, match="A total of 1 objects could not be loaded(?s:.*)not to my taste"):
        model.load_weights(filepath)
    assert numbers(model) == {1}


def test_a_file_that_is_cut_changes_nothing(filepath):
    model = filled(small(), 1)
    content = filepath.read_bytes()
    for size in range(0, len(content), 97):
        filepath.write_bytes(content[:size])
        with pytest.raises(ValueError, match="damaged"):
            model.load_weights(filepath)
        assert numbers(model) == {1}


def test_an_older_file_of_which_only_the_first_layers_fit_changes_nothing(tmp_path):
    path = tmp_path / "model.h5"
    filled(small(), 7).save(path)
    model = k.Sequential([k.Input((4,)), layers.Dense(3), layers.Dense(9)])
    filled(model, 1)
    with pytest.raises(ValueError, match="Shape mismatch in layer #1"):
        model.load_weights(path)
    assert numbers(model) == {1}


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.weights.h5"])
def test_weights_are_not_copied_where_all_is_known_to_fit(tmp_path, monkeypatch, name):
    path = tmp_path / name
    model = filled(small(), 7)
    model.save_weights(path) if name.endswith(".weights.h5") else model.save(path)
    other = filled(small(), 1)
    with monkeypatch.context() as patched:
        patched.setattr(k.Variable, "numpy", lambda self: pytest.fail("A variable was copied."))
        other.load_weights(path)
    assert numbers(other) == {7}


def test_packed_arrays_that_are_damaged_change_nothing(tmp_path):
    path = tmp_path / "model.weights.h5"
    filled(small(), 7).save_weights(path)
    with h5py.File(path, "a") as file:
        del file["layers/dense_1/vars/0"]
        packed = file.create_dataset("layers/dense_1/vars/0", (3, 2), "float32", chunks=(3, 2), compression="lzf")
        packed.id.write_direct_chunk((0, 0), b"\xff" * 9)
    model = filled(small(), 1)
    with pytest.raises(ValueError, match="damaged"):
        model.load_weights(path)
    assert numbers(model) == {1}


def test_bytes_that_are_not_those_that_were_written_change_nothing(tmp_path):
    path = tmp_path / "model.keras"
    filled(small(), 7).save(path)
    content = path.read_bytes()
    seven = np.float32(7).tobytes()
    path.write_bytes(content.replace(seven, np.float32(8).tobytes(), 1))
    model = filled(small(), 1)
    with pytest.raises(ValueError, match="The file is damaged: .*are not those that were written"):
        model.load_weights(path)
    assert numbers(model) == {1}
    with pytest.raises(ValueError, match="The file is damaged"):
        k.models.load_model(path)


def test_a_model_that_is_not_built(tmp_path, filepath):
    model = k.Sequential([layers.Dense(3), layers.Dense(2)])
    with pytest.raises(ValueError, match="You are saving a model that has not yet been built. Try building the model first"):
        model.save_weights(tmp_path / "new.weights.h5")
    assert not (tmp_path / "new.weights.h5").exists()
    with pytest.raises(ValueError, match="You are loading weights into a model that has not yet been built"):
        model.load_weights(filepath)


def test_arguments(tmp_path):
    model = small()
    with pytest.raises(ValueError, match=r"The filename must end in `.weights.h5`. Received: filepath=model.h5"):
        model.save_weights("model.h5")
    with pytest.raises(ValueError, match="The filename must end in `.weights.h5`. Received: filepath=model.weights.json"):
        model.save_weights("model.weights.json")
    for filepath in ("model.h6", "model", "checkpoint.ckpt", "model.json"):
        with pytest.raises(ValueError, match=f"File format not supported: filepath={filepath}. Keras 3 only supports"):
            model.load_weights(filepath)
    with pytest.raises(ValueError, match="Invalid keyword arguments: {'by_nam': True}"):
        model.load_weights("model.weights.h5", by_nam=True)
    with pytest.raises(ValueError, match="`by_name` only supports loading legacy"):
        model.save_weights(tmp_path / "model.weights.h5")
        model.load_weights(tmp_path / "model.weights.h5", by_name=True)
    with pytest.raises(ValueError, match=r"`objects_to_skip` only supports loading '.weights.h5' files"):
        model.load_weights("model.keras", objects_to_skip=[])
    for filepath in ("missing.weights.h5", "missing.keras", "missing.h5"):
        with pytest.raises(FileNotFoundError):
            model.load_weights(filepath)


def test_nothing_is_said_when_all_goes_well(filepath):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small().load_weights(filepath)
        k.models.load_model(filepath) if filepath.suffix == ".keras" else None
