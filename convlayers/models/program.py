"""How a graph is run: its nodes as a list of steps that read and write numbered slots."""

import copy
from collections import Counter

from convlayers import nested
from convlayers.autograd import current_tape
from convlayers.layers.layer import Layer
from convlayers.models.fusion import MOST_FUSED, fuse
from convlayers.symbolic import KerasTensor


class Program:
    """Computes the outputs of a graph.

    Args:
        graph: a `Graph`.
    """

    def __init__(self, graph):
        slots = {id(tensor): slot for slot, tensor in enumerate(graph.flat_inputs)}
        self._steps = []
        for node in graph.nodes:
            if node.inputs:
                for tensor in nested.flatten(node.outputs):
                    slots.setdefault(id(tensor), len(slots))
                self._steps.append(_Step(node, slots))
        self._size = len(slots)
        self._inputs = len(graph.flat_inputs)
        self._outputs = [slots[id(tensor)] for tensor in graph.flat_outputs]
        self._training_steps = _fuse_steps(self._steps, self._outputs, gradient=True)
        self._inference_steps = _fuse_steps(self._steps, self._outputs, gradient=False)
        for steps in (self._steps, self._training_steps, self._inference_steps):
            _find_last_uses(steps, self._outputs)

    def run(self, inputs, training=None):
        """Returns the outputs as a list.

        Args:
            inputs: list of arrays or tensors, one for each input.
            training: True or False for all layers; None leaves each its own.
        """
        gradient = training or current_tape() is not None
        return self._run(inputs, training, self._training_steps if gradient else self._inference_steps)

    def infer(self, inputs):
        """Returns, for symbolic tensors, what `run` would return, without adding to the graph."""
        return self._run(inputs, None, self._steps, symbolic=True)

    def _run(self, inputs, training, steps, symbolic=False):
        values = [None] * self._size
        values[: self._inputs] = inputs
        for step in steps:
            function = step.operation.symbolic_call if symbolic else step.operation
            if step.simple:
                result = function(values[step.sources[0]], **step.kwargs[training])
            else:
                args, kwargs = step.fill(values, training)
                result = function(*args, **kwargs)
            if step.several:
                for slot, value in zip(step.targets, nested.flatten(result), strict=True):
                    values[slot] = value
            else:
                values[step.targets[0]] = result
            # What no later step reads is let go at once: the memory of a deep network would add up.
            for slot in step.last_uses:
                values[slot] = None
        return [values[slot] for slot in self._outputs]


def _find_last_uses(steps, outputs):
    seen = set(outputs)
    for step in reversed(steps):
        step.last_uses = [slot for slot in {*step.sources, *step.targets} if slot not in seen]
        seen.update(step.last_uses)


def _fuse_steps(steps, outputs, gradient):
    """Returns other steps for the same, some of them fused (fusion.py)."""
    readers = Counter([*outputs, *(slot for step in steps for slot in step.sources)])
    next_step = {
        step.sources[0]: step for step in steps if step.simple and step.takes_tensors_only and readers[step.sources[0]] == 1
    }
    fused, done = [], set()
    for step in steps:
        if step in done:
            continue
        chain = [step] if step.takes_tensors_only else []
        while chain and len(chain) < MOST_FUSED and chain[-1].targets[0] in next_step:
            chain.append(next_step[chain[-1].targets[0]])
        operation, count = fuse([link.operation for link in chain], gradient) if chain else (None, 0)
        done.update(chain[:count])
        step = copy.copy(step)
        if count:
            step.operation, step.targets = operation, chain[count - 1].targets
        fused.append(step)
    return fused


class _Slot(int):
    """The number of a slot, where a step's arguments have a tensor."""


class _Step:
    """One node.

    Attributes:
        operation: what is called.
        args, kwargs: its arguments, with slots in place of tensors; `kwargs` for each value of `training`.
        simple: whether the only slot among them is the first and only positional argument.
        sources, targets: the slots that are read and written.
        several: whether the result is a structure.
        takes_tensors_only: whether tensors and `training` are all that it is given, and a tensor all that it returns.
        last_uses: the slots that no later step reads.
    """

    __slots__ = ("args", "kwargs", "last_uses", "operation", "several", "simple", "sources", "takes_tensors_only", "targets")

    def __init__(self, node, slots):
        def to_slot(leaf):
            return _Slot(slots[id(leaf)]) if isinstance(leaf, KerasTensor) else leaf

        self.operation = node.operation
        self.args, kwargs = nested.map_structure(to_slot, (tuple(node.args), node.kwargs))
        modes = (True, False) if isinstance(node.operation, Layer) else ()
        self.kwargs = {None: kwargs, True: kwargs, False: kwargs}
        self.kwargs.update((mode, {**kwargs, "training": mode}) for mode in modes)
        self.simple = len(self.args) == len(node.inputs) == 1 and type(self.args[0]) is _Slot
        self.sources = [slots[id(tensor)] for tensor in node.inputs]
        self.targets = [slots[id(tensor)] for tensor in nested.flatten(node.outputs)]
        self.several = not isinstance(node.outputs, KerasTensor)
        self.takes_tensors_only = len(self.args) == 1 and not kwargs and not self.several
        self.last_uses = ()

    def fill(self, values, training):
        """Returns the arguments with the values of their slots."""

        def put(leaf):
            return values[leaf] if type(leaf) is _Slot else leaf

        return nested.map_structure(put, (self.args, self.kwargs[training]))
