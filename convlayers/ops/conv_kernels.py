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
from convlayers.ops import conv_rules as rules

DIRECTIONS = ("forward", "backward_input", "backward_kernel")


class ConvProblem(NamedTuple):
    """A convolution as kernels see it: three spatial axes, channels last.

    Attributes:
        input_shape: (n, id, ih, iw, c).
        kernel_shape: (kd, kh, kw, c / groups, k).
        output_shape: (n, od, oh, ow, k).
        strides, dilations: three ints each.
        pads: three ints, the zeros in front of each axis. How many are behind follows from the output's size.
        groups: int.
        dtype: "float32" or "float64".
    """

    input_shape: tuple
    kernel_shape: tuple
    output_shape: tuple
    strides: tuple
    dilations: tuple
    pads: tuple
    groups: int
    dtype: str


class ConvKernel(NamedTuple):
    """A row of the list. Both functions take a problem and a direction, and return None or the reason against it.

    Attributes:
        module: the name of its source in kernels/.
        cannot: why it can't compute this.
        should_not: why another kernel is the better choice: speed, accuracy, settings.
        only_finite: its functions return False where a number is infinite or NaN. Then the next one that takes all numbers
            computes.
        keeps_weights: its forward function also takes a `Kept`, for what it makes of the weights.
    """

    module: str
    cannot: callable
    should_not: callable
    only_finite: bool = False
    keeps_weights: bool = False


CONV_KERNELS = (
    ConvKernel("conv_bf16x2", rules.bf16_cannot, rules.bf16x2_should_not, only_finite=True, keeps_weights=True),
    ConvKernel("conv_winograd", rules.winograd_cannot, rules.winograd_should_not, keeps_weights=True),
    ConvKernel("conv_winograd_grouped", rules.winograd_grouped_cannot, rules.winograd_grouped_should_not, keeps_weights=True),
    ConvKernel("conv_few_pixels", rules.few_pixels_cannot, rules.few_pixels_should_not),
    ConvKernel("conv_to_few", rules.to_few_cannot, rules.to_few_should_not),
    ConvKernel("conv_few", rules.few_cannot, rules.few_should_not),
    ConvKernel("conv_bf16x3", rules.bf16_cannot, rules.bf16x3_should_not, only_finite=True, keeps_weights=True),
    ConvKernel("conv_depthwise", rules.depthwise_cannot, rules.never),
    ConvKernel("conv_grouped", rules.never, rules.grouped_should_not),
    ConvKernel("conv_direct", rules.never, rules.never, keeps_weights=True),
    ConvKernel("conv_reference", rules.never, rules.reference_should_not),
)


def choose(problem, direction):
    """Returns a function that computes a problem by the first kernel in the list that can and should.

    Args:
        problem: a `ConvProblem`.
        direction: one of `DIRECTIONS`.
    """
    first, *others = (
        getattr(getattr(_native.kernels(problem.dtype), kernel.module), f"{kernel.module}_{direction}")
        for kernel in _chosen(problem, direction, config.winograd())
    )
    return functools.partial(_compute, first, *others) if others else first


def keeps_weights(problem):
    """Returns whether what computes a problem forward also takes the argument `kept`, a `Kept` for packed weights."""
    return _chosen(problem, "forward", config.winograd())[0].keeps_weights


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
