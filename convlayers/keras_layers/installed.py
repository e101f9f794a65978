"""The Keras that is installed, with a backend that shares memory with NumPy."""

import importlib

try:
    import keras
except ImportError as error:
    raise ImportError(
        "`convlayers.keras_layers` speeds up the layers of an installed Keras, and there is none: `pip install keras`. "
        "Without Keras, `convlayers.layers` has the same layers."
    ) from error

_BACKENDS = ("torch", "numpy")

if keras.backend.backend() not in _BACKENDS:
    raise ImportError(
        "`convlayers.keras_layers` computes on the tensors of Keras's backends 'torch' and 'numpy', which are NumPy arrays as "
        f"well. Received: keras.backend.backend()={keras.backend.backend()!r}. "
        "Set the environment variable KERAS_BACKEND to one of them before Keras is imported."
    )

# `fits` and `compute` for the tensors of this backend.
tensors = importlib.import_module(f"convlayers.keras_layers.{keras.backend.backend()}_tensors")
