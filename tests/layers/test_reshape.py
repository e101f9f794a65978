"""The shapes that `Reshape` takes, and those that it refuses, are those of Keras."""

import pytest

from convlayers import layers

SHAPES = [
    ((4, 6), (24,)),
    ((4, 6), (-1,)),
    ((4, 6), (3, -1, 2)),
    ((None, 6), (3, -1)),
    ((None, 6), (2, 3)),
    ((4, 6), (5, 5)),
    ((4, 6), (5, -1)),
    ((4, 6), (0, -1)),
    ((4, 6), (-1, -1)),
    ((4, 6), (-2, 12)),
]


def reshaped(function, *arguments):
    """Returns a shape, or the first line of the error."""
    try:
        return function(*arguments)
    except ValueError as error:
        return str(error).splitlines()[0]


@pytest.mark.parametrize(("shape", "target"), SHAPES)
def test_shapes_are_those_of_keras(keras, shape, target):
    from keras.src.ops.operation_utils import compute_reshape_output_shape

    def ours(shape, target, name):
        return layers.Reshape(target).compute_output_shape((None, *shape))[1:]

    arguments = (shape, target, "target_shape")
    assert reshaped(ours, *arguments) == reshaped(compute_reshape_output_shape, *arguments)
