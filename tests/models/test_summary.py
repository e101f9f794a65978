"""`summary()` prints what Keras prints, character for character."""

import numpy as np
import pytest

import convlayers
from convlayers.models.summary import format_bytes

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def digits(library):
    layers = library.layers
    x = inputs = library.Input((28, 28, 1), name="image")
    for number, filters in enumerate((32, 64, 128)):
        x = layers.Conv2D(filters, 3, activation="relu", name=f"conv_{number}")(x)
        x = layers.MaxPooling2D(2, name=f"pool_{number}")(x) if number < 2 else x
    x = layers.Dropout(0.5, name="dropout")(layers.Flatten(name="flatten")(x))
    return library.Model(inputs, layers.Dense(10, activation="softmax", name="dense")(x), name="digits")


def branches(library):
    layers = library.layers
    inputs = library.Input((8,), name="input")
    shared = layers.Dense(4, name="shared")
    inner = library.Sequential(
        [library.Input((4,)), layers.Dense(3, name="inside"), layers.BatchNormalization(name="norm")], name="inner"
    )
    x = inner(layers.Add(name="plus")([shared(inputs), shared(inputs)]))
    return library.Model(inputs, [x, library.ops.relu(x)], name="[branches]")


def unbuilt(library):
    return library.Sequential([library.layers.Dense(3, name="x"), library.layers.Dense(3, name="y")], name="unbuilt")


def partly_frozen(library):
    model = unbuilt(library)
    model(np.ones((2, 3), "float32"))
    model.layers[0].trainable = False
    return model


def fitted(library):
    model = library.Sequential([library.Input((4,)), library.layers.Dense(3, name="x")], name="fitted")
    model.compile("adam", "mse")
    model.fit(np.ones((2, 4)), np.ones((2, 3)), verbose=0)
    return model


def subclass(library):
    class Mine(library.Model):
        def __init__(self):
            super().__init__(name="mine")
            self.one, self.other = library.layers.Dense(2, name="one"), library.layers.Dense(3, name="other")

        def call(self, inputs):
            return self.other(self.one(inputs))

    model = Mine()
    model(np.ones((2, 4), "float32"))
    return model


def models_in_a_subclass(library):
    """Models that were called within `call` alone, or not at all."""
    layers = library.layers

    class Mine(library.Model):
        def __init__(self):
            super().__init__(name="mine")
            x, y = library.Input((4,), name="x"), library.Input((2,), name="y")
            self.encoder = library.Model(
                [x], [layers.Dense(2, name="mean")(x), layers.Dense(3, name="spread")(x)], name="encoder"
            )
            self.decoder = library.Model(y, layers.Dense(4, name="back")(y), name="decoder")
            self.by_names = library.Model({"x": x, "y": y}, {"a": y, "b": x}, name="by_names")
            self.last = library.Sequential([library.Input((4,)), layers.Dense(1, name="one")], name="last")

        def call(self, inputs):
            return self.last(self.decoder(self.encoder(inputs)[0]))

    model = Mine()
    model(np.ones((2, 4), "float32"))
    return model


def functions(library):
    """A layer that is a function, and one without weights or a `build`, in a model that was only called."""
    layers = library.layers

    class Mine(library.Model):
        def __init__(self):
            super().__init__(name="mine")
            self.twice = layers.Lambda(_double, name="twice")
            self.flatten = layers.Flatten(name="flatten")

        def call(self, inputs):
            return self.flatten(self.twice(inputs))

    model = Mine()
    model(np.ones((2, 4, 3), "float32"))
    x = library.Input((4, 3), name="x")
    one, _ = layers.Lambda(lambda x: (x, {"first": x[:, :1]}), name="both")(x)  # its outputs are shown as a list
    return library.Model(x, [model(x), model.twice(one) / 2], name="functions")


def _double(x):
    return x * 2


def colors(library):
    """An op whose class in Keras is not called by the words of the op."""
    x = library.Input((4, 4, 3), name="x")
    gray = library.ops.image.rgb_to_grayscale(x)
    return library.Model(x, [gray, library.layers.Flatten(name="flatten")(x)], name="colors")


def text_of(model, **arguments):
    lines = []
    model.summary(print_fn=lines.append, **arguments)
    return "\n".join(lines)


MODELS = [digits, branches, unbuilt, partly_frozen, fitted, subclass, models_in_a_subclass, functions, colors]


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
@pytest.mark.parametrize(
    "arguments",
    [{}, {"line_length": 70}, {"expand_nested": True, "show_trainable": True}, {"positions": [0.3, 0.5, 0.7, 1.0]}],
    ids=["default", "narrow", "everything", "positions"],
)
def test_text_is_that_of_keras(keras, make, arguments):
    for library in (convlayers, keras):
        library.utils.clear_session()
    if "positions" in arguments and make not in (branches, functions, colors):
        arguments = {"positions": [0.3, 0.6, 1.0, 1.5]}  # one too many
    assert text_of(make(convlayers), **arguments) == text_of(make(keras), **arguments)


@pytest.mark.parametrize("layer_range", [("conv_0", "pool_1"), ("pool_1", "conv_0"), ("conv_.*", "flat.*")])
def test_a_range_of_layers(keras, layer_range):
    assert text_of(digits(convlayers), layer_range=layer_range) == text_of(digits(keras), layer_range=layer_range)


def test_it_is_printed_without_colors_where_the_output_is_no_terminal(capsys):
    model = digits(convlayers)
    model.summary()
    assert capsys.readouterr().out == text_of(model)
    assert "Total params: 104,202 (407.04 KB)" in text_of(model)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"line_length": 8}, "^Insufficient console width to print summary"),
        ({"positions": [0.3, 1.0]}, r"^`positions` must have an entry for each of the columns \['Layer \(type\)'"),
        ({"layer_range": ["conv_0"]}, "^layer_range must be a list or tuple of length 2"),
        ({"layer_range": [0, 1]}, "^layer_range should contain string type only"),
        ({"layer_range": ["a", "z"]}, "^Passed layer_names do not match the layer names in the model"),
    ],
)
def test_arguments_that_do_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        text_of(digits(convlayers), **arguments)


def test_bytes_in_units():
    assert [format_bytes(size) for size in (0, 1023, 1024, 3 * 1024**2, 2**50)] == [
        "0.00 B",
        "1023.00 B",
        "1.00 KB",
        "3.00 MB",
        "1.00 PB",
    ]
