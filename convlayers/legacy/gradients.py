"""Gradients for whatever a tape has seen: variables, inputs, and the tensors in between, as old scripts ask for them."""

import contextlib

import numpy as np

from convlayers.autograd import Tape, Tensor, value_of
from convlayers.nested import flatten, pack_like


def gradients_of(tape, targets, sources, output_gradients=None, retain=False):
    """Returns the gradients of a target, or of the sum of several, in the structure of `sources`.

    What variables have as their `grad` stays as it is.

    Args:
        tape: a `Tape`, on which the targets were computed.
        targets: tensor, or a structure of tensors. Arrays among them depend on nothing.
        sources: a structure of variables and tensors.
        output_gradients: gradients for the targets, ones by default.
        retain: whether the tape is to be asked again.

    Returns:
        Arrays, and None where a source had no part in the targets.
    """
    leaves, targets = flatten(sources), flatten(targets)
    weights = [None] * len(targets) if output_gradients is None else flatten(output_gradients)
    weighted = [(target, weight) for target, weight in zip(targets, weights, strict=True) if isinstance(target, Tensor)]
    targets = [target for target, _ in weighted]
    d_targets = [np.ones(target.shape, target.dtype) if weight is None else value_of(weight) for target, weight in weighted]
    # A tape lets the gradient of a tensor go when it comes to the op that made it: for such a tensor it has to stop there.
    made_by = {output: number for number, record in enumerate(tape._records) for output in flatten(record[1])}
    stops = [made_by.get(leaf, -1) if isinstance(leaf, Tensor) else -1 for leaf in leaves]
    found = [None] * len(leaves)
    for stop in sorted(set(stops)):
        part = Tape()
        part._records = tape._records[stop + 1 :]
        places = [place for place, its_stop in enumerate(stops) if its_stop == stop]
        tensors = {leaves[place]: None for place in places if isinstance(leaves[place], Tensor)}
        with _grad_put_aside(tape):
            gradients = dict(zip(tensors, part.backward(targets, d_targets, tensors, retain=True), strict=True))
            for place in places:
                found[place] = gradients[leaves[place]] if isinstance(leaves[place], Tensor) else leaves[place].grad
    if not retain:
        tape._records.clear()
    return pack_like(sources, found)


@contextlib.contextmanager
def _grad_put_aside(tape):
    """Inside, variables that were used have no gradient yet, to which a tape adds. What they had comes back."""
    used = {source for inputs, *_ in tape._records for source in inputs if not isinstance(source, (Tensor, type(None)))}
    before = {variable: variable.grad for variable in used}
    for variable in used:
        variable.grad = None
    try:
        yield
    finally:
        for variable, gradient in before.items():
            variable.grad = gradient
