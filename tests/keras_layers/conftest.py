import os
import subprocess
import sys
from pathlib import Path

import pytest

import convlayers


@pytest.fixture
def fast(keras):
    """The module `convlayers.keras_layers`, where Keras computes on PyTorch."""
    if keras.backend.backend() != "torch":
        pytest.skip("Keras has another backend.")
    from convlayers import keras_layers

    return keras_layers


@pytest.fixture
def computed(fast, monkeypatch):
    """A list to which each computation on kernels adds the function that it computes."""
    from convlayers.keras_layers.installed import tensors

    functions, compute = [], tensors.compute

    def noted(function, *arguments):
        functions.append(function)
        return compute(function, *arguments)

    monkeypatch.setattr(tensors, "compute", noted)
    return functions


@pytest.fixture
def python(tmp_path):
    """Runs code in a fresh Python with a backend of Keras, and returns the process that has finished."""

    def run(code, backend):
        environment = {**os.environ, "PYTHONPATH": str(Path(convlayers.__file__).parents[1]), "KERAS_BACKEND": backend}
        return subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
        )

    return run
