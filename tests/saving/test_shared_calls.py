"""Layers that are in several models of a file, as Keras reads them from ours."""

import numpy as np
import pytest

import convlayers as k
from convlayers import layers
from convlayers.saving.shared_calls import with_all_calls


def inputs():
    return k.Input((6, 6, 2))


def branch(shared, name):
    x = inputs()
    return k.Model(x, shared(layers.Conv2D(2, 1)(x)), name=name)


def in_two_branches():
    shared, x = layers.Conv2D(3, 3, name="shared"), inputs()
    return k.Model(x, layers.Add()([branch(shared, "one")(x), branch(shared, "other")(x)]))


def in_a_branch_and_beside_it():
    shared, x = layers.Conv2D(2, 3, padding="same", name="shared"), inputs()
    return k.Model(x, layers.Add()([branch(shared, "one")(x), shared(shared(x))]))


def called_several_times_in_each():
    shared = layers.Conv2D(2, 3, padding="same", name="shared")

    def twice(name):
        x = inputs()
        first = shared(x)
        return k.Model(x, [shared(layers.ReLU()(first)), first], name=name)

    x, one, other = inputs(), twice("one"), twice("other")
    return k.Model(x, [*one(x), *other(x), shared(x)])


def a_model_in_two_models():
    inner, x = branch(layers.Conv2D(3, 3), "inner"), inputs()
    models = []
    for name in ("one", "other"):
        y = inputs()
        models.append(k.Model(y, inner(layers.Conv2D(2, 1)(y)), name=name))
    return k.Model(x, layers.Add()([model(x) for model in models]))


def a_part_of_another_model():
    x, y = inputs(), inputs()
    features = layers.Conv2D(3, 3)(x)
    whole, part = k.Model(x, layers.Conv2D(3, 1)(features), name="whole"), k.Model(x, features, name="part")
    return k.Model(y, layers.Add()([whole(y), part(y)]))


MODELS = [in_two_branches, in_a_branch_and_beside_it, called_several_times_in_each, a_part_of_another_model]


@pytest.mark.parametrize("make", [*MODELS, a_model_in_two_models])
@pytest.mark.parametrize("format", ["keras3", "keras3.11"])
def test_shared_layers_are_one_in_keras(tmp_path, keras, make, format):
    model, x = make(), np.random.default_rng(0).normal(size=(3, 6, 6, 2)).astype("float32")
    expected = predictions(model, x)
    model.save(tmp_path / "model.keras", format=format)
    for library in (k, keras):
        again = library.models.load_model(tmp_path / "model.keras")
        assert len(again.trainable_variables) == len(model.trainable_variables)
        for one, other in zip(predictions(again, x), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def predictions(model, x):
    found = model.predict(x, verbose=0)
    return found if isinstance(found, list) else [found]


def test_training_goes_on(tmp_path, keras):
    model, x = in_two_branches(), np.random.default_rng(0).normal(size=(3, 6, 6, 2)).astype("float32")
    y = np.ones((3, 4, 4, 3), "float32")
    model.compile("adam", "mse")
    model.train_on_batch(x, y)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for _ in range(3):
        assert float(again.train_on_batch(x, y)) == pytest.approx(float(model.train_on_batch(x, y)), rel=1e-5)


@pytest.mark.parametrize("make", MODELS)
def test_calls_are_counted_in_each_model_again(tmp_path, make):
    model = make()
    model.save(tmp_path / "model.keras")
    again = k.models.load_model(tmp_path / "model.keras")
    assert again.to_json() == model.to_json()


def test_most_models_stay_as_they_are():
    encoding = k.saving.serialize_keras_object(k.Sequential([inputs(), layers.Conv2D(2, 3)]))
    assert with_all_calls(encoding) == encoding
    encoding = k.saving.serialize_keras_object(branch(layers.Conv2D(3, 3), "one"))
    assert with_all_calls(encoding) == encoding
