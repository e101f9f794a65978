"""The product of a batch with a matrix of weights."""

import math

import numpy as np

from convlayers.autograd import differentiable
from convlayers.ops.bias_activation import LINEAR, backward_activation, bias_gradient, fused_code
from convlayers.ops.conv_kernels import ConvProblem, choose, kernel_arrays


def dense(inputs, kernel, bias=None, activation=None):
    """Returns `activation(inputs @ kernel + bias)`, in one pass where kernels know the activation.

    Args:
        inputs: array of shape (..., features).
        kernel: array of shape (features, units).
        bias: array of shape (units,), or None.
        activation: function of one array, or None.

    Returns:
        Array of shape (..., units).

    Raises:
        ValueError: if the numbers of features differ.
    """
    code = fused_code(activation)
    y = _dense(inputs, kernel, bias, LINEAR if code is None else code)
    return activation(y) if code is None else y


@differentiable
def _dense(inputs, kernel, bias, activation):
    """Computed as a convolution of one row of pixels, a sample each, with a window of one pixel."""
    inputs, kernel, bias = kernel_arrays(inputs, kernel, bias)
    features, units = kernel.shape
    if inputs.ndim == 0 or inputs.shape[-1] != features:
        raise ValueError(
            f"The last axis of the inputs must have as many features as the kernel. Received: inputs.shape={inputs.shape}, "
            f"kernel.shape={kernel.shape}."
        )
    outputs_shape = (*inputs.shape[:-1], units)
    x = np.ascontiguousarray(inputs).reshape(1, 1, 1, math.prod(inputs.shape[:-1]), features)
    weights = np.ascontiguousarray(kernel).reshape(1, 1, 1, features, units)
    unit = (1, 1, 1)
    problem = ConvProblem(x.shape, weights.shape, (*x.shape[:-1], units), unit, unit, (0, 0, 0), 1, kernel.dtype.name)
    description = (problem.strides, problem.dilations, problem.pads, problem.groups)
    y = np.empty(problem.output_shape, problem.dtype)
    choose(problem, "forward")(x, weights, bias, y, *description, activation)

    def backward(d_outputs):
        d_y = backward_activation(activation, y, np.ascontiguousarray(d_outputs).reshape(y.shape))

        def d_inputs():
            d_x = np.empty_like(x)
            choose(problem, "backward_input")(d_y, weights, d_x, *description)
            return d_x.reshape(inputs.shape)

        def d_kernel():
            d_weights = np.empty_like(weights)
            choose(problem, "backward_kernel")(x, d_y, d_weights, *description)
            return d_weights.reshape(kernel.shape)

        return d_inputs, d_kernel, lambda: bias_gradient(d_y)

    return y.reshape(outputs_shape), backward
