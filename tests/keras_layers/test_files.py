"""Files say nothing of our layers: Keras alone reads them."""

import numpy as np
import pytest

READ = """
import sys
import keras
import numpy as np

model = keras.models.load_model({path!r})
assert "convlayers" not in sys.modules
np.save({path!r} + ".npy", model.predict(np.load({path!r} + ".inputs.npy"), verbose=0))
"""


@pytest.fixture
def model(keras, fast):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((10, 10, 3)),
            fast.Conv2D(4, 3, activation="relu", name="first"),
            fast.MaxPooling2D(),
            fast.SeparableConv2D(6, 3),
            fast.Conv2DTranspose(2, 3, strides=2),
            fast.GlobalAveragePooling2D(),
        ]
    )
    model.compile("adam", keras.losses.MeanSquaredError())
    return model


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(4, 10, 10, 3)).astype("float32")


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_keras_reads_what_it_saves(python, model, x, tmp_path, ending):
    path = str(tmp_path / f"model.{ending}")
    model.fit(x, np.zeros((4, 2)), verbose=0)
    model.save(path)
    np.save(path + ".inputs.npy", x)
    finished = python(READ.format(path=path), backend="torch")
    assert finished.returncode == 0, finished.stderr
    np.testing.assert_allclose(np.load(path + ".npy"), model.predict(x, verbose=0), rtol=1e-4, atol=1e-5)


def test_what_is_loaded_can_be_converted(keras, fast, model, x, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.layers[0]) is keras.layers.Conv2D
    assert type(fast.convert(loaded).layers[0]) is fast.Conv2D
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5, atol=1e-6)


def test_convlayers_reads_it_too(model, x, tmp_path):
    from convlayers import models

    model.save(tmp_path / "model.keras")
    loaded = models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-4, atol=1e-5)


def test_a_clone_is_as_fast(keras, fast, model):
    assert type(keras.models.clone_model(model).layers[0]) is fast.Conv2D


def test_configs_are_those_of_keras(keras, fast):
    configs = [keras.saving.serialize_keras_object(library.Conv2D(4, 3, name="a")) for library in (keras.layers, fast)]
    assert [config.pop("registered_name") for config in configs] == [None, "Conv2D"]
    assert configs[0] == configs[1]
