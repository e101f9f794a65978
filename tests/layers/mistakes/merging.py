"""Mistakes with merging."""

from tests.layers.mistakes.mistake import IMAGE, wrong_argument

MERGING = [
    wrong_argument(
        "no list",
        lambda L: L.Add()(IMAGE),
        "A merge layer should be called on a list of inputs. Received: input_shape=(2, 4, 4, 3) (not a list of shapes)",
    ),
    wrong_argument(
        "an empty list",
        lambda L: L.Add()([]),
        "A merge layer should be called on a list of inputs. Received: input_shape=[] (not a list of shapes)",
        in_keras=None,
    ),
    wrong_argument(
        "other batch",
        lambda L: L.Add()([IMAGE, IMAGE[:1]]),
        "Cannot merge tensors with different batch sizes. Received tensors with shapes [(2, 4, 4, 3), (1, 4, 4, 3)]",
    ),
    wrong_argument(
        "other shape",
        lambda L: L.Multiply()([IMAGE, IMAGE[:, :3]]),
        "Inputs have incompatible shapes. Received shapes (4, 4, 3) and (3, 4, 3)",
    ),
    wrong_argument(
        "other symbolic shape",
        lambda L: L.Maximum()([L.Input((4, 3)), L.Input((2, 3))]),
        "Inputs have incompatible shapes. Received shapes (4, 3) and (2, 3)",
    ),
    wrong_argument(
        "three to subtract",
        lambda L: L.Subtract()([IMAGE] * 3),
        "A `Subtract` layer should be called on exactly 2 inputs. Received: "
        "input_shape=[(2, 4, 4, 3), (2, 4, 4, 3), (2, 4, 4, 3)]",
    ),
    wrong_argument(
        "Concatenate: no list",
        lambda L: L.Concatenate()(IMAGE),
        "A `Concatenate` layer should be called on a list of at least 1 input. Received: input_shape=(2, 4, 4, 3)",
    ),
    wrong_argument(
        "Concatenate: other shape",
        lambda L: L.Concatenate()([IMAGE, IMAGE[:, :3]]),
        "A `Concatenate` layer requires inputs with matching shapes except for the concatenation axis. Received: "
        "input_shape=[(2, 4, 4, 3), (2, 3, 4, 3)]",
    ),
    wrong_argument(
        "Concatenate: other rank",
        lambda L: L.Concatenate()([IMAGE, IMAGE[0]]),
        "A `Concatenate` layer requires inputs with matching shapes except for the concatenation axis. Received: "
        "input_shape=[(2, 4, 4, 3), (4, 4, 3)]",
    ),
    wrong_argument(
        "Concatenate: axis",
        lambda L: L.Concatenate(axis=7)([IMAGE, IMAGE]),
        "Axis 7 is out of bounds for input shape (2, 4, 4, 3). Received: axis=7",
        in_keras=None,
    ),
]
