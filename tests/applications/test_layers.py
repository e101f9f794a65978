"""The layers that only known networks have."""

import subprocess
import sys

import numpy as np
import pytest

from convlayers import serialization
from convlayers.applications.convnext import LayerScale, StochasticDepth
from convlayers.applications.inception_resnet_v2 import CustomScaleLayer


def test_files_find_them_before_applications_are_imported():
    script = """
import sys
from convlayers import models, serialization
assert "convlayers.applications" not in sys.modules
for module in ("keras.src.applications.convnext", "keras.applications.convnext", ""):
    config = {"class_name": "LayerScale", "config": {"init_values": 1, "projection_dim": 2}, "module": module}
    layer = serialization.deserialize_keras_object({**config, "registered_name": "LayerScale"})
    assert type(layer).__name__ == "LayerScale", module
"""
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    ("layer", "module"),
    [
        (LayerScale(0.5, 3), "keras.src.applications.convnext"),
        (StochasticDepth(0.25), "keras.src.applications.convnext"),
        (CustomScaleLayer(0.1), "keras.src.applications.inception_resnet_v2"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_config_as_in_keras(keras, layer, module):
    encoded = serialization.serialize_keras_object(layer)
    assert (encoded["module"], encoded["registered_name"]) == (module, type(layer).__name__)
    peer = keras.saving.deserialize_keras_object(encoded)
    assert type(serialization.deserialize_keras_object(keras.saving.serialize_keras_object(peer))) is type(layer)


def test_stochastic_depth():
    x = np.ones((4000, 2, 3), "float32")
    layer = StochasticDepth(0.25)
    np.testing.assert_array_equal(layer(x), x)
    y = layer(x, training=True)
    samples = y[:, 0, 0]
    np.testing.assert_array_equal(y, np.broadcast_to(samples[:, None, None], y.shape))
    assert set(np.unique(samples)) == {0.0, np.float32(1 / 0.75)}
    assert abs(samples.mean() - 1) < 0.05


def test_scales():
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(LayerScale(0.5, 3)(x), 0.5 * x)
    np.testing.assert_allclose(CustomScaleLayer(0.1)([x, 2 * x]), 1.2 * x, rtol=1e-6)
