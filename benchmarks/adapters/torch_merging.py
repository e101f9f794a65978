"""The layers of `merging_case.py` in PyTorch's words: functions of the inputs, channels last in memory."""

import functools
import operator

import torch


def merging_functions(case):
    """Returns for each kind the function, and the shapes of its weights: there are none."""
    options = case.options
    functions = {
        "Add": lambda *xs: functools.reduce(operator.add, xs),
        "Multiply": lambda *xs: functools.reduce(operator.mul, xs),
        "Average": lambda *xs: functools.reduce(operator.add, xs) / len(xs),
        "Maximum": lambda *xs: functools.reduce(torch.maximum, xs),
        "Concatenate": lambda *xs: torch.cat(xs, options.get("axis", -1)),
        "Dot": lambda a, b: a @ b.mT,
    }
    return {kind: (function, []) for kind, function in functions.items()}
