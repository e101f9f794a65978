"""Sums, products and the like of several arrays."""

from convlayers import ops
from convlayers.layers.merging import masked
from convlayers.layers.merging.merge import Merge
from convlayers.ops.merging import merge


class Add(Merge):
    """Adds arrays, element by element.

    Input shape: a list of arrays of one shape, or of shapes that broadcast.

    Output shape: that of the inputs.

    Example:

    >>> Add()([np.ones((2, 3)), np.ones((2, 3))])[0]
    [2.0, 2.0, 2.0]
    """

    def _merge(self, inputs):
        return merge("sum", inputs)


class Subtract(Merge):
    """Subtracts the second of two arrays from the first.

    Input shape: a list of two arrays of one shape, or of shapes that broadcast.

    Output shape: that of the inputs.

    Example:

    >>> Subtract()([np.ones((2, 3)), np.ones((2, 3))])[0]
    [0.0, 0.0, 0.0]
    """

    def build(self, input_shape):
        super().build(input_shape)
        if len(input_shape) != 2:
            raise ValueError(f"A `Subtract` layer should be called on exactly 2 inputs. Received: input_shape={input_shape}")

    def _merge(self, inputs):
        return ops.subtract(*inputs)


class Multiply(Merge):
    """Multiplies arrays, element by element.

    Input shape: a list of arrays of one shape, or of shapes that broadcast.

    Output shape: that of the inputs.

    Example:

    >>> Multiply()([np.full((2, 3), 2), np.full((2, 3), 4)])[0]
    [8, 8, 8]
    """

    def _merge(self, inputs):
        return masked.product(inputs)


class Average(Merge):
    """Takes the mean of arrays, element by element.

    Input shape: a list of arrays of one shape, or of shapes that broadcast.

    Output shape: that of the inputs.

    Example:

    >>> Average()([np.zeros((2, 3)), np.ones((2, 3))])[0]
    [0.5, 0.5, 0.5]
    """

    def _merge(self, inputs):
        return merge("mean", inputs)


class Maximum(Merge):
    """Takes the largest of arrays, element by element.

    Input shape: a list of arrays of one shape, or of shapes that broadcast.

    Output shape: that of the inputs.

    Example:

    >>> Maximum()([np.zeros((2, 3)), np.ones((2, 3))])[0]
    [1.0, 1.0, 1.0]
    """

    def _merge(self, inputs):
        return masked.extreme("maximum", inputs)


class Minimum(Merge):
    """Takes the smallest of arrays, element by element.

    Input shape: a list of arrays of one shape, or of shapes that broadcast.

    Output shape: that of the inputs.

    Example:

    >>> Minimum()([np.zeros((2, 3)), np.ones((2, 3))])[0]
    [0.0, 0.0, 0.0]
    """

    def _merge(self, inputs):
        return masked.extreme("minimum", inputs)


# The same as functions ------------------------------------------------------------------------------------------------


def add(inputs, **kwargs):
    """Returns `Add(**kwargs)(inputs)`."""
    return Add(**kwargs)(inputs)


def subtract(inputs, **kwargs):
    """Returns `Subtract(**kwargs)(inputs)`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs, **kwargs):
    """Returns `Multiply(**kwargs)(inputs)`."""
    return Multiply(**kwargs)(inputs)


def average(inputs, **kwargs):
    """Returns `Average(**kwargs)(inputs)`."""
    return Average(**kwargs)(inputs)


def maximum(inputs, **kwargs):
    """Returns `Maximum(**kwargs)(inputs)`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs, **kwargs):
    """Returns `Minimum(**kwargs)(inputs)`."""
    return Minimum(**kwargs)(inputs)
