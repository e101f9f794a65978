"""convlayers: Keras CNNs on a CPU without TensorFlow.

The names are Keras's. A script runs with only its import changed:

    import convlayers as keras
    from convlayers import layers

A part is imported when it is first asked for, so that `import convlayers` costs next to nothing.
"""

from convlayers.lazy_imports import lazy_names

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
    "visualization",
    "wrappers",
]

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    _MODULES,
    dtype_policies="DTypePolicy FloatDTypePolicy",
    initializers="Initializer",
    layers="Input InputSpec Layer",
    losses="Loss",
    metrics="Metric",
    models="Model Sequential",
    optimizers="Optimizer",
    regularizers="Regularizer",
    scopes="device name_scope",
    scripts="install_as_keras",
    symbolic="KerasTensor",
    variables="Variable",
)
# It needs an installed Keras, which `from convlayers import *` does not.
__all__.remove("keras_layers")


def version():
    """Returns the version of this package."""
    return __version__
