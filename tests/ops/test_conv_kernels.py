"""The choice among convolution kernels."""

import functools

import numpy as np
import pytest

from convlayers.ops.conv import conv_problem
from convlayers.ops.conv_kernels import choose


def chosen(input_shape, channels, filters, padding, direction):
    """Returns the name of the function that is chosen for a layer of 3x3."""
    kernel_shape = 3, 3, channels, filters
    problem = conv_problem((*input_shape, channels), kernel_shape, 1, padding, "channels_last", 1, np.dtype("float32"))
    function = choose(problem, direction)
    return (function.args[0] if isinstance(function, functools.partial) else function).__name__


@pytest.mark.parametrize(
    ("input_shape", "channels", "filters"),
    [((64, 13, 13), 64, 128), ((64, 5, 5), 128, 256), ((32, 10, 10), 32, 64), ((16, 14, 14), 64, 64), ((32, 9, 9), 48, 48)],
)
def test_gradients_for_inputs_with_more_tiles_than_outputs_have_are_computed_from_those(input_shape, channels, filters):
    assert chosen(input_shape, channels, filters, "valid", "backward_input") == "conv_winograd_backward_input"


@pytest.mark.parametrize("direction", ["forward", "backward_input"])
@pytest.mark.parametrize(("channels", "filters"), [(65, 65), (72, 70), (48, 96), (40, 120)])
def test_tiles_of_bfloat16_that_would_be_half_empty_are_not_taken(channels, filters, direction):
    assert "bf16x3" not in chosen((16, 28, 28), channels, filters, "same", direction)
