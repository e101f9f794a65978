"""Layers with the `hard_sigmoid` of Keras 1 and 2 are written for Keras 3 as other layers, and for Keras 2 as they were."""

import json

import numpy as np
import pytest

import convlayers as k
from convlayers import layers
from convlayers.saving.encodings import objects_in
from tests.saving.test_formats import read

FIRST = "hard_sigmoid_of_keras2"
X = np.random.default_rng(0).normal(0, 2, (3, 6, 6, 2)).astype("float32")


def compiled(model):
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=weight.shape) for weight in model.get_weights()])
    model.compile("sgd", "mse")
    return model


def stack(end=()):
    first = [k.Input(X.shape[1:]), layers.SeparableConv2D(3, 3, activation=FIRST), layers.MaxPooling2D(2)]
    return compiled(k.Sequential([*first, layers.Flatten(), layers.Dense(2, activation=FIRST, name="out"), *end]))


def graph():
    """A layer that is called twice, names that are taken, several outputs, a model in the model."""
    x = k.Input(X.shape[1:])
    conv = layers.Conv2D(2, 3, padding="same", activation=FIRST, activity_regularizer="l2", name="conv")
    y = layers.Add(name="conv_clip")([conv(conv(x)), x])
    y = layers.Activation(FIRST, name="conv_line")(y)
    inner = layers.Dense(2, activation=FIRST)
    return compiled(k.Model(x, [y, k.Sequential([k.Input((72,)), inner])(layers.Flatten()(y)), conv(y)]))


def predict(model):
    found = model.predict(X, verbose=0)
    return found if isinstance(found, list) else [found]


def check(again, model):
    for one, other in zip(predict(again), predict(model), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def activations_in(path):
    return {part["config"]["activation"] for part in objects_in(read(path)) if "activation" in part["config"]}


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("make", [stack, graph])
def test_keras_3_computes_the_same(keras, tmp_path, make, ending):
    model, path = make(), tmp_path / f"model.{ending}"
    model.save(path)
    assert activations_in(path) == {"linear"}
    for library in (k, keras):
        check(library.models.load_model(path), model)


@pytest.mark.parametrize("make", [stack, graph])
def test_training_goes_on_there(keras, tmp_path, make):
    model = make()
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    y = [np.full_like(prediction, 0.2) for prediction in predict(model)]
    losses = [np.ravel(one.train_on_batch(X, y if len(y) > 1 else y[0]))[0] for one in (again, model)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for one, other in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("format, name", [("keras2", "hard_sigmoid"), ("convlayers", FIRST)])
def test_other_formats_have_it(tmp_path, ending, format, name):
    model, path = stack(), tmp_path / f"model.{ending}"
    model.save(path, format=format)
    assert activations_in(path) == {name}
    again = k.models.load_model(path)
    assert again.get_layer("out").activation is k.activations.hard_sigmoid_of_keras2
    check(again, model)


def test_copies_have_it():
    model = graph()
    clone = k.models.clone_model(model)
    clone.set_weights(model.get_weights())
    check(clone, model)
    assert json.loads(model.to_json())["config"]["layers"][1]["config"]["activation"] == FIRST


def test_todays_function_is_another():
    x = np.linspace(-4, 4, 50, dtype="float32")
    np.testing.assert_allclose(k.activations.get(FIRST)(x), np.clip(0.2 * x + 0.5, 0, 1), atol=1e-7)
    assert abs(k.activations.get(FIRST)(x) - k.activations.get("hard_sigmoid")(x)).max() > 0.07


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_a_layer_in_a_layer_is_refused(tmp_path, ending):
    model = stack(end=[layers.Reshape((1, 2)), layers.TimeDistributed(layers.Dense(1, activation=FIRST, name="within"))])
    with pytest.raises(ValueError, match="Keras has nothing that does what 'within' does, a Dense: its activation is the"):
        model.save(tmp_path / f"model.{ending}")
    model.save(tmp_path / f"model.{ending}", format="keras2")
    check(k.models.load_model(tmp_path / f"model.{ending}"), model)
