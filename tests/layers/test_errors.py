"""Bad arguments and bad inputs: Keras's exception and first line, and then what to do.

Each row is checked twice: that we raise it, and that Keras does.
"""

import re
from dataclasses import dataclass

import numpy as np
import pytest

from convlayers import layers

IMAGE = np.zeros((2, 4, 4, 3), "float32")


@dataclass(frozen=True)
class Mistake:
    """Something that must raise.

    Attributes:
        make: function of `convlayers.layers` or `keras.layers`.
        error: the exception.
        line: the first line of its message.
        in_keras: what Keras raises; None where it raises nothing, or only what its backend happens to.
    """

    what: str
    make: callable
    error: type
    line: str
    in_keras: type | None = Exception

    def __str__(self):
        return self.what


def wrong_argument(what, make, line, in_keras=ValueError):
    return Mistake(what, make, ValueError, line, in_keras)


def window(name, value, why=""):
    return f"The `{name}` argument must be a tuple of 2 integers. Received {name}={value}{why}"


NOT_ABOVE_ZERO = ", including values {{{}}} that do not satisfy `value > 0`"

POOLING = [
    wrong_argument("pool_size=0", lambda L: L.MaxPooling2D(0), window("pool_size", 0, NOT_ABOVE_ZERO.format(0))),
    wrong_argument("pool_size=-1", lambda L: L.AveragePooling2D(-1), window("pool_size", -1, NOT_ABOVE_ZERO.format(-1))),
    wrong_argument("pool_size=2.0", lambda L: L.MaxPooling2D(2.0), window("pool_size", 2.0)),
    wrong_argument("pool_size=nan", lambda L: L.MaxPooling2D(float("nan")), window("pool_size", "nan")),
    wrong_argument("pool_size=None", lambda L: L.MaxPooling2D(None), window("pool_size", None)),
    wrong_argument("pool_size of 3", lambda L: L.MaxPooling2D((2, 2, 2)), window("pool_size", (2, 2, 2))),
    wrong_argument(
        "pool_size of a float",
        lambda L: L.MaxPooling2D((2, 2.5)),
        window("pool_size", (2, 2.5), ", including element 2.5 of type <class 'float'>"),
        in_keras=None,
    ),
    wrong_argument(
        "pool_size of strings",
        lambda L: L.MaxPooling2D("ab"),
        window("pool_size", "ab", ", including element a of type <class 'str'>"),
        in_keras=None,  # It forgets the comma.
    ),
    wrong_argument("strides=-1", lambda L: L.MaxPooling2D(2, strides=-1), window("strides", -1, NOT_ABOVE_ZERO.format(-1)), None),
    wrong_argument("strides=0", lambda L: L.MaxPooling2D(2, strides=0), window("strides", 0, NOT_ABOVE_ZERO.format(0)), None),
    wrong_argument(
        "padding typo",
        lambda L: L.MaxPooling2D(2, padding="smae")(L.Input((4, 4, 3))),
        "Argument `padding` must be either 'valid' or 'same'. Received: padding=smae",
    ),
    wrong_argument(
        "padding=1", lambda L: L.MaxPooling2D(2, padding=1), "Argument `padding` must be either 'valid' or 'same'. Received: padding=1", None
    ),
    wrong_argument(
        "data_format",
        lambda L: L.MaxPooling2D(2, data_format="NCHW"),
        "The `data_format` argument must be one of {'channels_first', 'channels_last'}. Received: data_format=nchw",
    ),
    Mistake(
        "no pool_size",
        lambda L: L.AveragePooling2D(),
        TypeError,
        "missing 1 required positional argument: 'pool_size'",
        TypeError,
    ),
    wrong_argument(
        "unknown argument",
        lambda L: L.MaxPooling2D(border_mode="same"),
        "Unrecognized keyword arguments passed to MaxPooling2D: {'border_mode': 'same'}",
    ),
    wrong_argument(
        "window larger than the input",
        lambda L: L.MaxPooling2D(5)(L.Input((4, 4, 3))),
        "Computed output size would be zero or negative. Received: `inputs.shape=[None 4 4 3]`, `pool_size=[5 5]`, "
        "`strides=(5, 5)`, `padding=valid`.",
    ),
    wrong_argument(
        "window larger than the array",
        lambda L: L.MaxPooling2D(5)(IMAGE),
        "Computed output size would be zero or negative. Received: `inputs.shape=[2 4 4 3]`, `pool_size=[5 5]`, "
        "`strides=(5, 5)`, `padding=valid`.",
        in_keras=None,
    ),
    wrong_argument(
        "wrong rank",
        lambda L: L.MaxPooling2D(2, name="layer")(IMAGE[0]),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected ndim=4, found ndim=3. "
        "Full shape received: (4, 4, 3)",
    ),
    wrong_argument(
        "global pooling: wrong rank",
        lambda L: L.GlobalMaxPooling1D(name="layer")(IMAGE),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected ndim=3, found ndim=4. "
        "Full shape received: (2, 4, 4, 3)",
    ),
    wrong_argument(
        "largest of nothing",
        lambda L: L.GlobalMaxPooling2D()(IMAGE[:, :0]),
        "Cannot compute the max of an empty tensor.",
    ),
]

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


def positive_units(value):
    return f"Received an invalid value for `units`, expected a positive integer. Received: units={value}"


def called_twice(layer, first, second):
    layer(first)
    layer(second)


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
        "activation typo", lambda L: L.Dense(3, activation="rellu"), "Could not interpret activation function identifier: rellu"
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

RESHAPING = [
    wrong_argument(
        "other size",
        lambda L: L.Reshape((5,))(IMAGE),
        "The total size of the tensor must be unchanged. Received: input_shape=(4, 4, 3), target_shape=(5,)",
    ),
    wrong_argument(
        "no divisor",
        lambda L: L.Reshape((5, -1))(IMAGE),
        "The total size of the tensor must be unchanged, however, the input size cannot by divided by the specified "
        "dimensions in target_shape. Received: input_shape=(4, 4, 3), target_shape=(5, -1)",
    ),
    wrong_argument(
        "symbolic other size",
        lambda L: L.Reshape((5,))(L.Input((4, 4, 3))),
        "The total size of the tensor must be unchanged. Received: input_shape=(4, 4, 3), target_shape=(5,)",
    ),
    wrong_argument(
        "two unknowns",
        lambda L: L.Reshape((-1, -1)),
        "There must be at most one unknown dimension (-1) in `target_shape`. Received: target_shape=(-1, -1).",
    ),
    wrong_argument(
        "negative size",
        lambda L: L.Reshape((-2,)),
        "Each dimension in `target_shape` must be a non-negative integer, or `-1` for a single unknown dimension. "
        "Received: target_shape=(-2,).",
    ),
    wrong_argument(
        "float size",
        lambda L: L.Reshape((2.5,)),
        "The `target_shape` argument must be a tuple of integers. Received target_shape=(2.5,), including element 2.5 of type "
        "<class 'float'>",
        in_keras=None,
    ),
    Mistake("no tuple", lambda L: L.Reshape(3), TypeError, "'int' object is not iterable", TypeError),
    wrong_argument(
        "Flatten: data_format",
        lambda L: L.Flatten(data_format="NHWC"),
        "The `data_format` argument must be one of {'channels_first', 'channels_last'}. Received: data_format=nhwc",
    ),
    wrong_argument(
        "padding of 3", lambda L: L.ZeroPadding2D((1, 2, 3)), "`padding` should have two elements. Received: padding=(1, 2, 3)."
    ),
    wrong_argument(
        "padding of a float",
        lambda L: L.ZeroPadding2D(1.5),
        "`padding` should be either an int, a tuple of 2 ints (symmetric_height_crop, symmetric_width_crop), or a tuple of 2 "
        "tuples of 2 ints ((top_crop, bottom_crop), (left_crop, right_crop)). Received: padding=1.5.",
    ),
    wrong_argument(
        "half a pair",
        lambda L: L.ZeroPadding2D(((1, 2), (1,))),
        "The `2nd entry of padding` argument must be a tuple of 2 integers. Received 2nd entry of padding=(1,)",
    ),
    wrong_argument(
        "negative padding",
        lambda L: L.ZeroPadding2D((1, -1)),
        "The `2nd entry of padding` argument must be a tuple of 2 integers. Received 2nd entry of padding=-1, including values "
        "{-1} that do not satisfy `value >= 0`",
    ),
    wrong_argument(
        "1-D: padding of a float",
        lambda L: L.ZeroPadding1D(1.5),
        "The `padding` argument must be a tuple of 2 integers. Received padding=1.5",
    ),
    wrong_argument(
        "1-D: padding of 3",
        lambda L: L.ZeroPadding1D((1, 2, 3)),
        "The `padding` argument must be a tuple of 2 integers. Received padding=(1, 2, 3)",
    ),
    wrong_argument(
        "3-D: padding of 2", lambda L: L.ZeroPadding3D((1, 2)), "`padding` should have 3 elements. Received: (1, 2)."
    ),
    wrong_argument(
        "3-D: padding of a float",
        lambda L: L.ZeroPadding3D(1.5),
        "`padding` should be either an int, a tuple of 3 ints (symmetric_dim1_pad, symmetric_dim2_pad, symmetric_dim3_pad), or "
        "a tuple of 3 tuples of 2 ints ((left_dim1_pad, right_dim1_pad), (left_dim2_pad, right_dim2_pad), (left_dim3_pad, "
        "right_dim2_pad)). Received: padding=1.5.",
    ),
]


def rate(value):
    return f"Invalid value received for argument `rate`. Expected a float value between 0 and 1. Received: rate={value}"


ACTIVATION = [
    wrong_argument("activation typo", lambda L: L.Activation("rellu"), "Could not interpret activation function identifier: rellu"),
    wrong_argument("activation number", lambda L: L.Activation(3), "Could not interpret activation function identifier: 3"),
    wrong_argument(
        "max_value=-1", lambda L: L.ReLU(-1), "max_value of a ReLU layer cannot be a negative value. Received: max_value=-1"
    ),
    wrong_argument(
        "negative_slope=-1",
        lambda L: L.ReLU(negative_slope=-1),
        "negative_slope of a ReLU layer cannot be None or a negative value. Received: negative_slope=-1",
    ),
    wrong_argument(
        "threshold=None",
        lambda L: L.ReLU(threshold=None),
        "threshold of a ReLU layer cannot be None or a negative value. Received: threshold=None",
    ),
    wrong_argument(
        "threshold=nan",
        lambda L: L.ReLU(threshold=float("nan")),
        "threshold of a ReLU layer cannot be None or a negative value. Received: threshold=nan",
        in_keras=None,
    ),
    wrong_argument(
        "mask of another shape",
        lambda L: L.Softmax()(IMAGE, mask=np.ones((2, 1, 1, 2), bool)),
        "The `mask` must be broadcastable to `inputs`. Each mask dimension must be 1 or match the corresponding input "
        "dimension. Received: inputs.shape=(2, 4, 4, 3), mask.shape=(2, 1, 1, 2)",
        in_keras=None,  # It prints the shapes of PyTorch.
    ),
    wrong_argument("rate=2", lambda L: L.Dropout(2), rate(2)),
    wrong_argument("rate=-0.1", lambda L: L.Dropout(-0.1), rate(-0.1)),
    wrong_argument("rate=nan", lambda L: L.Dropout(float("nan")), rate("nan")),
    wrong_argument(
        "noise_shape string",
        lambda L: L.Dropout(0.5, noise_shape="a"),
        "Invalid value received for argument `noise_shape`. Expected a tuple or list of integers. Received: noise_shape=a",
    ),
    wrong_argument(
        "noise_shape int",
        lambda L: L.Dropout(0.5, noise_shape=3),
        "Invalid value received for argument `noise_shape`. Expected an iterable of integers (e.g., a tuple or list). "
        "Received: noise_shape=3",
    ),
    wrong_argument(
        "noise_shape of 0",
        lambda L: L.Dropout(0.5, noise_shape=(0,)),
        "Invalid value received for argument `noise_shape`. Expected all dimensions to be positive integers or None. "
        "Received negative or zero value at index 0: 0",
    ),
    wrong_argument(
        "noise_shape of a float",
        lambda L: L.Dropout(0.5, noise_shape=(1.5,)),
        "Invalid value received for argument `noise_shape`. Expected all elements to be integers or None. Received element at "
        "index 0: 1.5 (type: float)",
    ),
    wrong_argument("seed", lambda L: L.Dropout(0.5, seed=1.5), "Argument `seed` must be an integer. Received: seed=1.5"),
]

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
    Mistake("renorm", lambda L: L.BatchNormalization(renorm=True), NotImplementedError, "`renorm=True` is not supported.", None),
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

PLACEHOLDERS = [
    wrong_argument("no shape", lambda L: L.Input(), "You must pass a `shape` argument."),
    wrong_argument(
        "two shapes",
        lambda L: L.Input((3,), batch_shape=(1, 3)),
        "You cannot pass both `shape` and `batch_shape` at the same time.",
    ),
    wrong_argument(
        "two batch sizes",
        lambda L: L.Input(batch_shape=(None, 3), batch_size=3),
        "You cannot pass both `batch_size` and `batch_shape` at the same time.",
    ),
    wrong_argument(
        "float batch size",
        lambda L: L.Input((3,), batch_size=2.5),
        "Cannot convert '(2.5, 3)' to a shape. Found invalid dimension '2.5' of type '<class 'float'>'. ",
    ),
    wrong_argument(
        "float size",
        lambda L: L.Input((3.5,)),
        "Cannot convert '(3.5,)' to a shape. Found invalid dimension '3.5' of type '<class 'float'>'. ",
    ),
    wrong_argument(
        "nan size",
        lambda L: L.Input((float("nan"),)),
        "Cannot convert '(nan,)' to a shape. Found invalid dimension 'nan' of type '<class 'float'>'. ",
    ),
    wrong_argument("an int", lambda L: L.Input(3), "Cannot convert '3' to a shape."),
    wrong_argument(
        "negative size", lambda L: L.Input((-3,)), "Cannot convert '(-3,)' to a shape. Negative dimensions are not allowed."
    ),
    wrong_argument("dtype typo", lambda L: L.Input((3,), dtype="flaot"), "Invalid dtype: flaot"),
    wrong_argument("sparse", lambda L: L.Input((3,), sparse=True), "`sparse=True` is not supported with the numpy backend", None),
    wrong_argument("ragged", lambda L: L.Input((3,), ragged=True), "`ragged=True` is not supported with the numpy backend", None),
    wrong_argument(
        "no tensor",
        lambda L: L.Input(tensor=3),
        "Argument `input_tensor` must be a KerasTensor. Received invalid type: input_tensor=3 (of type <class 'int'>)",
    ),
    wrong_argument(
        "another tensor",
        lambda L: L.Input((3,), tensor=L.Input((4,))),
        "When providing the `input_tensor` argument, you cannot provide an incompatible `shape` argument.",
    ),
]

CONVOLUTION = [
    wrong_argument("filters=0", lambda L: L.Conv2D(0, 3), "Invalid value for argument `filters`. Expected a strictly positive value. Received filters=0."),
    wrong_argument("kernel_size=0", lambda L: L.Conv2D(4, 0), window("kernel_size", 0, NOT_ABOVE_ZERO.format(0))),
    wrong_argument("strides=0", lambda L: L.Conv2D(4, 3, strides=0), window("strides", 0, NOT_ABOVE_ZERO.format(0))),
    wrong_argument("kernel_size=nan", lambda L: L.Conv2D(4, float("nan")), window("kernel_size", "nan")),
    wrong_argument(
        "groups=0", lambda L: L.Conv2D(4, 3, groups=0), "The number of groups must be a positive integer. Received: groups=0."
    ),
    wrong_argument(
        "groups that do not divide filters",
        lambda L: L.Conv2D(5, 3, groups=2),
        "The number of filters must be evenly divisible by the number of groups. Received: groups=2, filters=5.",
    ),
    wrong_argument(
        "groups that do not divide channels",
        lambda L: L.Conv2D(4, 3, groups=2)(IMAGE),
        "The number of input channels must be evenly divisible by the number of groups. Received groups=2, but the input has 3 "
        "channels (full input shape is (2, 4, 4, 3)).",
    ),
    wrong_argument(
        "stride with dilation",
        lambda L: L.Conv2D(4, 3, strides=2, dilation_rate=2),
        "`strides > 1` not supported in conjunction with `dilation_rate > 1`. Received: strides=(2, 2) and dilation_rate=(2, 2)",
    ),
    wrong_argument(
        "kernel larger than the input",
        lambda L: L.Conv2D(4, 5)(IMAGE),
        "Computed output size would be zero or negative. Received `inputs shape=(2, 4, 4, 3)`, `kernel shape=(5, 5, 3, 4)`, "
        "`dilation_rate=[1 1]`, `strides=(1, 1)`, `padding=valid`.",
    ),
    wrong_argument(
        "wrong rank",
        lambda L: L.Conv2D(4, 3, name="layer")(IMAGE[0]),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected min_ndim=4, found ndim=3. "
        "Full shape received: (4, 4, 3)",
    ),
    wrong_argument(
        "other channels",
        lambda L: called_twice(L.Conv2D(4, 3, name="layer"), IMAGE, IMAGE[..., :2]),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected axis -1 of input shape to have "
        "value 3, but received input with shape (2, 4, 4, 2)",
    ),
    wrong_argument(
        "padding typo in 1-D",
        lambda L: L.Conv1D(4, 3, padding="smae"),
        "The `padding` argument must be a list/tuple or one of {'valid', 'same', 'causal'}. Received: smae",
        in_keras=None,  # The order of the set varies.
    ),
]

MISTAKES = [
    *POOLING, *INPUTS, *DENSE, *RESHAPING, *ACTIVATION, *NORMALIZATION, *MERGING, *PLACEHOLDERS, *CONVOLUTION
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_first_line(mistake):
    with pytest.raises(mistake.error) as caught:
        mistake.make(layers)
    assert type(caught.value) is mistake.error
    first_line = str(caught.value).split("\n")[0]
    if mistake.error is ValueError and mistake.in_keras:
        assert first_line.rstrip() == mistake.line.rstrip()
    else:
        assert mistake.line in first_line


@pytest.mark.parametrize("mistake", [mistake for mistake in MISTAKES if mistake.in_keras], ids=str)
def test_keras_says_the_same(mistake, keras):
    with pytest.raises(mistake.in_keras) as caught:
        mistake.make(keras.layers)
    # Keras prints what is raised in a call in bold, between other lines.
    message = re.sub("\x1b\\[\\d*m", "", str(caught.value))
    assert mistake.line in message


@pytest.mark.parametrize(
    ("layer", "mended"),
    [
        (lambda: layers.MaxPooling2D(border_mode="same"), "padding"),
        (lambda: layers.Dense(3, activation="rellu"), "relu"),
        (lambda: layers.MaxPooling2D(5)(IMAGE), "padding='same'"),
        (lambda: layers.MaxPooling2D(2)(IMAGE[0]), "x[None]"),
        (lambda: layers.Add()(IMAGE), "layer([a, b])"),
        (lambda: layers.Dense(4 / 2), "integer"),
        (lambda: layers.Input(28), "(28,)"),
    ],
)
def test_the_message_says_how_to_mend_it(layer, mended):
    with pytest.raises(ValueError) as caught:
        layer()
    assert mended in str(caught.value)


@pytest.mark.parametrize(
    ("layer", "good", "bad"),
    [
        (layers.Dense(3), IMAGE, IMAGE[..., :2]),
        (layers.Conv2D(3, 2), IMAGE, IMAGE[..., :2]),
        (layers.Conv2D(3, 2), IMAGE, IMAGE[:, :1]),
        (layers.BatchNormalization(), IMAGE, IMAGE[0]),
        (layers.BatchNormalization(), IMAGE, IMAGE.astype(object)),
    ],
    ids=str,
)
def test_a_failed_call_changes_nothing(layer, good, bad):
    with pytest.raises((ValueError, TypeError)):
        layer(bad.astype(object), training=True)
    assert not layer.built
    assert layer.weights == []
    layer(good)
    before = layer.get_weights()
    with pytest.raises(ValueError):
        layer(bad, training=True)
    for value, after in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(after, value)


def test_a_failed_build_leaves_no_weights():
    layer = layers.Conv2D(4, 5)
    with pytest.raises(ValueError, match="zero or negative"):
        layer(IMAGE)
    assert not layer.built
    assert layer.weights == []
    assert layer(np.zeros((1, 5, 5, 3), "float32")).shape == (1, 1, 1, 4)
