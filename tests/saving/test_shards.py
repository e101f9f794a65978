"""Weights in several files."""

import json
import os

import numpy as np
import pytest

import convlayers as k


@pytest.fixture
def model():
    model = k.Sequential([k.Input((4,)), k.layers.Dense(6), k.layers.Dense(5)])
    model.compile("adam", "mse")
    model.fit(np.ones((2, 4)), np.ones((2, 5)), verbose=0)
    return model


def blank_copy(model):
    copy = k.models.clone_model(model)
    copy.compile("adam", "mse")
    copy.optimizer.build(copy.trainable_variables)
    return copy


def bytes_(count):
    return count / 2**30


def test_all_variables_in_files_of_a_size(model, tmp_path):
    model.save_weights(tmp_path / "model.weights.json", max_shard_size=bytes_(200))
    table = json.loads((tmp_path / "model.weights.json").read_text())
    files = sorted(path.name for path in tmp_path.glob("*.h5"))
    assert files == [f"model_{number:05}.weights.h5" for number in range(len(files))] and len(files) > 3
    variables = [*model.variables, *model.optimizer.variables]
    assert table["metadata"]["total_size"] == sum(variable.numpy().nbytes for variable in variables)
    assert table["weight_map"]["/layers/dense/vars"] == "model_00000.weights.h5"
    copy = blank_copy(model)
    copy.load_weights(tmp_path / "model.weights.json")
    for one, other in zip([*copy.variables, *copy.optimizer.variables], variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_keras_reads_them(model, tmp_path, keras):
    model.save_weights(tmp_path / "model.weights.json", max_shard_size=bytes_(200))
    theirs = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6), keras.layers.Dense(5)])
    theirs.load_weights(tmp_path / "model.weights.json")
    for one, other in zip(theirs.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_variable_that_is_too_large_leaves_no_file(model, tmp_path):
    with pytest.raises(ValueError, match=r"The size of 0 is 96.00 B which exceeds the maximum shard size 50.00 B") as error:
        model.save_weights(tmp_path / "model.weights.json", max_shard_size=bytes_(50))
    assert "variable number 0 of 'dense" in str(error.value)
    assert os.listdir(tmp_path) == []


def test_endings(model, tmp_path):
    with pytest.raises(ValueError, match="The filename must end in `.weights.json` when `max_shard_size` is specified"):
        model.save_weights(tmp_path / "model.keras", max_shard_size=1)
    with pytest.warns(UserWarning, match=r"Saving sharded weights requires `\*.json` as the extension"):
        model.save_weights(tmp_path / "model.weights.h5", max_shard_size=1)
    assert sorted(os.listdir(tmp_path)) == ["model.weights.json", "model_00000.weights.h5"]
