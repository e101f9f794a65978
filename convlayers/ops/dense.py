"""The product of a batch with a matrix of weights."""

import functools
import math

import numpy as np

from convlayers.autograd import differentiable
from convlayers.ops.bias_activation import LINEAR, backward_bias_activation, fused_code
from convlayers.ops.conv_kernels import ConvProblem, in_type_of, kernel_arrays
from convlayers.ops.conv_plan import ConvPlan


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


@differentiable(new_gradients=True, overwrites=True)
def _dense(inputs, kernel, bias, activation):
    """Computed as a convolution of one row of pixels, a sample each, with a window of one pixel."""
    given = inputs
    inputs, kernel, bias = kernel_arrays(inputs, kernel, bias)
    features, units = kernel.shape
    if inputs.ndim == 0 or inputs.shape[-1] != features:
        raise ValueError(
            f"The last axis of the inputs must have as many features as the kernel. Received: inputs.shape={inputs.shape}, "
            f"kernel.shape={kernel.shape}."
        )
    inputs_shape, kernel_shape, rows = inputs.shape, kernel.shape, math.prod(inputs.shape[:-1])
    plan = _plan(rows, features, units, inputs.dtype)
    x = np.ascontiguousarray(inputs).reshape(plan.input_shape)
    weights = np.ascontiguousarray(kernel).reshape(plan.kernel_shape)
    y = plan.forward(x, weights, bias, activation)
    activated = None if activation == LINEAR else y

    def backward(d_outputs, owned):
        d_y = np.ascontiguousarray(d_outputs, x.dtype).reshape(plan.output_shape)
        d_y, d_bias = backward_bias_activation(activation, activated, d_y, owned)
        return (
            lambda: plan.backward_input(d_y, weights).reshape(inputs_shape),
            lambda: plan.backward_kernel(x, d_y).reshape(kernel_shape),
            d_bias,
        )

    outputs = y.reshape(*inputs_shape[:-1], units)
    return outputs if inputs is given else in_type_of(outputs, given), backward


@functools.lru_cache(maxsize=4096)
def _plan(rows, features, units, dtype):
    unit = (1, 1, 1)
    pixels = (1, 1, 1, rows)
    return ConvPlan(
        ConvProblem((*pixels, features), (*unit, features, units), (*pixels, units), unit, unit, (0, 0, 0), 1, dtype.name)
    )
