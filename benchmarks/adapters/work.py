"""What adapters hand to the session: something to run, and what comes out of it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

CHECKED_STEPS = 3


class Work(NamedTuple):
    """One case, prepared by one library.

    `run()` is what is timed. `answers()` computes the same, untimed, and returns {what: array}, channels last, with
    kernels in Keras's layouts, so that libraries can be compared.
    """

    run: Callable
    answers: Callable


def keeping_answers(case, output, d_inputs=(), d_weights=()):
    """Names the results of a layer of `keeping_case.py`. Of what is random, only how much is 0 is compared, or the shape."""
    if case.random and "rate" not in case.options:
        return {"shape": np.array(output.shape)}
    if case.random:
        rate, zeros = case.options["rate"], np.mean(output == 0)
        # As many as were asked for, give or take five standard deviations where only a few hundred channels are drawn.
        return {"zeros": np.array(rate if abs(zeros - rate) < 0.15 else zeros)}
    gradients = {f"gradient of input {place}": gradient for place, gradient in enumerate(d_inputs)}
    gradients |= {f"gradient of weight {place}": gradient.ravel() for place, gradient in enumerate(d_weights)}
    return {"output": output, **gradients}


def layer_answers(output, gradients=None):
    """Names the results of a layer; `gradients` are those for input, kernel and bias, None where there is none."""
    answers = {"output": output}
    if gradients is not None:
        names = ("input gradient", "kernel gradient", "bias gradient")
        answers |= {name: gradient for name, gradient in zip(names, gradients, strict=True) if gradient is not None}
    return answers
