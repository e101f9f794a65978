"""What Inception networks are built of: convolutions in branches, whose channels are put side by side."""

from typing import NamedTuple

from convlayers import layers
from convlayers.applications.application import channel_axis


class Conv(NamedTuple):
    """A convolution, normalized and activated. With strides it has no padding."""

    filters: int
    kernel_size: object
    strides: int = 1


# Steps of branches besides.
MAXIMUM = object()  # halves images
AVERAGE = object()  # keeps their size


def stem(x):
    """Returns what both networks make of images first."""
    x = convolve(x, 32, 3, strides=2, padding="valid")
    x = convolve(x, 32, 3, padding="valid")
    x = convolve(x, 64, 3)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = convolve(x, 80, 1, padding="valid")
    x = convolve(x, 192, 3, padding="valid")
    return layers.MaxPooling2D(3, strides=2)(x)


def mixed(x, branches, name=None):
    """Returns what the branches make of `x`, side by side.

    Args:
        branches: for each one its steps.
        name: the name of the layer that puts them side by side.
    """
    return side_by_side([branch(x, steps) for steps in branches], name)


def branch(x, steps):
    for step in steps:
        if step is MAXIMUM:
            x = layers.MaxPooling2D(3, strides=2)(x)
        elif step is AVERAGE:
            x = layers.AveragePooling2D(3, strides=1, padding="same")(x)
        else:
            x = convolve(x, *step, padding="same" if step.strides == 1 else "valid")
    return x


def side_by_side(parts, name=None):
    return layers.Concatenate(axis=channel_axis(), name=name)(parts)


def convolve(x, filters, kernel_size, strides=1, padding="same", name=None):
    """Returns `x` convolved, normalized and activated. Keras names these layers, or leaves all three to chance."""
    x = layers.Conv2D(filters, kernel_size, strides=strides, padding=padding, use_bias=False, name=name)(x)
    x = layers.BatchNormalization(axis=channel_axis(), scale=False, name=name and f"{name}_bn")(x)
    return layers.Activation("relu", name=name and f"{name}_ac")(x)
