"""Convolutions that are thought through once: which kernels compute them, and what these are told besides the arrays."""

import functools

import numpy as np

from convlayers.launching import empty, launch
from convlayers.ops.conv_kernels import choose, keeps_weights
from convlayers.ops.conv_patches import backward_input_of_patches


class ConvPlan:
    """A convolution of arrays with three spatial axes, channels last.

    Args:
        problem: a `ConvProblem`.
    """

    def __init__(self, problem):
        self._problem = problem
        self.input_shape, self.kernel_shape, self.output_shape, *description, dtype = problem
        self._description, self._dtype = tuple(description), np.dtype(dtype)

    # The last two are looked for when they are needed: a model may never be trained.

    @functools.cached_property
    def _forward(self):
        return _choose(self._problem, "forward")

    @functools.cached_property
    def _keeps_weights(self):
        return keeps_weights(_slices_as_images(self._problem))

    @functools.cached_property
    def _backward_input(self):
        return backward_input_of_patches(self._problem) or _choose(self._problem, "backward_input")

    @functools.cached_property
    def _backward_kernel(self):
        return _choose(self._problem, "backward_kernel")

    def forward(self, x, weights, bias, activation, kept=None):
        """Returns `activation(conv(x, weights) + bias)`.

        Args:
            x, weights: contiguous arrays of `input_shape` and `kernel_shape`.
            bias: contiguous vector, or None.
            activation: the number by which kernels know it.
            kept: the `KeptWeights` of `weights`, or None.
        """
        y = empty(self.output_shape, self._dtype)
        if kept is None or not self._keeps_weights:
            launch(self._forward, x, weights, bias, y, *self._description, activation)
        else:
            self._forward(x, weights, bias, y, *self._description, activation, kept=kept.for_plan(self))
        return y

    def backward_input(self, d_y, weights):
        """Returns the gradient for `x`."""
        d_x = empty(self.input_shape, self._dtype)
        launch(self._backward_input, d_y, weights, d_x, *self._description)
        return d_x

    def backward_kernel(self, x, d_y):
        """Returns the gradient for `weights`."""
        d_weights = empty(self.kernel_shape, self._dtype)
        launch(self._backward_kernel, x, d_y, d_weights, *self._description)
        return d_weights


# Where images are among the arguments of a kernel.
_IMAGES = {"forward": (0, 3), "backward_input": (0, 2), "backward_kernel": (0, 1)}


def _choose(problem, direction):
    """Returns what computes a problem. Kernels see slices of the depth that have nothing to do with each other as images."""
    images = _slices_as_images(problem)
    function = choose(images, direction)
    return function if images is problem else functools.partial(_compute_images, function, _IMAGES[direction])


def _slices_as_images(problem):
    """Returns the problem with the slices of its depth as further images, where none is added to another; else as it is."""
    (n, depth, *inputs), (_, outputs_depth, *outputs) = problem.input_shape, problem.output_shape
    alone = problem.kernel_shape[0] == problem.strides[0] == 1 and problem.pads[0] == 0 and depth == outputs_depth
    if not alone or depth == 1:
        return problem
    return problem._replace(
        input_shape=(n * depth, 1, *inputs), output_shape=(n * depth, 1, *outputs), dilations=(1, *problem.dilations[1:])
    )


def _compute_images(function, places, *arguments, **kept):
    arguments = list(arguments)
    for place in places:
        n, depth, *rest = arguments[place].shape
        arguments[place] = arguments[place].reshape(n * depth, 1, *rest)
    function(*arguments, **kept)
