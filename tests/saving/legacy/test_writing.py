"""HDF5 files, and files for other versions of Keras, that are written here."""

import io
import json
import zipfile

import h5py
import numpy as np
import pytest

import convlayers as k
from convlayers import layers


def model_of_models():
    """Two inputs and outputs, a layer that is called twice, a stack and a graph in the graph, something frozen."""
    x, z = k.Input((8, 8, 3), name="image"), k.Input((5,), name="extra")
    shared = layers.Conv2D(3, 3, padding="same", activation="relu", name="shared")
    encoder = k.Sequential([k.Input((8, 8, 3)), layers.Conv2D(4, 3, padding="same"), layers.LeakyReLU(0.1)], name="encoder")
    encoder.layers[0].trainable = False
    inside = k.Input((8, 8, 4))
    inner = k.Model(inside, layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same")(inside)), name="inner")
    y = layers.GlobalAveragePooling2D()(inner(encoder(shared(shared(x)))))
    y = layers.Concatenate()([y, layers.Dense(2, name="small")(z)])
    model = k.Model([x, z], [layers.Dense(2, name="a")(y), layers.Dense(3, name="b", activation="softmax")(y)], name="graph")
    model.compile(
        k.optimizers.Adam(0.01), {"a": "mse", "b": "sparse_categorical_crossentropy"}, metrics={"a": ["mae"], "b": []}
    )
    model.train_on_batch(*data())
    return model


def data():
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(4, 8, 8, 3)).astype("float32"), rng.normal(size=(4, 5)).astype("float32")]
    return x, [rng.normal(size=(4, 2)).astype("float32"), np.arange(4) % 3]


@pytest.mark.parametrize("format", [None, "keras3.11", "keras2"])
@pytest.mark.parametrize("ending", ["h5", "keras", "hdf5"])
def test_they_are_read_again_and_training_goes_on(tmp_path, ending, format):
    model = model_of_models()
    path = tmp_path / f"model.{ending}"
    model.save(path, format=format)
    again = k.models.load_model(path)
    x, y = data()
    for _ in range(2):
        model.train_on_batch(x, y)
        again.train_on_batch(x, y)
    for one, other in zip(model.predict(x, verbose=0), again.predict(x, verbose=0), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_keras_reads_what_is_written(keras, tmp_path):
    model = model_of_models()
    x, _ = data()
    expected = model.predict(x, verbose=0)
    for path in ("model.h5", "model.keras"):
        for format in (None, "keras3.11"):
            model.save(tmp_path / path, format=format)
            again = keras.models.load_model(tmp_path / path)
            for one, other in zip(expected, again.predict(x, verbose=0), strict=True):
                np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("loss", ["mse", "MAE", "bce", "kld", "mape", "msle"])
def test_keras_finds_losses_that_have_short_names(keras, tmp_path, loss):
    model = k.Sequential([k.Input((3,)), layers.Dense(2)])
    model.compile(k.optimizers.SGD(0.0), loss)
    model.save(tmp_path / "model.h5")
    x, y = np.ones((4, 3), "float32"), np.full((4, 2), 0.25, "float32")
    loaded = keras.models.load_model(tmp_path / "model.h5")
    loaded.compile("sgd", loaded.loss)  # Keras leaves an optimizer from such a file without variables.
    np.testing.assert_allclose(loaded.train_on_batch(x, y), model.train_on_batch(x, y), rtol=1e-5)


def test_the_layout(tmp_path):
    model_of_models().save(tmp_path / "model.h5", format="keras2")
    with h5py.File(tmp_path / "model.h5") as file:
        assert file.attrs["keras_version"] == "2.15.0"
        weights = file["model_weights"]
        assert [name.decode() for name in weights.attrs["layer_names"]][:3] == ["image", "shared", "encoder"]
        names = [name.decode() for name in weights["inner"].attrs["weight_names"]]
        assert [name.split("/")[-1] for name in names] == [
            "kernel:0", "bias:0", "gamma:0", "beta:0", "moving_mean:0", "moving_variance:0",
        ]  # fmt: skip
        assert weights["inner"][names[0]].shape == (3, 3, 4, 1)
        assert json.loads(file.attrs["training_config"])["optimizer_config"]["class_name"] == "Custom>Adam"
        assert len(file["optimizer_weights"].attrs["weight_names"]) % 2 == 1  # no learning rate
        assert not len(weights["image"].attrs["weight_names"])


def test_weights_for_keras_2(tmp_path):
    model = model_of_models()
    weights = model.get_weights()
    k.saving.save_weights(model, tmp_path / "weights.h5", format="keras2")
    with h5py.File(tmp_path / "weights.h5") as file:
        np.testing.assert_array_equal(file["shared"]["shared/kernel:0"], model.get_layer("shared").kernel.numpy())
    for by_name in (None, True):
        model.set_weights([np.zeros_like(weight) for weight in weights])
        model.load_weights(tmp_path / "weights.h5", by_name=by_name)
        for weight, expected in zip(model.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(weight, expected)


def test_without_the_optimizer(tmp_path):
    model_of_models().save(tmp_path / "model.h5", include_optimizer=False)
    with h5py.File(tmp_path / "model.h5") as file:
        assert "optimizer_weights" not in file and "training_config" not in file.attrs
    assert not k.models.load_model(tmp_path / "model.h5").compiled


def test_lists_of_names_that_are_too_long_for_one_attribute(tmp_path):
    stack = [layers.Activation("relu", name=f"{'long' * 200}_{number}") for number in range(100)]
    k.Sequential([k.Input((2,)), *stack, layers.Dense(1)]).save(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5") as file:
        assert "layer_names1" in file["model_weights"].attrs
    assert len(k.models.load_model(tmp_path / "model.h5").layers) == 101


@pytest.mark.parametrize(
    "layer, message",
    [
        (lambda: layers.Dense(2, activation="celu", name="d"), "Keras 2 has no activation 'celu', or another of that name"),
        (lambda: layers.Solarization(), "Keras 2 has no layer of the class Solarization"),
        (lambda: layers.LayerNormalization(rms_scaling=True), "Keras 2 has no argument `rms_scaling` of LayerNormalization"),
    ],
)
def test_what_keras_2_does_not_have(tmp_path, layer, message):
    with pytest.raises(ValueError, match=message):
        k.Sequential([k.Input((4, 4, 3)), layer()]).save(tmp_path / "model.h5", format="keras2")
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.h5"
    model = model_of_models()
    model.save(path)
    before = path.read_bytes()

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        model.save(path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def json_of(path, attribute):
    with h5py.File(path) as file:
        return json.loads(file.attrs[attribute])


def test_functions_have_their_names_alone_for_keras_2(tmp_path):
    def wave(x):
        return k.ops.sin(x)

    model = k.Sequential([k.Input((3,)), layers.Dense(2, activation=wave), layers.Lambda(wave, name="wave")])
    model.compile("sgd", wave, metrics=[wave])
    model.save(tmp_path / "model.h5", format="keras2")
    dense, function = json_of(tmp_path / "model.h5", "model_config")["config"]["layers"][1:]
    assert dense["config"]["activation"] == "wave"
    assert (function["config"]["function"], function["config"]["function_type"]) == ("wave", "function")
    training = json_of(tmp_path / "model.h5", "training_config")
    assert (training["loss"], training["metrics"]) == ("wave", ["wave"])
    k.models.load_model(tmp_path / "model.h5", custom_objects={"wave": wave})


def test_keras_2_is_told_which_accuracy_goes_with_class_numbers(tmp_path):
    def written(loss, metrics):
        x = k.Input((3,))
        model = k.Model(
            x, [layers.Dense(2, name="a")(x), layers.Dense(2, name="b")(x)] if len(loss) == 2 else layers.Dense(2)(x)
        )
        model.compile("sgd", loss, metrics=metrics)
        model.save(tmp_path / "model.h5", format="keras2")
        assert k.models.load_model(tmp_path / "model.h5").compiled
        return json_of(tmp_path / "model.h5", "training_config")["metrics"]

    sparse, dense = k.losses.SparseCategoricalCrossentropy(from_logits=True), "categorical_crossentropy"
    accuracy = {
        "class_name": "MeanMetricWrapper",
        "config": {"name": "acc", "dtype": "float32", "fn": "sparse_categorical_accuracy"},
    }
    assert written([sparse], ["acc", "mae"]) == [accuracy, "mean_absolute_error"]
    assert written(["sparse_categorical_crossentropy"], [["acc"]]) == [[accuracy]]
    assert written([dense], ["acc"]) == ["acc"]
    assert written([dense, sparse], [["acc"], ["acc"]]) == [["acc"], [accuracy]]
    assert written({"a": sparse, "b": dense}, {"b": "acc", "a": ["acc"]}) == {"b": "acc", "a": [accuracy]}


@pytest.mark.parametrize(
    "activation, written",
    [(None, "linear"), ("relu", "relu"), ("silu", "swish"), ("hard_sigmoid_of_keras2", "hard_sigmoid")],
)
def test_activations_have_the_names_of_keras_2(tmp_path, activation, written):
    k.Sequential([k.Input((3,)), layers.Dense(2, activation=activation)]).save(tmp_path / "model.h5", format="keras2")
    assert json_of(tmp_path / "model.h5", "model_config")["config"]["layers"][1]["config"]["activation"] == written


@pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict")
def test_dicts_of_inputs_and_outputs_for_keras_2(tmp_path):
    """In the model in the model, these have other names than its layers."""
    a, b, image, extra = (k.Input((2,), name=name) for name in ("a", "b", "image", "extra"))
    inner = k.Model({"x": b, "y": a}, {"one": layers.Dense(2, name="i")(a), "two": layers.Dense(2, name="j")(b)}, name="inner")
    ends = inner({"x": image, "y": extra})
    difference = layers.Subtract(name="difference")([ends["one"], ends["two"]])
    model = k.Model({"image": image, "extra": extra}, {"difference": difference})
    model.save(tmp_path / "model.h5", format="keras2")
    config = json_of(tmp_path / "model.h5", "model_config")["config"]
    inside = next(layer for layer in config["layers"] if layer["name"] == "inner")
    assert inside["inbound_nodes"] == [{"x": ["image", 0, 0, {}], "y": ["extra", 0, 0, {}]}]
    assert inside["config"]["output_layers"] == {"one": ["i", 0, 0], "two": ["j", 0, 0]}
    assert config["output_layers"] == {"difference": ["difference", 0, 0]}
    again, rng = k.models.load_model(tmp_path / "model.h5"), np.random.default_rng(0)
    x = {"image": rng.normal(size=(3, 2)), "extra": rng.normal(size=(3, 2))}
    expected = model.predict(x, verbose=0)["difference"]
    np.testing.assert_array_equal(again.predict(x, verbose=0)["difference"], expected)
    in_order = again.predict([x["extra"], x["image"]], verbose=0)  # as Keras 2 took them
    np.testing.assert_array_equal(in_order["difference"], expected)


def test_a_layer_as_an_activation(tmp_path):
    model = k.Sequential([k.Input((3,)), layers.Dense(2, activation=layers.LeakyReLU(0.1))])
    model.save(tmp_path / "model.keras", format="keras2")
    x = np.array([[1.0, -2.0, 3.0]])
    np.testing.assert_array_equal(k.models.load_model(tmp_path / "model.keras")(x), model(x))


def test_metrics_of_outputs_that_have_none(tmp_path):
    """Keras 2 wrote a list of None for these."""
    model_of_models().save(tmp_path / "model.h5", format="keras2")
    with h5py.File(tmp_path / "model.h5", "a") as file:
        training = json.loads(file.attrs["training_config"])
        training["metrics"] = [["mae"], [None]]
        file.attrs["training_config"] = json.dumps(training)
    model = k.models.load_model(tmp_path / "model.h5")
    x, y = data()
    assert set(model.evaluate(x, y, return_dict=True, verbose=0)) >= {"loss", "a_mae"}


class Own(k.Model):
    """Layers in a list, beside others."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.blocks = [layers.Dense(3), layers.Dense(3)]
        self.stem = layers.Dense(3)

    def call(self, x):
        for layer in (self.stem, *self.blocks):
            x = layer(x)
        return x


def test_a_subclass_for_keras_2(tmp_path):
    model, x = Own(), np.ones((2, 3), "float32")
    y = model(x)
    model.save(tmp_path / "model.keras", format="keras2")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        content = archive.read("model.weights.h5")
    with h5py.File(io.BytesIO(content)) as file:
        assert sorted(file["layers"]) == ["dense", "dense_1"] and "stem" in file
    np.testing.assert_array_equal(k.models.load_model(tmp_path / "model.keras", custom_objects={"Own": Own})(x), y)


class Twice(layers.Layer):
    def call(self, inputs):
        return inputs * 2


class OwnGraph(k.Model):
    """A functional model of a class of its own."""


@pytest.fixture
def registered():
    """A decorator that registers classes for one test."""
    known = k.saving.get_custom_objects()
    before = dict(known)
    yield k.saving.register_keras_serializable("mine")
    known.clear()
    known.update(before)


@pytest.mark.parametrize("format", ["keras2", "keras3"])
def test_classes_of_the_user_in_hdf5_files(tmp_path, registered, format):
    """Keras 2 finds them by the name that they are registered under; Keras 3 so finds that of the whole model."""
    x = k.Input((3,))
    model = registered(OwnGraph)(x, layers.Dense(2)(registered(Twice)()(x)))
    model.save(tmp_path / "model.h5", format=format)
    with h5py.File(tmp_path / "model.h5") as file:
        encoding = json.loads(file.attrs["model_config"])
    assert encoding["class_name"] == "mine>OwnGraph"
    assert encoding["config"]["layers"][1]["class_name"] == ("mine>Twice" if format == "keras2" else "Twice")
    again = k.models.load_model(tmp_path / "model.h5")
    assert [type(again), type(again.layers[1])] == [OwnGraph, Twice]
    np.testing.assert_array_equal(again.predict(np.ones((1, 3)), verbose=0), model.predict(np.ones((1, 3)), verbose=0))
