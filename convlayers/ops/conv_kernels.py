"""THE list of convolution kernels, best first, and the choice among them.

A kernel module NAME has up to three functions, NAME_forward, NAME_backward_input and NAME_backward_kernel (`cannot` says which
are missing), all with the arguments of those of `conv_reference`, which comes last and does everything. To add one, add a
row to `CONV_KERNELS`: tests and benchmarks run through this list, so a kernel that is in it is tested and measured.

`CONVLAYERS_VERBOSE=dispatch` in the environment prints each choice, with the reasons against the kernels before it.
"""

import functools
import os
import sys
from typing import NamedTuple

from convlayers import _native, config
from convlayers.ops import conv_limits as limits
from convlayers.ops import conv_preferences as preferences


class ConvKernel(NamedTuple):
    """A row of the list. Both functions take a problem and a direction, and return None or the reason against it.

    Attributes:
        module: the name of its source in kernels/.
        cannot: why it can't compute this (conv_limits.py).
        should_not: why another kernel is the better choice: speed, accuracy, settings (conv_preferences.py).
        only_finite: its functions return False where a number is infinite or NaN. Then the next one that takes all numbers
            computes.
        keeps_weights: its forward function also takes a `Kept`, for what it makes of the weights.
        reads_planes: whether it computes a problem as fast or faster if what windows move over is a view of planes, channels
            first in memory: x, or d_y in the gradient for the input.
    """

    module: str
    cannot: callable
    should_not: callable
    only_finite: bool = False
    keeps_weights: bool = False
    reads_planes: callable = lambda problem: False


def _nothing(problem, direction):
    """What speaks against a kernel that computes everything, or one that nothing is better than."""
    return None


CONV_KERNELS = (
    ConvKernel("conv_bf16x2", limits.bf16_cannot, preferences.bf16x2_should_not, only_finite=True, keeps_weights=True),
    ConvKernel("conv_winograd", limits.winograd_cannot, preferences.winograd_should_not, keeps_weights=True),
    ConvKernel(
        "conv_winograd_grouped", limits.winograd_grouped_cannot, preferences.winograd_grouped_should_not, keeps_weights=True
    ),
    ConvKernel("conv_few_pixels", limits.few_pixels_cannot, preferences.few_pixels_should_not),
    ConvKernel(
        "conv_to_few", limits.to_few_cannot, preferences.to_few_should_not, reads_planes=preferences.to_few_reads_planes
    ),
    ConvKernel("conv_few", limits.few_cannot, preferences.few_should_not),
    ConvKernel("conv_bf16x3", limits.bf16_cannot, preferences.bf16x3_should_not, only_finite=True, keeps_weights=True),
    ConvKernel("conv_depthwise", limits.depthwise_cannot, _nothing, reads_planes=preferences.depthwise_reads_planes),
    ConvKernel("conv_grouped", _nothing, preferences.grouped_should_not),
    ConvKernel("conv_direct", _nothing, _nothing, keeps_weights=True),
    ConvKernel("conv_reference", _nothing, preferences.reference_should_not),
)


def choose(problem, direction):
    """Returns a function that computes a problem by the first kernel in the list that can and should.

    Args:
        problem: a `ConvProblem`.
        direction: "forward", "backward_input" or "backward_kernel".
    """
    first, *others = (
        getattr(getattr(_native.kernels(problem.dtype), kernel.module), f"{kernel.module}_{direction}")
        for kernel in _chosen(problem, direction, config.winograd())
    )
    return functools.partial(_compute, first, *others) if others else first


def keeps_weights(problem):
    """Returns whether what computes a problem forward also takes the argument `kept`, a `Kept` for packed weights."""
    return _chosen(problem, "forward", config.winograd())[0].keeps_weights


def reads_planes(problem, direction):
    """Returns whether what windows move over may have its channels first in memory."""
    return _chosen(problem, direction, config.winograd())[0].reads_planes(problem)


@functools.lru_cache(maxsize=8192)
def _chosen(problem, direction, winograd):
    """Returns the row that is chosen, and, if its kernel may decline numbers, the one that then computes."""
    refused, chosen = [], []
    for kernel in CONV_KERNELS:
        reason = kernel.cannot(problem, direction) or kernel.should_not(problem, direction)
        if reason is not None:
            refused.append((kernel.module, reason))
        elif not (chosen and kernel.only_finite):
            if not chosen and "dispatch" in os.environ.get("CONVLAYERS_VERBOSE", ""):
                because = "".join(f"\n    not {name}: {why}" for name, why in refused)
                print(f"convlayers: {kernel.module}_{direction} for {problem}{because}", file=sys.stderr)
            chosen.append(kernel)
            if not kernel.only_finite:
                return chosen
    raise AssertionError("Some kernel of the list does everything.")


def _compute(function, otherwise, *arguments, **kept):
    if function(*arguments, **kept) is False:
        otherwise(*arguments)
