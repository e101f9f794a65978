"""Which Keras will do."""

import pytest

PREDICT = """
import keras
import numpy as np
from convlayers import keras_layers

def network(layers):
    return keras.Sequential([
        keras.Input((12, 12, 3)),
        layers.Conv2D(8, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.DepthwiseConv2D(3, padding="same"),
        layers.SeparableConv2D(5, 3, padding="same", activation="sigmoid"),
        layers.Conv2DTranspose(4, 2, strides=2),
        layers.AveragePooling2D(3, padding="same"),
        layers.GlobalMaxPooling2D(),
    ])

from convlayers.keras_layers.installed import tensors
calls, compute = [], tensors.compute
tensors.compute = lambda *arguments: calls.append(arguments) or compute(*arguments)
theirs, ours = network(keras.layers), network(keras_layers)
ours.set_weights(theirs.get_weights())
x = np.random.default_rng(0).normal(size=(4, 12, 12, 3)).astype("float32")
expected = theirs.predict(x, verbose=0)
calls.clear()
np.testing.assert_allclose(ours.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-5)
assert len(calls) == 7, len(calls)
np.testing.assert_allclose(keras_layers.convert(theirs).predict(x, verbose=0), expected, rtol=1e-4, atol=1e-5)
print("as Keras")
"""


def test_the_numpy_backend_predicts(python):
    finished = python(PREDICT, backend="numpy")
    if "ModuleNotFoundError" in finished.stderr:
        pytest.skip("Keras's numpy backend needs what is not installed.")
    assert finished.stdout.strip().endswith("as Keras"), finished.stderr


def test_other_backends_are_refused(python, keras):
    code = """
import keras
keras.backend.backend = lambda: "jax"
import convlayers
try:
    convlayers.keras_layers
except ImportError as error:
    print(error)
"""
    message = python(code, backend="torch").stdout
    assert "backends 'torch' and 'numpy'" in message
    assert "Received: keras.backend.backend()='jax'" in message
    assert "KERAS_BACKEND" in message


def test_without_keras(python):
    code = """
import sys
sys.modules["keras"] = None
import convlayers
try:
    convlayers.keras_layers
except ImportError as error:
    print(error)
"""
    assert "pip install keras" in python(code, backend="torch").stdout


def test_convlayers_alone_imports_no_keras(python):
    code = """
import sys
import convlayers
convlayers.layers, convlayers.models
print("keras" in sys.modules, "torch" in sys.modules)
"""
    assert python(code, backend="torch").stdout.split() == ["False", "False"]
