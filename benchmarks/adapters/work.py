"""What adapters hand to the session: something to run, and what comes out of it."""

from collections.abc import Callable
from typing import NamedTuple

CHECKED_STEPS = 3


class Work(NamedTuple):
    """One case, prepared by one library.

    `run()` is what is timed. `answers()` computes the same, untimed, and returns {what: array}, channels last, with
    kernels in Keras's layouts, so that libraries can be compared.
    """

    run: Callable
    answers: Callable


def keeping_answers(case, output, d_x=None, d_weights=()):
    """Names the results of a layer of `keeping_case.py`. Of what is random, only how much is 0 can be compared."""
    if case.random:
        return {"zeros": (output == 0).mean(keepdims=True).round(1)}
    gradients = {} if d_x is None else {"input gradient": d_x}
    gradients |= {f"gradient of weight {place}": gradient.ravel() for place, gradient in enumerate(d_weights)}
    return {"output": output, **gradients}


def layer_answers(output, gradients=None):
    """Names the results of a layer; `gradients` are those for input, kernel and bias, None where there is none."""
    answers = {"output": output}
    if gradients is not None:
        names = ("input gradient", "kernel gradient", "bias gradient")
        answers |= {name: gradient for name, gradient in zip(names, gradients, strict=True) if gradient is not None}
    return answers
