"""What single layers do beyond the table."""

import numpy as np
import pytest

from convlayers import layers, serialization
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.signatures import with_defaults
from tests.layers.mistakes.mistake import message_in_call

X = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("float32")


# Names ----------------------------------------------------------------------------------------------------------------


def test_aliases_are_those_of_keras(keras):
    """Wherever Keras has two names for a layer, so have we."""
    for name, theirs in vars(keras.layers).items():
        if isinstance(theirs, type) and hasattr(layers, theirs.__name__):
            assert getattr(layers, name).__name__ == theirs.__name__
        elif callable(theirs) and name.lower() == name and hasattr(layers, name.capitalize()):
            assert callable(getattr(layers, name))


@pytest.mark.parametrize("name", ["MaxPooling2D", "MaxPool2D", "Convolution2D", "GlobalAvgPool1D", "BatchNormalization"])
def test_files_may_use_any_name(name):
    config = {"filters": 2, "kernel_size": 3} if name == "Convolution2D" else {}
    encoding = {"module": "keras.layers", "class_name": name, "config": config, "registered_name": None}
    layer = serialization.deserialize_keras_object(encoding)
    assert type(layer) is getattr(layers, name)
    written = serialization.serialize_keras_object(layer)
    assert (written["module"], written["class_name"]) == ("keras.layers", type(layer).__name__)


def test_other_defaults():
    class Base:
        def __init__(self, a, b=1, *, c=2, **kwargs):
            """Docstring."""
            super().__init__()
            self.values = a, b, c, kwargs

    class Leaf(Base):
        __init__ = with_defaults(Base.__init__, a=5, b=(1, 1))

    assert Leaf().values == (5, (1, 1), 2, {})
    assert Leaf(7, d=8).values == (7, (1, 1), 2, {"d": 8})
    assert Base(3).values == (3, 1, 2, {})
    assert Leaf.__init__.__doc__ == "Docstring."
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
        Base()


# Views ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", [layers.Flatten(), layers.Reshape((5, 12)), layers.Reshape((-1, 1))], ids=str)
def test_nothing_is_copied(layer):
    y, backward = layer.forward(X)
    assert np.shares_memory(y, X)
    assert np.shares_memory(backward(y), X)


# Softmax --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [-1, 1, [1, 3]])
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 3, 1, 5), (5,)])
def test_softmax_mask_is_that_of_keras(axis, shape, keras):
    mask = np.random.default_rng(1).random(shape) < 0.5
    expected = keras.ops.convert_to_numpy(keras.layers.Softmax(axis)(X, mask=mask))
    np.testing.assert_allclose(layers.Softmax(axis)(X, mask=mask), expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(layers.Softmax(axis)(X, mask=mask.astype("float32")), expected, rtol=1e-5, atol=1e-7)


def test_softmax_of_what_is_masked_completely_is_zero():
    assert not layers.Softmax()(X, mask=np.zeros(X.shape, bool)).any()


def test_softmax_mask_must_not_have_more_axes():
    with pytest.raises(ValueError, match="must not have more dimensions"):
        layers.Softmax()(X, mask=np.ones((1, *X.shape), bool))


# Merging --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate"])
def test_merging_functions(name):
    pair = [X, X[::-1]]
    layer = getattr(layers, name.capitalize())(name="mine")
    np.testing.assert_array_equal(getattr(layers, name)(pair, name="mine"), layer(pair))


def test_arrays_with_fewer_axes_are_repeated():
    rows = X[:, 0, 0]
    np.testing.assert_array_equal(layers.Add()([X, rows]), X + rows[:, None, None])


def test_the_batch_size_of_placeholders():
    known, unknown = layers.Input((3,), batch_size=2), layers.Input((3,))
    assert layers.Add()([known, unknown]).shape == (2, 3)
    assert layers.Add()([unknown, unknown]).shape == (None, 3)
    assert layers.Concatenate()([layers.Input((None, 3)), layers.Input((4, 2))]).shape == (None, None, 5)


# Placeholders ---------------------------------------------------------------------------------------------------------


def test_input():
    x = layers.Input((28, 28, 1), name="image")
    assert (x.shape, x.dtype, x.name) == ((None, 28, 28, 1), "float32", "image")
    layer = x.node.operation
    assert type(layer) is layers.InputLayer
    assert (layer.name, layer.batch_shape, layer.dtype, layer.built) == ("image", (None, 28, 28, 1), "float32", True)
    assert layer.output is x


@pytest.mark.parametrize(
    "arguments",
    [
        {"shape": (3, None)},
        {"shape": [4], "batch_size": 2, "dtype": "int32"},
        {"batch_shape": (None, 4), "optional": True},
        {"shape": (), "dtype": "float64"},
    ],
    ids=str,
)
def test_input_layer_is_that_of_keras(arguments, keras):
    ours, theirs = (library.layers.InputLayer(**arguments, name="x") for library in (_here, keras))
    assert ours.get_config() == theirs.get_config()
    assert (ours.output.shape, ours.output.dtype) == (tuple(theirs.output.shape), theirs.output.dtype)
    copy = layers.InputLayer.from_config(ours.get_config())
    assert copy.get_config() == ours.get_config()


class _here:
    layers = layers


def test_inputs_of_keras_2():
    layer = layers.InputLayer.from_config(
        {"batch_input_shape": [None, 4], "dtype": "float32", "sparse": False, "ragged": False, "name": "x"}
    )
    assert layer.output.shape == (None, 4)


def test_input_from_a_tensor():
    x = layers.Input((3,))
    assert layers.Input(tensor=x) is x
    assert layers.Input((3,), tensor=x, dtype="float32") is x


def test_default_type_and_layout_are_those_of_the_settings(monkeypatch):
    from convlayers import config

    monkeypatch.setitem(config._settings, "floatx", "float64")
    monkeypatch.setitem(config._settings, "image_data_format", "channels_first")
    assert layers.Input((3,)).dtype == "float64"
    layer = layers.MaxPooling2D()
    assert layer.data_format == "channels_first"
    y = layer(np.zeros((1, 3, 4, 6)))
    assert (y.shape, y.dtype) == ((1, 3, 2, 3), "float64")


def test_inputs_are_checked_whenever_they_change():
    layer = layers.Dense(2)
    for _ in range(2):
        assert layer(np.ones((1, 3), "float32")).shape == (1, 2)
        with pytest.raises(ValueError, match="expected axis -1 of input shape to have value 3"):
            layer(np.ones((1, 4), "float32"))
    layer.input_spec = InputSpec(ndim=3)
    with pytest.raises(ValueError, match="expected ndim=3, found ndim=2"):
        layer(np.ones((1, 3), "float32"))


def test_inputs_of_strings_are_refused():
    with pytest.raises(ValueError, match="Inputs of strings are not part of convlayers"):
        layers.InputLayer((1,), dtype="string")


# Arrays as arguments --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "name", "expected"),
    [
        (lambda: layers.Conv2D(4, 3, padding=np.array([1, 2])), "padding", [[1, 1], [2, 2]]),
        (lambda: layers.Conv2DTranspose(4, 3, padding=np.array([[1, 0], [2, 2]])), "padding", [[1, 0], [2, 2]]),
        (lambda: layers.MaxPooling2D(2, padding=np.array(1)), "padding", [[1, 1], [1, 1]]),
        (lambda: layers.ZeroPadding2D(np.array([[1, 1], [2, 2]])), "padding", ((1, 1), (2, 2))),
        (lambda: layers.Reshape(np.array([4, -1])), "target_shape", (4, -1)),
        (lambda: layers.Reshape((np.int64(4), -1)), "target_shape", (4, -1)),
        (lambda: layers.Permute(np.array([2, 1])), "dims", (2, 1)),
    ],
)
def test_arrays_become_ints_of_python(make, name, expected):
    # Only the text tells 1 from NumPy's 1.
    assert repr(make().get_config()[name]) == repr(expected)


@pytest.mark.parametrize(
    ("make", "received"),
    [
        (lambda: layers.Conv2D(4, 3, padding=np.array([1, 1, 1])), "[1, 1, 1]"),
        (lambda: layers.AveragePooling2D(2, padding=np.array([1, 1, 1])), "[1, 1, 1]"),
        (lambda: layers.ZeroPadding2D(np.array([1, 1, 1])), "[1, 1, 1]"),
        (lambda: layers.Reshape(np.array([-1, -1])), "(-1, -1)"),
        (lambda: layers.Reshape(np.array([4, 5]))(X), "(4, 5)"),
        (lambda: layers.Permute(np.array([2, 3])), "[2, 3]"),
    ],
)
def test_messages_print_no_arrays(make, received):
    with pytest.raises(ValueError) as error:
        make()
    assert received in message_in_call(error.value).splitlines()[0]
