"""Mistakes with inputs of any layer."""

import numpy as np

from tests.layers.mistakes.mistake import IMAGE, Mistake, wrong_argument

INPUTS = [
    wrong_argument("objects", lambda L: L.MaxPooling2D(2)(IMAGE.astype(object)), "Invalid dtype: object"),
    wrong_argument(
        "a string",
        lambda L: L.Flatten()("abc"),
        "Only input tensors may be passed as positional arguments. The following argument value should be passed as a "
        "keyword argument: abc (of type <class 'str'>)",
    ),
    wrong_argument(
        "None",
        lambda L: L.Flatten(name="layer")(None),
        "Inputs to a layer should be tensors. Got 'None' (of type <class 'NoneType'>) as input for layer 'layer'.",
    ),
    Mistake("nothing", lambda L: L.Flatten()(), TypeError, "missing a required argument: 'inputs'", TypeError),
    wrong_argument("a ragged list", lambda L: L.Flatten()([[1.0], [1.0, 2.0]]), "A list given as an input is ragged", None),
    wrong_argument(
        "a scalar",
        lambda L: L.Flatten(name="layer")(np.float32(3)),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected min_ndim=1, found ndim=0. "
        "Full shape received: ()",
    ),
]
