"""The product of a batch with a matrix of weights."""

import functools
import math

from convlayers.autograd import differentiable
from convlayers.ops.bias_activation import LINEAR, fused_code
from convlayers.ops.conv_passes import conv_passes
from convlayers.ops.conv_plan import ConvPlan
from convlayers.ops.conv_problem import ConvProblem
from convlayers.ops.conv_types import in_type_of_which, kernel_arrays
from convlayers.ops.layout import Layout


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
    given = in_type_of_which(inputs, kernel)
    inputs, kernel, bias = kernel_arrays(inputs, kernel, bias)
    plans = _plan(inputs.shape, kernel.shape, inputs.dtype)
    return conv_passes(plans, given, inputs, kernel, bias, activation)


@functools.lru_cache(maxsize=4096)
def _plan(input_shape, kernel_shape, dtype):
    """Returns a `ConvPlan`, and the layouts of the inputs and of the outputs."""
    features, units = kernel_shape
    if input_shape[-1:] != (features,):
        raise ValueError(
            f"The last axis of the inputs must have as many features as the kernel. Received: inputs.shape={input_shape}, "
            f"kernel.shape={kernel_shape}."
        )
    unit, pixels = (1, 1, 1), (1, 1, 1, math.prod(input_shape[:-1]))
    problem = ConvProblem((*pixels, features), (*unit, features, units), (*pixels, units), unit, unit, (0, 0, 0), 1, dtype.name)
    inputs_layout = Layout(input_shape, dtype, problem.input_shape)
    outputs_layout = Layout((*input_shape[:-1], units), dtype, problem.output_shape)
    return ConvPlan(problem), inputs_layout, outputs_layout
