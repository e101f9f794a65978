"""Functions that take symbolic tensors of the graph around them for values: losses, and the `call` of layers.

In Keras 1 and 2, all that a function computed was a part of the graph. So a loss could take the gradient for a layer's output,
and a layer could add a loss that is made of tensors which it was not called on. Here such a function is called on symbolic
tensors once. What it makes of them is a model of all tensors that it takes, which is called in its place.
"""

import functools
import inspect

from convlayers import nested
from convlayers.layers import Lambda, Layer
from convlayers.layers.call_signature import CallSignature
from convlayers.models import Functional, Model
from convlayers.symbolic import KerasTensor, Node, infer_outputs


class MixedTensors(TypeError, ValueError):
    """A function was called on arrays, and has symbolic tensors, too; or needs such."""


class GraphCall:
    """What a function makes of symbolic tensors, as a function of those that were there before.

    Args:
        function: function of symbolic tensors.
        args, kwargs: its arguments.

    Attributes:
        outputs: list of the symbolic tensors that it has returned.
        sources: list of the symbolic tensors from before that these are computed from.
    """

    def __init__(self, function, *args, **kwargs):
        first = next(Node.numbers)
        self.outputs = nested.flatten(function(*args, **kwargs))
        self.sources = tensors_before(self.outputs, lambda tensor: tensor.node is None or tensor.node.number < first)

    @functools.cached_property
    def _model(self):
        return Model(self.sources, self.outputs)

    def __call__(self, values):
        """Returns the outputs as a list, for the values of tensors by their `id`."""
        return nested.flatten(self._model([values[id(tensor)] for tensor in self.sources]))


def tensors_before(outputs, is_given):
    """Returns the symbolic tensors that some are computed from: those that are given, each once, and no others before them."""
    found, seen, waiting = [], set(), nested.flatten(outputs)
    while waiting:
        tensor = waiting.pop(0)
        if not isinstance(tensor, KerasTensor) or id(tensor) in seen:
            continue
        seen.add(id(tensor))
        if is_given(tensor):
            found.append(tensor)
        else:
            waiting += tensor.node.inputs
    return found


def accept_graph_calls():
    """Lets the `call` of layers take symbolic tensors that it was not called on."""
    Layer._run = _seeing_tensors(Layer._run)
    Layer.add_loss = _collecting_symbols(Layer.add_loss)
    KerasTensor.__array__ = _refusing_arrays(KerasTensor.__array__)


def _refusing_arrays(to_array):
    def __array__(tensor, dtype=None, copy=None):
        try:
            return to_array(tensor)
        except ValueError as error:
            raise MixedTensors(*error.args) from None

    return __array__


def _collecting_symbols(add_loss):
    def add_loss_of_graph(layer, loss, inputs=None):
        if not isinstance(loss, KerasTensor) or isinstance(layer, Functional):
            add_loss(layer, loss)
        elif "_symbolic_losses" in vars(layer):
            layer._symbolic_losses.append(loss)
        else:
            raise MixedTensors(f"A layer was called on arrays, and adds the loss {loss}, which is symbolic.")

    return add_loss_of_graph


def _seeing_tensors(run):
    @functools.wraps(run)
    def _run(self, first, args, kwargs, call_kwargs, symbolic):
        if not symbolic:
            return run(self, first, args, kwargs, call_kwargs, symbolic)
        try:
            if "_seen" not in vars(self):
                _try_function(self, args, call_kwargs)
                return run(self, first, args, kwargs, call_kwargs, symbolic)
        except MixedTensors:
            _see(self, args, call_kwargs)
        seen = {"seen_tensors": self._seen}
        return run(self, first, args, {**seen, **kwargs}, {**seen, **call_kwargs}, symbolic)

    return _run


def _try_function(layer, args, kwargs):
    """Calls the function of a `Lambda`, which is not called before there are arrays where its output shape is given."""
    if isinstance(layer, Lambda):
        try:
            infer_outputs(layer.call, args, kwargs)
        except MixedTensors:
            raise
        except Exception:  # It says so itself, or the script gave a shape because of it.
            return


def _see(layer, args, kwargs):
    """Puts what `call` makes of symbolic tensors in its place. Those that it was not called on become another argument."""
    call, structure = layer.call, None

    def call_and_collect(*args, **kwargs):
        nonlocal structure
        vars(layer)["_symbolic_losses"] = []
        outputs = call(*args, **kwargs)
        structure = outputs[0] if isinstance(outputs, list) and len(outputs) == 1 else outputs
        return structure, vars(layer).pop("_symbolic_losses")

    traced = GraphCall(call_and_collect, *args, **kwargs)
    given = nested.flatten(args)
    known = {id(tensor) for tensor in given}
    seen = [tensor for tensor in traced.sources if id(tensor) not in known]
    count = len(nested.flatten(structure))

    def call_graph(*args, seen_tensors, **kwargs):
        values = traced(dict(zip(map(id, (*given, *seen)), (*nested.flatten(args), *seen_tensors), strict=True)))
        for loss in values[count:]:
            layer.add_loss(loss)
        return nested.pack_like(structure, values[:count])

    parameters = [*inspect.signature(call).parameters.values()]
    parameters.append(inspect.Parameter("seen_tensors", inspect.Parameter.KEYWORD_ONLY))
    call_graph.__signature__ = inspect.Signature(sorted(parameters, key=lambda parameter: parameter.kind))
    # None of this is a setting of the layer.
    vars(layer).update(_seen=seen, call=call_graph, _call_signature=CallSignature(call_graph), compute_output_spec=layer._trace)
