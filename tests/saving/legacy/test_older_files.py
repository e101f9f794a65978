"""Files of four versions of Keras: they predict what they did there, and training goes on where it stopped."""

import warnings

import numpy as np
import pytest

import convlayers as k
from tests.saving.legacy.older_files import FOLDER, Expected, unpack

MODELS = [
    ("2.15.0", "graph_adam", "h5"),
    ("2.15.0", "graph_adam", "keras"),
    ("2.15.0", "stack_sgd", "keras"),
    ("2.15.0", "stack_rmsprop", "h5"),
    ("2.15.0", "stack_legadam", "h5"),
    ("3.3.3", "stack_nadam", "keras"),
    ("3.3.3", "graph_adam", "keras"),
    ("3.15.1", "graph_adam", "h5"),
]


def blank(model):
    model.set_weights([np.full_like(weight, 7) for weight in model.get_weights()])
    return model


@pytest.mark.parametrize("version, name, ending", MODELS, ids=["-".join(row) for row in MODELS])
def test_whole_models(tmp_path, version, name, ending):
    expected = Expected(version, name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = k.models.load_model(unpack(f"keras{version}_{name}.{ending}", tmp_path))
    expected.check_predictions(model)
    assert int(model.optimizer.iterations.numpy()) == 2
    expected.check_training(model)


@pytest.mark.parametrize("version, name", [(v, n) for v in ("1.2.2", "2.2.4") for n in ("stack_th", "graph_tf")])
def test_files_of_keras_on_theano(tmp_path, version, name):
    """They predict what they did, and the state of the optimizer is that of the same weights: the next step is the same."""
    with np.load(FOLDER / "expected.npz") as arrays:
        x, before, after = (arrays[f"{version}/{name}/{part}"] for part in ("x", "p0", "q0"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = k.models.load_model(unpack(f"keras{version}_{name}.h5", tmp_path))
    if version == "1.2.2":  # It did not write on which backend it was, and Theano's kernels are the other way round.
        turn_kernels(model)
    np.testing.assert_allclose(model.predict(x, verbose=0), before, atol=1e-6)
    model.train_on_batch(x, np.ones_like(before))
    np.testing.assert_allclose(model.predict(x, verbose=0), after, atol=2e-6)


def turn_kernels(model):
    for index, weight in enumerate(model.trainable_variables):
        if weight.value.ndim == 4:
            for variable in (weight, *(slot[index] for slot in model.optimizer.slots if slot)):
                variable.assign(variable.numpy()[::-1, ::-1])


@pytest.mark.parametrize(
    "version, name, ending", [("2.15.0", "functions", "h5"), ("2.15.0", "functions", "keras"), ("2.4.0", "operators", "h5")]
)
def test_functions_of_tensorflow(tmp_path, version, name, ending):
    """Operators, slices, sizes of tensors and functions between layers, and around a model in the model."""
    with np.load(FOLDER / "expected.npz") as arrays:
        x, *expected = (arrays[f"{version}/{name}/{part}"] for part in ("x", "p0", "p1"))
    model = k.models.load_model(unpack(f"keras{version}_{name}.{ending}", tmp_path))
    model.save(tmp_path / "now.keras")
    for one in (model, k.models.load_model(tmp_path / "now.keras")):
        for prediction, numbers in zip(one.predict(x, verbose=0), expected, strict=True):
            np.testing.assert_allclose(prediction, numbers, atol=1e-6)


@pytest.mark.parametrize("version, ending", [("2.15.0", "keras"), ("2.4.0", "h5")])
def test_hard_sigmoid(tmp_path, version, ending):
    """It was another function."""
    with np.load(FOLDER / "expected.npz") as arrays:
        x, before, after = (arrays[f"{version}/hard_sigmoid/{part}"] for part in ("x", "p0", "q0"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = k.models.load_model(unpack(f"keras{version}_hard_sigmoid.{ending}", tmp_path))
    model.save(tmp_path / "now.keras")
    for one in (model, k.models.load_model(tmp_path / "now.keras")):
        np.testing.assert_allclose(one.predict(x, verbose=0), before, atol=1e-6)
        one.train_on_batch(x, np.full_like(before, 0.2))
        np.testing.assert_allclose(one.predict(x, verbose=0), after, atol=1e-6)


@pytest.mark.parametrize("version, ending, schedule_decay", [("2.15.0", "keras", 1), ("2.4.0", "h5", 0.004)])
def test_nadam(tmp_path, version, ending, schedule_decay):
    """It was another one until Keras 2.10, and then did not write all that it remembers, but that follows from the rest."""
    with np.load(FOLDER / "expected.npz") as arrays:
        x, y, before, after = (arrays[f"{version}/nadam/{part}"] for part in ("x", "y", "p0", "q0"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = k.models.load_model(unpack(f"keras{version}_nadam.{ending}", tmp_path))
    assert model.optimizer.schedule_decay == pytest.approx(schedule_decay)
    model.save(tmp_path / "now.keras", format="convlayers")
    for one in (model, k.models.load_model(tmp_path / "now.keras")):
        np.testing.assert_allclose(one.predict(x, verbose=0), before, atol=1e-6)
        for _ in range(3):
            one.train_on_batch(x, y)
        np.testing.assert_allclose(one.predict(x, verbose=0), after, atol=1e-6)


@pytest.mark.parametrize("version, ending", [("2.4.0", "h5"), ("2.15.0", "keras"), ("3.0.5", "keras")])
def test_layers_that_several_models_share(tmp_path, version, ending):
    """Their weights are there once, as is what the optimizer remembers of them."""
    with np.load(FOLDER / "expected.npz") as arrays:
        x, *expected = (arrays[f"{version}/shared/{part}"] for part in ("x", "p0", "p1", "p2", "q0", "q1", "q2"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = k.models.load_model(unpack(f"keras{version}_shared.{ending}", tmp_path))
    model.save(tmp_path / "now.keras")
    for one in (model, k.models.load_model(tmp_path / "now.keras")):
        assert len(one.weights) == 4
        found = one.predict(x, verbose=0)
        one.train_on_batch(x, [x * 0.3] * 3)
        for array, numbers in zip([*found, *one.predict(x, verbose=0)], expected, strict=True):
            np.testing.assert_allclose(array, numbers, atol=1e-5)


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_what_discretization_had_found_in_data(tmp_path, ending):
    """It was a weight, from which the boundaries follow, unless these were given."""
    with np.load(FOLDER / "expected.npz") as arrays:
        x, expected = (arrays[f"2.15.0/discretization/{part}"] for part in ("x", "p0"))
    path = unpack(f"keras2.15.0_discretization.{ending}", tmp_path)
    model = k.models.load_model(path)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-6)
    blank = k.models.clone_model(model)
    for layer in (blank.get_layer("one"), blank.get_layer("two"), blank.get_layer("inner").get_layer("within")):
        layer.bin_boundaries = None
    blank.load_weights(path)
    np.testing.assert_allclose(blank.predict(x, verbose=0), expected, atol=1e-6)
    if ending == "h5":
        one = k.layers.Discretization(num_bins=4, name="one")
        k.Sequential([k.Input((3,)), one]).load_weights(path, by_name=True)
        assert one.bin_boundaries == model.get_layer("one").bin_boundaries


def test_what_discretization_had_found_may_be_damaged(tmp_path):
    import h5py

    path = unpack("keras2.15.0_discretization.h5", tmp_path)
    with h5py.File(path, "r+") as file:
        group = file["model_weights/two"]
        del group["summary:0"]
        group["summary:0"] = np.ones(3, "float32")
    with pytest.raises(
        ValueError, match=r"What 'two' found in data is damaged. Expected: shape=\(2, any\). Received: shape=\(3,\)"
    ):
        k.models.load_model(path)


@pytest.mark.parametrize(
    "version, weights",
    [
        ("2.15.0", "keras2.15.0_graph_adam.by_order.h5"),
        ("2.15.0", "keras2.15.0_graph_adam.h5"),
        ("2.15.0", "keras2.15.0_graph_adam.keras"),
        ("2.12.0", "keras2.12.0_graph_adam.weights.h5"),
    ],
)
def test_weights_into_the_architecture_of_a_json_file(tmp_path, version, weights):
    model = k.models.model_from_json(unpack("keras2.15.0_graph_adam.json", tmp_path).read_text())
    assert not model.compiled
    blank(model).load_weights(unpack(weights, tmp_path))
    Expected(version, "graph_adam").check_predictions(model)


@pytest.mark.parametrize("name", ["keras2.15.0_graph_adam.by_order.h5", "keras3.15.1_graph_adam.h5"])
def test_layers_by_name(tmp_path, name):
    """Names that both have: the layers get their weights, and others stay as they are."""
    path = unpack(name, tmp_path)
    x = k.Input((8, 8, 3))
    shared = k.layers.Conv2D(3, 3, padding="same", activation="relu", name="shared")
    model = blank(k.Model(x, k.layers.Conv2D(1, 1, name="another")(shared(x))))
    model.load_weights(path, by_name=True)
    version = "2.15.0" if "2.15" in name else "3.15.1"
    whole = k.models.load_model(unpack(f"keras{version}_graph_adam.h5", tmp_path), compile=False)
    np.testing.assert_array_equal(shared.kernel.numpy(), whole.get_layer("shared").kernel.numpy())
    assert (model.get_layer("another").kernel.numpy() == 7).all()


def test_what_does_not_fit_is_an_error_or_left_out(tmp_path):
    path = unpack("keras2.15.0_graph_adam.by_order.h5", tmp_path)
    x = k.Input((8, 8, 3))
    model = blank(k.Model(x, k.layers.Conv2D(4, 3, name="shared")(x)))
    with pytest.raises(
        ValueError, match="Layer count mismatch when loading weights from file. Model expected 1 layers, found 8"
    ):
        model.load_weights(path)
    with pytest.raises(ValueError, match=r"Shape mismatch in layer #0 \(named shared\)for weight shared/kernel"):
        model.load_weights(path, by_name=True)
    assert all((weight == 7).all() for weight in model.get_weights())
    with pytest.warns(UserWarning, match=r"Skipping loading weights for layer #0 \(named shared\)due to mismatch in shape"):
        model.load_weights(path, by_name=True, skip_mismatch=True)
    model = k.Model(x, k.layers.Conv2D(3, 3, name="shared", use_bias=False)(x))
    with pytest.raises(ValueError, match="Weight count mismatch for layer #0"):
        model.load_weights(path, by_name=True)
    with pytest.warns(UserWarning, match="due to mismatch in number of weights"):
        model.load_weights(path, by_name=True, skip_mismatch=True)


def test_what_was_frozen_meanwhile_makes_no_difference(tmp_path):
    """Older files have what is trained first. Names tell which array is whose, where the model in a model is another."""
    whole = k.models.load_model(unpack("keras2.15.0_graph_adam.h5", tmp_path), compile=False)
    config = whole.get_config()
    model = k.Model.from_config(config)
    for layer in model.get_layer("encoder").layers:
        layer.trainable = True
    model.get_layer("encoder").layers[2].trainable = False
    blank(model).load_weights(unpack("keras2.15.0_graph_adam.by_order.h5", tmp_path))
    Expected("2.15.0", "graph_adam").check_predictions(model)


def test_what_cannot_be_compiled_is_a_warning(tmp_path):
    import h5py

    path = unpack("keras2.15.0_stack_rmsprop.h5", tmp_path)
    with h5py.File(path, "r+") as file:
        config = file.attrs["training_config"].replace('"Custom>RMSprop"', '"Rocket"')
        file.attrs["training_config"] = config
    with pytest.warns(UserWarning, match="The model was loaded, but could not be compiled as it was saved"):
        model = k.models.load_model(path)
    Expected("2.15.0", "stack_rmsprop").check_predictions(model)


def test_a_file_of_weights_alone_says_what_to_do(tmp_path):
    with pytest.raises(ValueError, match="No model config found in the file at .*\nIt may have weights only"):
        k.models.load_model(unpack("keras2.15.0_graph_adam.by_order.h5", tmp_path))
