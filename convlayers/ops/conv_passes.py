"""The pass forward and the pass back of all that is computed as a convolution, on arrays as users have them."""

import numpy as np

from convlayers.ops.bias_activation import LINEAR, backward_bias_activation
from convlayers.ops.conv_types import in_type_of
from convlayers.ops.pooling import max_of_images


def conv_passes(plans, given, inputs, kernel, bias, activation, kept=None, pool=None):
    """Returns `activation(conv(inputs, kernel) + bias)`, and the backward pass, which may overwrite the gradient it gets.

    Args:
        plans: a `ConvPlan`, and the layouts of the inputs and of the outputs.
        given: the array in whose number type the outputs are, as it was given: the inputs, unless they are integers.
        inputs, kernel, bias: what `kernel_arrays` made of these and of the weights.
        activation: the number by which kernels know it.
        kept: the `KeptWeights` of the kernel, or None.
        pool: `pool_size`, `strides` and `padding` of a `max_pool` behind it, or None.
    """
    plan, inputs_layout, outputs_layout = plans
    kernel_shape = kernel.shape
    x = inputs_layout.to_kernel(inputs, plan.reads_planes)
    weights = np.ascontiguousarray(kernel).reshape(plan.kernel_shape)
    y = plan.forward(x, weights, bias, activation, kept)
    # The largest number alone gets a gradient. So that of the activation is computed for what pooling leaves.
    y, backward_pool = (y, None) if pool is None else max_of_images(y, *pool)
    activated = None if activation == LINEAR else y

    def backward(d_outputs, owned):
        d_y, d_bias = backward_bias_activation(activation, activated, outputs_layout.to_kernel(d_outputs), owned)
        if pool is not None:
            d_y = backward_pool(d_y)
        return (
            lambda: inputs_layout.from_kernel(plan.backward_input(d_y, weights)),
            lambda: plan.backward_kernel(x, d_y).reshape(kernel_shape),
            d_bias,
        )

    outputs = outputs_layout.from_kernel(y)
    return outputs if inputs is given else in_type_of(outputs, given), backward
