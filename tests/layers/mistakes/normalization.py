"""Mistakes with normalization."""

from tests.layers.mistakes.mistake import IMAGE, Mistake, called_twice, wrong_argument

NORMALIZATION = [
    wrong_argument(
        "axis out of bounds",
        lambda L: L.BatchNormalization(axis=4).compute_output_shape((2, 4, 4, 3)),
        "Axis 4 is out of bounds for input shape (2, 4, 4, 3). Received: axis=4",
    ),
    wrong_argument(
        "axis of an array out of bounds",
        lambda L: L.BatchNormalization(axis=4)(IMAGE),
        "Axis 4 is out of bounds for input shape (2, 4, 4, 3). Received: axis=4",
        in_keras=None,
    ),
    wrong_argument(
        "synchronized",
        lambda L: L.BatchNormalization(synchronized=True),
        "Argument synchronized=True is only supported with the TensorFlow backend.",
    ),
    Mistake(
        "renorm", lambda L: L.BatchNormalization(renorm=True), NotImplementedError, "`renorm=True` is not supported.", None
    ),
    wrong_argument(
        "unknown channels",
        lambda L: L.BatchNormalization(name="layer")(L.Input((None,))),
        "Shapes used to initialize variables must be fully-defined (no `None` dimensions). Received: shape=(None,) for "
        "variable path='layer/gamma'",
    ),
    wrong_argument(
        "other channels",
        lambda L: called_twice(L.BatchNormalization(name="layer"), IMAGE, IMAGE[..., :2]),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected axis -1 of input shape to have "
        "value 3, but received input with shape (2, 4, 4, 2)",
    ),
    wrong_argument(
        "other rank",
        lambda L: called_twice(L.BatchNormalization(name="layer"), IMAGE, IMAGE[0]),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected ndim=4, found ndim=3. "
        "Full shape received: (4, 4, 3)",
    ),
]
