"""Files that Keras wrote once: they are read without Keras."""

import pathlib

import numpy as np
import pytest

import convlayers as k

FILES = pathlib.Path(__file__).parent / "files"


@pytest.fixture(scope="module")
def expected():
    with np.load(FILES / "keras3_seq.npz") as arrays:
        return arrays["x"], arrays["y"]


def test_a_model(expected):
    x, y = expected
    model = k.models.load_model(FILES / "keras3_seq.keras")
    np.testing.assert_allclose(model.predict(x, verbose=0), y, atol=1e-6)
    assert model.optimizer.name == "adam"
    assert int(model.optimizer.iterations.numpy()) == 2
    assert len(model.optimizer.variables) == 2 + 2 * len(model.trainable_variables)
    assert all(variable.numpy().any() for variable in model.optimizer.variables)
    assert np.isfinite(model.evaluate(x, np.arange(len(x)) % 3, verbose=0)).all()


@pytest.mark.parametrize("name", ["keras3_seq.weights.h5", "keras3_seq.keras"])
def test_weights_alone(expected, name):
    x, y = expected
    model = k.models.load_model(FILES / "keras3_seq.keras", compile=False)
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    model.load_weights(FILES / name)
    np.testing.assert_allclose(model.predict(x, verbose=0), y, atol=1e-6)
