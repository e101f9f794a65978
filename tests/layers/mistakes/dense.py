"""Mistakes with dense layers."""

import numpy as np

from tests.layers.mistakes.mistake import IMAGE, Mistake, called_twice, wrong_argument


def positive_units(value):
    return f"Received an invalid value for `units`, expected a positive integer. Received: units={value}"


DENSE = [
    wrong_argument("units=0", lambda L: L.Dense(0), positive_units(0)),
    wrong_argument("units=-2", lambda L: L.Dense(-2), positive_units(-2)),
    wrong_argument("units=2.0", lambda L: L.Dense(2.0), positive_units(2.0)),
    wrong_argument("units='3'", lambda L: L.Dense("3"), positive_units(3)),
    wrong_argument("units=None", lambda L: L.Dense(None), positive_units(None)),
    Mistake("lora_rank", lambda L: L.Dense(3, lora_rank=2), NotImplementedError, "`lora_rank` is not supported.", None),
    Mistake(
        "quantization_config",
        lambda L: L.Dense(3, quantization_config={}),
        NotImplementedError,
        "`quantization_config` is not supported.",
        None,
    ),
    wrong_argument(
        "activation typo",
        lambda L: L.Dense(3, activation="rellu"),
        "Could not interpret activation function identifier: rellu",
    ),
    wrong_argument(
        "initializer typo", lambda L: L.Dense(3, kernel_initializer="foo"), "Could not interpret initializer identifier: foo"
    ),
    wrong_argument(
        "regularizer typo", lambda L: L.Dense(3, bias_regularizer="foo"), "Could not interpret regularizer identifier: foo"
    ),
    wrong_argument(
        "constraint typo", lambda L: L.Dense(3, kernel_constraint="foo"), "Could not interpret constraint identifier: foo"
    ),
    wrong_argument(
        "dtype typo",
        lambda L: L.Dense(3, dtype="foo"),
        "Cannot convert 'foo' to a mixed precision DTypePolicy. Valid policies include 'mixed_float16', 'mixed_bfloat16', and "
        "the name of any float dtype such as 'float32'.",
    ),
    wrong_argument(
        "one axis",
        lambda L: L.Dense(3, name="layer")(np.zeros(3, "float32")),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected min_ndim=2, found ndim=1. "
        "Full shape received: (3,)",
    ),
    wrong_argument(
        "unknown features",
        lambda L: L.Dense(3, name="layer")(L.Input((None,))),
        "Shapes used to initialize variables must be fully-defined (no `None` dimensions). Received: shape=(None, 3) for "
        "variable path='layer/kernel'",
    ),
    wrong_argument(
        "other features",
        lambda L: called_twice(L.Dense(3, name="layer"), IMAGE, IMAGE[..., :2]),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected axis -1 of input shape to have "
        "value 3, but received input with shape (2, 4, 4, 2)",
    ),
]
