"""Graphs as plain data, in the format of Keras's files, and back.

    {"layers": [{"module": ..., "class_name": ..., "config": ..., "name": ..., "inbound_nodes": [...]}, ...],
     "input_layers": ["image", 0, 0], "output_layers": ["dense", 0, 0]}

A tensor is written as the name of the layer that it comes from, which of that layer's calls in this model it was, and which
of the call's outputs it is.
"""

import collections
import inspect

from convlayers import nested
from convlayers.layers.core.input_layer import InputLayer
from convlayers.models.keras2_graph import is_function, modernize
from convlayers.models.keras3_0_graph import renumber
from convlayers.models.layer_entries import make_layer, place_of
from convlayers.models.op_config import call_op, encode_op, is_op, op_arguments
from convlayers.registry import CustomObjectScope
from convlayers.serialization import deserialize_keras_object, serialize_keras_object
from convlayers.symbolic import FunctionCall, KerasTensor

GRAPH_KEYS = ("layers", "input_layers", "output_layers")


# From a graph to data -------------------------------------------------------------------------------------------------


def encode_graph(graph):
    """Returns a graph as a dict with `GRAPH_KEYS`."""
    calls = graph.calls
    positions = {node: position for its_calls in calls.values() for position, node in enumerate(its_calls)}

    def encode_argument(argument):
        if not isinstance(argument, KerasTensor):
            return serialize_keras_object(argument)
        history = [argument.node.operation.name, positions[argument.node], argument.index]
        config = {"shape": argument.shape, "dtype": argument.dtype, "keras_history": history}
        return {"class_name": "__keras_tensor__", "config": config}

    def encode_call(node):
        args, kwargs = _arguments(node)
        return {
            "args": nested.map_structure(encode_argument, args),
            "kwargs": nested.map_structure(encode_argument, kwargs),
        }

    def encode_end(tensor):
        operation = tensor.node.operation
        return [operation.name, positions[tensor.node] + _calls_before_the_first(operation), tensor.index]

    layers = [
        {
            **(encode_op(operation) if isinstance(operation, FunctionCall) else serialize_keras_object(operation)),
            "name": operation.name,
            "inbound_nodes": [encode_call(node) for node in its_calls if node.inputs],
        }
        for operation, its_calls in calls.items()
    ]
    ends = (nested.map_structure(encode_end, structure) for structure in (graph.inputs, graph.outputs))
    return dict(zip(GRAPH_KEYS, (layers, *ends), strict=True))


def _arguments(node):
    """Returns the arguments of a call as Keras writes them.

    To a call on one tensor that needs no conversion, and to any call of a functional model, Keras adds `training` and `mask`
    where the layer has them. A mask that is there is an argument of the node already.
    """
    layer = node.operation
    if isinstance(layer, FunctionCall):
        return op_arguments(node)
    kwargs = dict(node.kwargs)
    alone = len(node.args) == 1 and isinstance(node.args[0], KerasTensor) and set(kwargs) <= {"mask"}
    if _is_functional(layer) or (alone and node.args[0].dtype == layer.compute_dtype):
        parameters = inspect.signature(layer.call).parameters
        if "training" in parameters and parameters["training"].default is not None:
            kwargs.setdefault("training", parameters["training"].default)
        if "mask" in parameters:
            kwargs.setdefault("mask", nested.map_structure(lambda _: None, node.args[0]))
    return node.args, kwargs


def _calls_before_the_first(operation):
    """In Keras 3, a functional model counts its own making as its first call, but only among inputs and outputs."""
    return 1 if _is_functional(operation) else 0


def _is_functional(operation):
    from convlayers.models.functional import Functional

    return isinstance(operation, Functional)


# From data to a graph -------------------------------------------------------------------------------------------------


def decode_graph(config, custom_objects=None):
    """Returns the inputs and outputs of a new graph, as structures of symbolic tensors.

    Args:
        config: dict with `GRAPH_KEYS`, as `encode_graph` returns it or as any version of Keras wrote it.
        custom_objects: dict of names and classes or functions that the config may name.

    Raises:
        TypeError, ValueError: if it is damaged, with the name of the layer, or if the calls in it can't be put in order.
    """
    _check_entries(config["layers"])
    if _is_of_keras2(config):
        config = modernize(config)
    config = renumber(config)
    with CustomObjectScope(custom_objects):
        reader = _Reader(config["layers"])
        reader.make_calls()
    return reader.find_ends(config["input_layers"]), reader.find_ends(config["output_layers"])


def _is_of_keras2(config):
    """Whether the config of a graph is in the form of Keras 1 and 2: a call was a list."""
    return any(isinstance(node, list) for entry in config["layers"] for node in entry["inbound_nodes"])


# What there must be in the entry of a layer.
_KINDS = {"name": str, "class_name": str, "config": (dict, list), "inbound_nodes": list}


def _check_entries(entries):
    if not isinstance(entries, list):
        raise ValueError(f"Invalid Functional model configuration. Expected: a list of layers. Received: layers={entries}")
    names = set()
    for index, entry in enumerate(entries):
        with place_of(entry, index):
            if not isinstance(entry, dict):
                raise ValueError(f"Invalid Functional model configuration. Expected: a dict. Received: {entry}")
            for key, kind in _KINDS.items():
                if not isinstance(entry.get(key), kind):
                    raise ValueError(
                        f"Invalid Functional model configuration. Expected: '{key}' of type {kind}. "
                        f"Received: {key}={entry.get(key, '(missing)')}"
                    )
            if entry["name"] in names:
                raise ValueError(f"Invalid Functional model configuration. Two layers have the name '{entry['name']}'.")
            names.add(entry["name"])


class _NotYetError(ValueError):
    """A call needs the result of one that is still to be made, of the layer `name`."""

    def __init__(self, name, call):
        super().__init__(f"There is no call number {call} of layer '{name}'.")
        self.name = name


class _Reader:
    def __init__(self, entries):
        self._entries = {entry["name"]: entry for entry in entries}
        self._places = {name: index for index, name in enumerate(self._entries)}
        self._layers = {
            entry["name"]: None if is_op(entry) or is_function(entry) else make_layer(entry, index)
            for index, entry in enumerate(entries)
        }
        # What each call of a layer in this model has returned: a placeholder has been called from the start. Others may have
        # been called in models that they are in too.
        self._outputs = {
            name: [node.outputs for node in layer.nodes] if isinstance(layer, InputLayer) else []
            for name, layer in self._layers.items()
        }
        self._waiting = {entry["name"]: list(entry["inbound_nodes"]) for entry in entries if entry["inbound_nodes"]}

    def make_calls(self):
        """Makes all calls. A layer whose inputs don't exist yet waits for the layer that they come from."""
        ready, blocked = collections.deque(self._waiting), {}
        while ready:
            name = ready.popleft()
            count = len(self._waiting[name])
            needed = self._make_calls_of(name)
            if needed is None or len(self._waiting[name]) < count:
                ready.extend(blocked.pop(name, ()))
            if needed is None:
                del self._waiting[name]
            else:
                blocked.setdefault(needed, []).append(name)
        if self._waiting:
            raise ValueError(
                "Invalid Functional model configuration. The graph of the Functional model either has loops or "
                f"disconnected nodes. The following nodes failed to be resolved: {self._waiting}"
            )

    def _make_calls_of(self, name):
        """Makes the calls of a layer, as far as that goes. Returns the layer that it waits for, if there is one."""
        nodes = self._waiting[name]
        with place_of(self._entries[name], self._places[name]):
            while nodes:
                try:
                    args, kwargs = self._decode_call(nodes[0])
                except _NotYetError as error:
                    return error.name
                self._outputs[name].append(self._call(name, args, kwargs))
                del nodes[0]
        return None

    def _decode_call(self, node):
        args, kwargs = (node.get("args"), node.get("kwargs")) if isinstance(node, dict) else (None, None)
        if not isinstance(args, (list, tuple)) or not isinstance(kwargs, dict):
            raise ValueError(
                "Invalid Functional model configuration. Expected for a call: a dict of a list `args` and a dict `kwargs`. "
                f"Received: {node}"
            )
        return self._decode(args), self._decode(kwargs)

    def _call(self, name, args, kwargs):
        layer = self._layers[name]
        if layer is None:
            return self._call_function(name, args, kwargs)
        args, kwargs = nested.map_structure(_as_tensor, (args, kwargs))
        # Keras writes it for every layer that can take one.
        if "mask" in kwargs and all(mask is None for mask in nested.flatten(kwargs["mask"])):
            del kwargs["mask"]
        layer(*args, **kwargs)
        return layer.nodes[-1].outputs

    def _call_function(self, name, args, kwargs):
        entry = self._entries[name]
        if is_op(entry):
            return call_op(entry, args, kwargs, taken=self._entries)
        from convlayers.models.tensorflow_ops import call_function

        return call_function(entry, len(self._outputs[name]), args, kwargs)

    def _decode(self, argument):
        if isinstance(argument, (list, tuple)):
            return [self._decode(part) for part in argument]
        if not isinstance(argument, dict):
            return argument
        if argument.get("class_name") == "__keras_tensor__":
            return self._find(*_as_history(argument["config"]["keras_history"]))
        if "class_name" in argument:
            return deserialize_keras_object(argument)
        return {key: self._decode(value) for key, value in argument.items()}

    def _find(self, name, call, index):
        """Returns the output number `index` of a layer's call."""
        if name not in self._layers:
            raise ValueError(
                f"Invalid Functional model configuration. Missing node: {name}\n"
                f"The layers of the model are {list(self._layers)}.\n"
                "Where a layer or model is in several models of a file, some versions of Keras 2 wrote its calls in one "
                "of them in the place of those in another. Make the model in Python, and call `model.load_weights(path)`."
            )
        if not (_is_count(call) and _is_count(index)):
            raise ValueError(
                f"Invalid Functional model configuration. Received: output {index} of call {call} of layer '{name}'. "
                "Expected: whole numbers, counted from 0."
            )
        if call >= len(self._outputs[name]):
            raise _NotYetError(name, call)
        outputs = nested.flatten(self._outputs[name][call])
        if index >= len(outputs):
            raise ValueError(
                f"Invalid Functional model configuration. There is no output number {index} of layer '{name}': it has "
                f"{len(outputs)}, counted from 0."
            )
        return outputs[index]

    def find_ends(self, structure):
        """Returns the tensors of `input_layers` or `output_layers`, in the same structure."""
        if isinstance(structure, dict):
            return {key: self.find_ends(part) for key, part in structure.items()}
        if isinstance(structure, (list, tuple)) and not isinstance(next(iter(structure), None), str):
            return type(structure)([self.find_ends(part) for part in structure])
        name, call, index = _as_history(structure)
        if _is_count(call):
            # Keras takes the last one for the call before the first, and for one that is alone, files say so for Keras 3.0.
            call = max(call - _calls_before_the_first(self._layers.get(name)), 0)
        return _as_tensor(self._find(name, call, index))


def _as_history(history):
    if not isinstance(history, (list, tuple)) or len(history) != 3 or not isinstance(history[0], str):
        raise ValueError(
            "Invalid Functional model configuration. Expected for a tensor: the name of a layer, the number of its call, and "
            f"that of the output. Received: {history}"
        )
    return history


def _is_count(number):
    return isinstance(number, int) and not isinstance(number, bool) and number >= 0


def _as_tensor(leaf):
    """Returns what has followed from shapes as a tensor: only functions of TensorFlow see numbers in it."""
    return getattr(leaf, "tensor", leaf)
