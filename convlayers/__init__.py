"""convlayers: Keras CNNs on a CPU without TensorFlow.

The names are Keras's. A script runs with only its import changed:

    import convlayers as keras
    from convlayers import layers

A part is imported when it is first asked for, so that `import convlayers` costs next to nothing.
"""

import importlib

__version__ = "0.1.0"

_MODULES = [
    "activations",
    "applications",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "dtype_policies",
    "initializers",
    "keras_layers",
    "layers",
    "losses",
    "metrics",
    "mindspore",
    "mixed_precision",
    "models",
    "ops",
    "optimizers",
    "preprocessing",
    "random",
    "regularizers",
    "saving",
    "utils",
]
_PLACES = {
    "DTypePolicy": "dtype_policies",
    "FloatDTypePolicy": "dtype_policies",
    "Initializer": "initializers",
    "Input": "layers",
    "InputSpec": "layers",
    "KerasTensor": "symbolic",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Model": "models",
    "Optimizer": "optimizers",
    "Regularizer": "regularizers",
    "Sequential": "models",
    "Variable": "variables",
    "install_as_keras": "scripts",
}

__all__ = [*_MODULES, *_PLACES]


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _PLACES:
        part = getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
        globals()[name] = part  # from now on an ordinary attribute
        return part
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
