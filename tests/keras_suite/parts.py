"""The parts of Keras's source whose tests are run."""

import importlib.util

PARTS = [
    "activations",
    "applications/imagenet_utils_test.py",
    "callbacks",
    "constraints",
    "dtype_policies",
    "initializers",
    "layers/activations",
    "layers/convolutional",
    "layers/core",
    "layers/layer_test.py",
    "layers/merging",
    "layers/normalization",
    "layers/pooling",
    "layers/preprocessing",
    "layers/regularization",
    "layers/reshaping",
    "layers/rnn/time_distributed_test.py",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "random",
    "regularizers",
    "saving",
    "trainers",
    "utils",
    *(["wrappers"] if importlib.util.find_spec("sklearn") else []),
]
