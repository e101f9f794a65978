"""Mistakes with merging."""

from tests.layers.mistakes.mistake import IMAGE, Mistake, wrong_argument

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
        "more axes in the second",
        lambda L: L.Add()([IMAGE[:, 0], IMAGE[:, :3, :3]]),
        "Inputs have incompatible shapes. Received shapes (3, 3, 3) and (4, 3)",
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
    Mistake(
        "Dot: axes='a'",
        lambda L: L.Dot("a"),
        TypeError,
        "Invalid type for argument `axes`: it should be a list or an int. Received: axes=a",
        TypeError,
    ),
    wrong_argument(
        "Dot: three axes",
        lambda L: L.Dot((1, 2, 3)),
        "Invalid format for argument `axes`: it should contain two elements. Received: axes=(1, 2, 3)",
    ),
    wrong_argument(
        "Dot: half an axis",
        lambda L: L.Dot((1, 1.5)),
        "Invalid format for argument `axes`: list elements should be integers. Received: axes=(1, 1.5)",
    ),
    wrong_argument(
        "Dot: three inputs",
        lambda L: L.Dot(1)([IMAGE] * 3),
        "A `Dot` layer should be called on a list of 2 inputs. Received: "
        "input_shape=[(2, 4, 4, 3), (2, 4, 4, 3), (2, 4, 4, 3)]",
    ),
    wrong_argument(
        "Dot: other sizes",
        lambda L: L.Dot((1, 3))([IMAGE, IMAGE]),
        "Incompatible input shapes: axis values 4 (at axis 1) != 3 (at axis 3). Full input shapes: (2, 4, 4, 3), (2, 4, 4, 3)",
    ),
    wrong_argument(
        "Dot: other sizes, counted from behind",
        lambda L: L.Dot((-3, -1))([IMAGE, IMAGE]),
        "Incompatible input shapes: axis values 4 (at axis -3) != 3 (at axis -1). Full input shapes: (2, 4, 4, 3), "
        "(2, 4, 4, 3)",
    ),
    wrong_argument(
        "Dot: other sizes on the last axes",
        lambda L: L.Dot(-1)([IMAGE, IMAGE[..., :2]]),
        "Incompatible input shapes: axis values 3 (at axis 3) != 2 (at axis 3). Full input shapes: (2, 4, 4, 3), (2, 4, 4, 2)",
    ),
    wrong_argument(
        "Dot: the batch",
        lambda L: L.Dot(0)([IMAGE, IMAGE]),
        "Cannot perform batch_dot over axis 0. If your inputs are not batched, add a dummy batch dimension to your inputs "
        "using keras.ops.expand_dims(x, 0)",
    ),
]
