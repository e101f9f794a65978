"""Messages about images that became too small say how."""

import re

import pytest

from convlayers import layers
from convlayers.models import Model, Sequential


def message_of(build):
    with pytest.raises(ValueError, match="Computed output size would be zero or negative") as raised:
        build()
    return str(raised.value)


def test_sizes_of_a_sequential_model():
    def build():
        steps = [layers.Input((28, 28, 1))]
        for _ in range(3):
            steps += [layers.Conv2D(8, 3), layers.MaxPooling2D()]
        Sequential([*steps, layers.Conv2D(8, 3)])

    assert "The way here: 28 -> 26 -> 13 -> 11 -> 5 -> 3 -> 1." in message_of(build)


def test_sizes_of_a_functional_model_with_the_channels_first():
    def build():
        x = layers.Input((3, 12, 8))
        x = layers.ReLU()(layers.Conv2D(4, 3, strides=(2, 1), data_format="channels_first")(x))
        x = layers.AveragePooling2D((4, 2), data_format="channels_first")(x)
        Model(x, layers.Conv2D(2, 3, data_format="channels_first")(x))

    assert "The way here: 12x8 -> 5x6 -> 1x3." in message_of(build)


def test_nothing_is_said_of_an_image_that_was_too_small_from_the_start():
    assert not re.search("The way here", message_of(lambda: layers.Conv2D(8, 5)(layers.Input((4, 4, 3)))))
