"""Stacks that have functional models in them: written as functional models, which all versions of Keras 3 read.

A `Sequential` of functional models has no form that all of them read. What is written is a functional model of the same layers,
with the config of the stack in a place where no Keras looks, so that it is read here as the `Sequential` that it was.
"""

from convlayers.models.functional import Functional
from convlayers.models.sequential import Sequential
from convlayers.saving.encodings import call_on, is_model, map_ends

# Where the config of the stack is in its encoding, without its layers.
STACK = "convlayers_stack"
_GRAPH = {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional"}
_OF_A_CALL = ("name", "inbound_nodes")


def as_graph(encoding):
    """Returns the encoding of a `Sequential` with graphs among its layers as that of a graph, and any other as it is."""
    config = encoding["config"]
    entries = config["layers"]
    if not any(is_graph(entry) for entry in entries) or entries[0]["class_name"] != "InputLayer":
        return encoding
    names = [entry["config"]["name"] for entry in entries]
    nodes = [[], *([call_on(name)] for name in names[:-1])]
    graph = {
        "name": config["name"],
        "trainable": config["trainable"],
        "layers": [
            {**entry, "name": name, "inbound_nodes": calls} for entry, name, calls in zip(entries, names, nodes, strict=True)
        ],
        "input_layers": [names[0], 0, 0],
        "output_layers": [names[-1], 0, 0],
    }
    stack = {key: value for key, value in config.items() if key != "layers"}
    return {**encoding, **_GRAPH, "config": graph, "build_config": {"input_shape": None}, STACK: stack}


def as_stack(graph):
    """Returns the encoding of a graph that was a stack as that of the stack, and any other graph as it is.

    Args:
        graph: of which the graphs in it went through here already.
    """
    config = graph["config"]
    stacks = {entry.get("name") for entry in config["layers"] if isinstance(entry, dict) and STACK in entry}
    if stacks:
        ends = map_ends(lambda name, call, index: [name, max(call - (name in stacks), 0), index], config["output_layers"])
        config = {**config, "output_layers": ends}
    if not isinstance(graph.get(STACK), dict):
        return {**graph, "config": config}
    layers = [{key: value for key, value in entry.items() if key not in _OF_A_CALL} for entry in config["layers"]]
    kind = {"module": "keras", "class_name": "Sequential", "registered_name": None}
    return {**graph, **kind, "config": {**graph[STACK], "layers": layers}}


def has_stacks(encoding):
    """Whether there are graphs in the encoding of a model that were stacks."""
    return is_model(encoding) and (STACK in encoding or any(has_stacks(entry) for entry in encoding["config"]["layers"]))


def with_calls_for_all_versions(config):
    """Returns the config of a graph with numbers of calls among its outputs that all versions of Keras 3 understand.

    There, a functional model counts its own making as its first call, but not in Keras 3.0. Where it is called once, 0 is the
    one call for that version, and, being the one before the first, the last one for all others.
    """
    graphs = {entry["name"]: entry for entry in config["layers"] if is_graph(entry)}

    def end_for_all(name, call, index):
        if name in graphs:
            call = 0 if len(graphs[name]["inbound_nodes"]) == 1 else call + (STACK in graphs[name])
        return [name, call, index]

    return {**config, "output_layers": map_ends(end_for_all, config["output_layers"])}


def is_graph(encoding):
    """Whether this is the encoding of a functional model."""
    return is_model(encoding) and encoding["class_name"] != "Sequential"


def is_stack_of_graphs(layer):
    """Whether a layer is a `Sequential` that has functional models in it."""
    return type(layer) is Sequential and any(isinstance(part, Functional) or is_stack_of_graphs(part) for part in layer.layers)
