"""Gradients by central differences, to compare those of the tape with."""

import numpy as np

from convlayers import nested
from convlayers.autograd import Tape


def numerical_gradient(function, x, h=1e-4):
    """Returns the gradient of a function from an array to a number, with an error of the fourth order in `h`."""
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        around = []
        for step in (-2, -1, 1, 2):
            moved = x.copy()
            moved[place] += step * h
            around.append(function(moved))
        gradient[place] = (around[0] - 8 * around[1] + 8 * around[2] - around[3]) / (12 * h)
    return gradient


def tape_gradients(function, arguments, d_outputs=None):
    """Returns what a function returns, and the gradients for all arrays of floats among its arguments.

    Args:
        function: called with `arguments`, in which such arrays are tensors.
        arguments: list of arrays, numbers and lists of arrays.
        d_outputs: list of the gradients for the results; ones by default.
    """
    with Tape() as tape:
        watched = nested.map_structure(lambda x: tape.watch(x) if is_float_array(x) else x, list(arguments))
        outputs = nested.flatten(function(*watched))
    targets = [output for output in outputs if output.dtype.kind == "f"]
    if d_outputs is None:
        d_outputs = [np.ones(target.shape, target.dtype) for target in targets]
    sources = [leaf for leaf in nested.flatten(watched) if not isinstance(leaf, np.ndarray) and hasattr(leaf, "value")]
    return targets, tape.backward(targets, d_outputs, sources)


def check_gradients(function, arguments, tolerance=1e-8):
    """Asserts that the tape's gradients of a function for its arrays of floats are those by central differences."""
    arguments = list(arguments)
    outputs = [np.asarray(y) for y in nested.flatten(function(*arguments)) if np.asarray(y).dtype.kind == "f"]
    rng = np.random.default_rng(0)
    d_outputs = [rng.normal(size=y.shape) for y in outputs]
    _, gradients = tape_gradients(function, arguments, d_outputs)
    leaves = nested.flatten(arguments)
    places = [index for index, leaf in enumerate(leaves) if is_float_array(leaf)]
    assert len(gradients) == len(places) > 0
    for place, gradient in zip(places, gradients, strict=True):

        def weighted_sum(x, place=place):
            replaced = nested.pack_like(arguments, [*leaves[:place], x, *leaves[place + 1 :]])
            results = [np.asarray(y) for y in nested.flatten(function(*replaced)) if np.asarray(y).dtype.kind == "f"]
            return sum(np.vdot(y, d_y) for y, d_y in zip(results, d_outputs, strict=True))

        expected = numerical_gradient(weighted_sum, leaves[place])
        assert gradient is not None
        assert gradient.shape == leaves[place].shape
        assert gradient.dtype == leaves[place].dtype
        np.testing.assert_allclose(gradient, expected, rtol=tolerance, atol=tolerance)


def is_float_array(x):
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"
