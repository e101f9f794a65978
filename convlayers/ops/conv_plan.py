"""Convolutions that are thought through once: which kernels compute them, and what these are told besides the arrays."""

import functools

import numpy as np

from convlayers.launching import empty, launch
from convlayers.ops.conv_kernels import reads_planes
from convlayers.ops.conv_patches import backward_input_of_patches
from convlayers.ops.conv_views import choose_for_view, view_keeps_weights
from convlayers.ops.layout import contiguous


class ConvPlan:
    """A convolution of arrays with three spatial axes, channels last.

    Args:
        problem: a `ConvProblem`.
    """

    def __init__(self, problem):
        self._problem = problem
        self.input_shape, self.kernel_shape, self.output_shape, *description, dtype = problem
        self._description, self._dtype = tuple(description), np.dtype(dtype)

    # All are looked for when they are needed: a model may never be trained.

    @functools.cached_property
    def reads_planes(self):
        """Whether `forward` takes an `x` that is a view of planes (channels first), too; `backward_kernel` always does."""
        return reads_planes(self._problem, "forward")

    @functools.cached_property
    def _forward(self):
        return choose_for_view(self._problem, "forward")

    @functools.cached_property
    def _keeps_weights(self):
        return view_keeps_weights(self._problem)

    @functools.cached_property
    def _patches(self):
        return backward_input_of_patches(self._problem)

    @functools.cached_property
    def _backward_input(self):
        return self._patches or choose_for_view(self._problem, "backward_input")

    @functools.cached_property
    def _backward_kernel(self):
        return choose_for_view(self._problem, "backward_kernel")

    def forward(self, x, weights, bias, activation, kept=None):
        """Returns `activation(conv(x, weights) + bias)`.

        Args:
            x, weights: contiguous arrays of `input_shape` and `kernel_shape`, but for what `reads_planes` says of x.
            bias: contiguous vector, or None.
            activation: the number by which kernels know it.
            kept: the `KeptWeights` of `weights`, or None.
        """
        y = empty(self.output_shape, self._dtype)
        forward = self._forward
        if kept is not None and self._keeps_weights:
            forward = functools.partial(forward, kept=kept.for_plan(self))
        launch(forward, x, weights, bias, y, *self._description, activation)
        return y

    def backward_input(self, d_y, weights):
        """Returns the gradient for `x`."""
        d_x = empty(self.input_shape, self._dtype)
        launch(self._backward_input, d_y, weights, d_x, *self._description)
        return d_x

    def backward_kernel(self, x, d_y):
        """Returns the gradient for `weights`."""
        if not reads_planes(self._problem, "backward_kernel"):
            x = contiguous(x)
        d_weights = empty(self.kernel_shape, self._dtype)
        launch(self._backward_kernel, x, d_y, d_weights, *self._description)
        return d_weights
