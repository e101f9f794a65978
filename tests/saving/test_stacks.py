"""A `Sequential` of functional models is written as a functional model, which all of Keras 3 read, and read as it was."""

import h5py
import numpy as np
import pytest

import convlayers as k
from convlayers import layers
from tests.saving.test_formats import read, write

X = np.random.default_rng(0).normal(size=(4, 6, 6, 2)).astype("float32")
every_ending = pytest.mark.parametrize("ending", ["keras", "h5"])


def inner(k, filters=3, **arguments):
    x = k.Input(X.shape[1:])
    return k.Model(x, k.layers.Conv2D(filters, 3, padding="same", activation="relu")(x), **arguments)


def stack(k):
    return k.Sequential([k.Input(X.shape[1:]), inner(k), k.layers.Flatten(), k.layers.Dense(3)], name="stack")


def at_the_top(k):
    return k.Sequential([inner(k, 2), k.layers.BatchNormalization(), inner(k)])


def in_a_stack(k):
    first = k.Sequential([k.Sequential([k.layers.Conv2D(2, 1)]), inner(k), k.layers.Flatten()], name="first")
    return k.Sequential([k.Input(X.shape[1:]), first, k.layers.Dense(2)])


def in_graphs(k):
    """One that is called twice, others at the end, and one without functional models."""
    x = k.Input(X.shape[1:])
    twice = k.Sequential([inner(k), k.layers.Flatten(), k.layers.Dense(4)], name="twice")
    plain = k.Sequential([k.layers.Dense(4)], name="plain")
    once = k.Sequential([inner(k), k.layers.Flatten()], name="once")
    return k.Model(x, [plain(twice(x)), once(x), twice(k.layers.ReLU()(x)), inner(k)(x)])


MODELS = [stack, at_the_top, in_a_stack, in_graphs]
every_model = pytest.mark.parametrize("make", MODELS)


def trained(make, library=k):
    model = make(library)
    rng = np.random.default_rng(0)
    model.set_weights([rng.uniform(0.1, 0.5, weight.shape) for weight in model.get_weights()])
    model.compile("adam", "mse")
    train(model)
    return model


def predict(model):
    found = model.predict(X, verbose=0)
    return found if isinstance(found, list) else [found]


def train(model):
    targets = [np.full_like(prediction, 0.2) for prediction in predict(model)]
    return model.train_on_batch(X, targets if len(targets) > 1 else targets[0])


def check_goes_on(again, model, tolerance=1e-5):
    for _ in range(2):
        for one, other in zip(predict(again), predict(model), strict=True):
            np.testing.assert_allclose(one, other, atol=tolerance)
        train(again)
        train(model)


def classes(model):
    return [classes(layer) if isinstance(layer, k.Model) else type(layer) for layer in model.layers] + [type(model)]


def classes_in(encoding):
    inner = [classes_in(entry) for entry in encoding["config"]["layers"] if "layers" in entry["config"]]
    return [encoding["class_name"], *inner]


@pytest.mark.parametrize("format", ["keras3", "keras3.0"])
@every_ending
@every_model
def test_it_is_written_as_a_graph_and_read_as_it_was(tmp_path, make, ending, format):
    model, path = trained(make), tmp_path / f"model.{ending}"
    model.save(path, format=format)
    written = str(classes_in(read(path)))
    # Those that have no functional models stay stacks.
    assert written.count("Sequential") == {in_a_stack: 1, in_graphs: 1}.get(make, 0)
    again = k.models.load_model(path)
    assert classes(again) == classes(model)
    assert [weight.shape for weight in again.weights] == [weight.shape for weight in model.weights]
    again.save(tmp_path / f"again.{ending}", format=format)
    assert read(tmp_path / f"again.{ending}") == read(path)
    check_goes_on(again, model, 0)


@every_ending
@every_model
def test_keras_reads_it(keras, tmp_path, make, ending):
    model, path = trained(make), tmp_path / f"model.{ending}"
    model.save(path)
    again = keras.models.load_model(path)
    assert type(again).__name__ == "Functional"
    if ending == "keras":
        check_goes_on(again, model, 1e-4)
    else:  # Keras can't train any that it reads from HDF5 files.
        for one, other in zip(predict(again), predict(model), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4)


@every_ending
@every_model
def test_other_formats_have_stacks(tmp_path, make, ending):
    model, path = trained(make), tmp_path / f"model.{ending}"
    for format in ("keras3.11", "convlayers"):
        model.save(path, format=format)
        assert str(classes_in(read(path))) == str(classes_in(k.saving.serialize_keras_object(model)))
        check_goes_on(k.models.load_model(path), trained(make), 0)


@every_ending
@pytest.mark.parametrize("make", [stack, at_the_top, in_a_stack])
def test_one_that_keras_has_written_goes_back_as_a_stack(keras, tmp_path, make, ending):
    model, path = trained(make, keras), tmp_path / f"model.{ending}"
    model.save(path, **({} if ending == "keras" else {"include_optimizer": False}))
    k.models.load_model(path).save(tmp_path / f"again.{ending}")
    assert classes_in(read(tmp_path / f"again.{ending}")) == classes_in(read(path))
    assert classes_in(read(path))[0] == "Sequential"


@every_model
def test_weights_are_read_from_files_of_either_form(keras, tmp_path, make):
    model = trained(make)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "stack.weights.h5")
    keras.models.load_model(tmp_path / "model.keras").save_weights(tmp_path / "graph.weights.h5")
    for name in ("model.keras", "stack.weights.h5", "graph.weights.h5"):
        again = make(k)
        again.load_weights(tmp_path / name)
        for one, other in zip(again.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
    same_code = make(keras)
    same_code.load_weights(tmp_path / "stack.weights.h5")
    for one, other in zip(same_code.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_frozen_stays_so(tmp_path):
    model = stack(k)
    model.layers[0].trainable = False
    model.save(tmp_path / "model.keras")
    again = k.models.load_model(tmp_path / "model.keras")
    assert (again.name, again.built, len(again.trainable_weights), len(again.weights)) == ("stack", True, 2, 4)


def test_a_stack_without_such_stays_one(tmp_path):
    for format in ("keras3", "keras3.0"):
        k.Sequential([k.Input((4, 4)), layers.Flatten()]).save(tmp_path / "stack.keras", format=format)
        assert read(tmp_path / "stack.keras")["class_name"] == "Sequential"


def test_one_that_does_not_know_its_inputs_stays_one(tmp_path):
    x = k.Input((6, 6, 2), name="x")
    graph = k.Model(x, inner(k)(x))
    model = k.Sequential([layers.ReLU(), graph])
    with pytest.warns(UserWarning, match="not yet been built"):
        model.save(tmp_path / "stack.keras")
    encoding = read(tmp_path / "stack.keras")
    assert classes_in(encoding) == ["Sequential", ["Functional", ["Functional"]]]
    assert encoding["config"]["layers"][1]["config"]["input_layers"] == ["x", 0, 0]


def test_hints_that_were_damaged(tmp_path):
    stack(k).save(tmp_path / "model.keras")
    encoding = read(tmp_path / "model.keras")
    (hint,) = {key for key in encoding if key.startswith("convlayers")}
    for damage in (3, [], None):
        write(tmp_path / "damaged.keras", {**encoding, hint: damage}, "3.10.0")
        with pytest.raises(ValueError, match="could not be loaded"):  # Its weights are those of another model.
            k.models.load_model(tmp_path / "damaged.keras")
        assert type(k.saving.deserialize_keras_object({**encoding, hint: damage})) is k.models.Functional
    for damage in ({}, {"layers": 3}, {"name": []}, {"name": "a", "trainable": "b", "dtype": {}}):
        write(tmp_path / "damaged.keras", {**encoding, hint: damage}, "3.10.0")
        with pytest.raises((ValueError, TypeError)):
            k.models.load_model(tmp_path / "damaged.keras")
    graph = {**encoding, "config": {**encoding["config"], "layers": [3, *encoding["config"]["layers"]]}}
    for damaged in (graph, {**graph, "config": {**graph["config"], "output_layers": "xyz"}}):
        write(tmp_path / "damaged.keras", damaged, "3.10.0")
        with pytest.raises(ValueError, match="The model could not be made|damaged|Invalid Functional"):
            k.models.load_model(tmp_path / "damaged.keras")


@every_ending
def test_the_hint_is_where_no_keras_looks(tmp_path, ending):
    """Beside the keys that it knows of an object."""
    path = tmp_path / f"model.{ending}"
    stack(k).save(path)
    known = {"module", "class_name", "config", "registered_name", "build_config", "compile_config"}
    assert read(path).keys() - known == {"convlayers_stack"}
    if ending == "h5":
        with h5py.File(path) as file:
            assert set(file.attrs) == {"backend", "keras_version", "model_config"}
