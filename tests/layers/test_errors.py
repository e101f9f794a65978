"""Bad arguments and bad inputs: Keras's exception and first line, and then what to do.

Each mistake is made twice: to see that we raise what the table says, and that Keras does.
"""

import re

import numpy as np
import pytest

from convlayers import config, layers
from convlayers.models import Sequential
from tests.layers.mistakes.activation import ACTIVATION
from tests.layers.mistakes.convolution import CONVOLUTION
from tests.layers.mistakes.core import CORE
from tests.layers.mistakes.dense import DENSE
from tests.layers.mistakes.inputs import INPUTS
from tests.layers.mistakes.merging import MERGING
from tests.layers.mistakes.mistake import IMAGE, message_in_call
from tests.layers.mistakes.normalization import NORMALIZATION
from tests.layers.mistakes.placeholders import PLACEHOLDERS
from tests.layers.mistakes.pooling import POOLING
from tests.layers.mistakes.reshaping import RESHAPING

MISTAKES = [
    *POOLING,
    *INPUTS,
    *CORE,
    *DENSE,
    *RESHAPING,
    *ACTIVATION,
    *NORMALIZATION,
    *MERGING,
    *PLACEHOLDERS,
    *CONVOLUTION,
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_first_line(mistake):
    with pytest.raises(mistake.error) as caught:
        mistake.make(layers)
    assert type(caught.value) is mistake.error
    first_line = message_in_call(caught.value).split("\n")[0]
    if mistake.error is ValueError and mistake.in_keras:
        assert first_line.rstrip() == mistake.line.rstrip()
    else:
        assert mistake.line in first_line


@pytest.mark.parametrize("mistake", [mistake for mistake in MISTAKES if mistake.in_keras], ids=str)
def test_keras_says_the_same(mistake, keras):
    with pytest.raises(mistake.in_keras) as caught:
        mistake.make(keras.layers)
    message = re.sub("\x1b\\[\\d*m", "", str(caught.value))  # Keras prints what is raised in a call in bold.
    assert mistake.line in message
    with pytest.raises(mistake.error) as ours:
        mistake.make(layers)
    before, after = (re.findall("^Exception encountered when calling .*", text) for text in (str(ours.value), message))
    if mistake.what != "padding typo":  # of pooling, which Keras lets pass until it is called
        assert before == after


class Refusing(layers.Layer):
    """Raises what it is made with, in its call."""

    def __init__(self, error, **kwargs):
        super().__init__(**kwargs)
        self.error = error

    def call(self, inputs, factor=2, training=False):
        raise self.error


def test_an_exception_says_of_which_call_it_is():
    with pytest.raises(KeyError) as caught:
        Refusing(KeyError("no such key"), name="strict")(IMAGE, factor=[IMAGE, 3])
    assert caught.value.args[0] == (
        "Exception encountered when calling Refusing.call().\n\nno such key\n\n"
        "Arguments received by Refusing.call() of 'strict':\n"
        "  • inputs=array of shape (2, 4, 4, 3) and dtype float32\n"
        "  • factor=[array of shape (2, 4, 4, 3) and dtype float32, 3]\n"
        "  • training=False"
    )


def test_the_innermost_call_is_named():
    network = Sequential([layers.ReLU(), Sequential([Refusing(RuntimeError("enough"))])])
    with pytest.raises(RuntimeError, match="^Exception encountered when calling Refusing") as caught:
        network(IMAGE)
    assert str(caught.value).count("Exception encountered") == 1


def test_an_exception_of_more_than_a_text_stays_as_it_is():
    with pytest.raises(FileNotFoundError) as caught:
        Refusing(FileNotFoundError(2, "No such file", "weights.h5"))(IMAGE)
    assert str(caught.value) == "[Errno 2] No such file: 'weights.h5'"


def test_messages_are_left_as_they_are_where_filtering_is_off():
    config.disable_traceback_filtering()
    try:
        with pytest.raises(ValueError, match="^enough$"):
            Refusing(ValueError("enough"))(IMAGE)
    finally:
        config.enable_traceback_filtering()


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
