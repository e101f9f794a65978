"""Assignments to variables that are undone at the end of a block."""

import contextlib
import threading

import numpy as np

from convlayers.autograd import value_of
from convlayers.deferred_initialization import deferred


class _Trial(threading.local):
    """What the variables were that this thread assigned to inside `without_effect`: {id: (variable, value)}, else None."""

    def __init__(self):
        self.before = None

    def note(self, variable):
        if id(variable) not in self.before:
            self.before[id(variable)] = variable, variable._storage.copy()


trial = _Trial()


@contextlib.contextmanager
def without_effect():
    """Inside, variables can be assigned to as ever. At the end they have the values that they had before.

    It is for calls of which only the shapes count. Gradients and the updates of optimizers are not undone.
    """
    outer, trial.before = trial.before, {}
    try:
        yield
    finally:
        noted, trial.before = trial.before, outer
        for variable, value in noted.values():
            variable.overwrite()[...] = value
            if deferred.is_waiting(variable):  # To have been assigned to for a while is not to have an initial value.
                variable.version = 0


@contextlib.contextmanager
def with_effect():
    """Inside, what is assigned stays, also within `without_effect`: for the weights that `build` makes."""
    outer, trial.before = trial.before, None
    try:
        yield
    finally:
        trial.before = outer


@contextlib.contextmanager
def other_values(variables, values):
    """Inside, variables have other values, and may be assigned to. At the end they have those that they had before."""
    before = [variable._storage.copy() for variable in variables]
    # Copies, since what is given may be the variables themselves.
    values = [np.array(value_of(value)) for value in values]
    try:
        _assign_all(variables, values)
        yield
    finally:
        _assign_all(variables, before)


def _assign_all(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
