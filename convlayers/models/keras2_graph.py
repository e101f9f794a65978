"""Configs of graphs that Keras 1 and 2 wrote, translated to what Keras 3 writes.

A call was a structure of the tensors that it takes, each as `[layer, call, index, kwargs]`; usually a list of them. In the
place of a tensor, `["_CONSTANT_VALUE", -1, value, kwargs]` was a number or an array.
"""

import warnings

from convlayers import nested
from convlayers.user_code import user_stacklevel

_CONSTANT = "_CONSTANT_VALUE"
# What functions of TensorFlow are in a graph. They keep a list of one tensor as what it is: `tf.concat([x], axis=0)`.
_FUNCTIONS = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")

# What `Model.add_loss` and `Model.add_metric` put behind a tensor. Keras 3 has neither.
_ADDED = ("AddLoss", "AddMetric")


def is_function(entry):
    """Whether an entry in the config of a graph is a function of TensorFlow, and not a layer."""
    return entry["class_name"] in _FUNCTIONS and ("function" in entry["config"] or "node_def" in entry["config"])


def modernize(config):
    """Returns the config of a graph in the form of Keras 3."""
    config = _without_added_losses(config)
    models = {entry["name"]: entry for entry in config["layers"] if "layers" in _plain_config(entry)}
    calls = [entry["inbound_nodes"] for entry in config["layers"]]
    referred = [tensor[:2] for tensor in _tensors([calls, _ends(config["output_layers"])])]
    # A model in a model usually counted its own making as its first call.
    shifted = {name for name in models if [name, 0] not in referred}

    def modernize_part(part):
        if _is_tensor(part):
            name, call, index = part[:3]
            history = [name, call - (name in shifted), index]
            return {"class_name": "__keras_tensor__", "config": {"keras_history": history}}
        if _is_constant(part):
            return part[2]
        return _map_parts(modernize_part, part)

    def modernize_call(node, entry):
        kwargs = next((tensor[3] for tensor in _tensors(node) if len(tensor) > 3), {})
        args = modernize_part(node)
        if isinstance(args, list) and len(args) == 1 and not is_function(entry):
            args = args[0]
        return {"args": [args], "kwargs": modernize_part(kwargs)}

    def modernize_end(end):
        # Keras 3 still does so among the outputs, for functional models.
        counts = end[0] in models and "input_layers" in _plain_config(models[end[0]])
        return [end[0], end[1] - (end[0] in shifted) + counts, end[2]]

    layers = [
        {"module": "keras.layers", **entry, "inbound_nodes": [modernize_call(node, entry) for node in entry["inbound_nodes"]]}
        for entry in config["layers"]
    ]
    inputs, outputs = config["input_layers"], config["output_layers"]
    if isinstance(inputs, dict) and sorted(inputs) == [end[0] for end in _ends(inputs)]:
        inputs = _ends(inputs)  # Keras 2 also took a list in the place of a dict; a dict finds its way into a list by names.
    ends = {"input_layers": _map_ends(modernize_end, inputs), "output_layers": _map_ends(modernize_end, outputs)}
    return {**config, "layers": layers, **ends}


def _without_added_losses(config):
    """Returns the config of a graph without losses and metrics that were added, and without functions that led only to them."""
    layers = config["layers"]
    added = [entry["name"] for entry in layers if entry["class_name"] in _ADDED]
    if not added:
        return config
    warnings.warn(
        f"Losses and metrics that `Model.add_loss` and `Model.add_metric` added are left out: {added}. Models of Keras 3 have "
        "none. A layer of your own may call `self.add_loss(...)`, or give the model a `loss` in `compile`.",
        stacklevel=user_stacklevel(),
    )
    size = None
    while size != len(layers):
        size = len(layers)
        calls = [entry["inbound_nodes"] for entry in layers]
        needed = {tensor[0] for tensor in _tensors([calls, _ends(config["output_layers"])])}
        layers = [
            entry for entry in layers if entry["name"] in needed or not (entry["class_name"] in _ADDED or is_function(entry))
        ]
    return {**config, "layers": layers}


def _is_tensor(part):
    return _is_node(part) and part[0] != _CONSTANT and all(isinstance(number, int) for number in part[1:3])


def _is_constant(part):
    return _is_node(part) and part[0] == _CONSTANT


def _is_node(part):
    return isinstance(part, list) and len(part) in (3, 4) and isinstance(part[0], str)


def _map_parts(function, structure):
    if isinstance(structure, list):
        return [function(part) for part in structure]
    return {key: function(part) for key, part in structure.items()} if isinstance(structure, dict) else structure


def _tensors(structure):
    """Returns the tensors and constants in a structure, also those among the arguments of others."""
    if _is_tensor(structure) or _is_constant(structure):
        return [structure, *_tensors(structure[3:])]
    parts = structure.values() if isinstance(structure, dict) else structure
    return [tensor for part in parts for tensor in _tensors(part)] if isinstance(structure, (list, dict)) else []


def _plain_config(entry):
    # A Sequential model was a bare list of layers before Keras 2.2.3.
    config = entry["config"]
    return config if isinstance(config, dict) else {"layers": config}


def _map_ends(function, structure):
    """Maps each `[layer, call, index]` of inputs or outputs: those in dicts as they are, all others as a flat list."""
    if isinstance(structure, dict):
        return {key: function(end) if _is_tensor(end) else _map_ends(function, end) for key, end in structure.items()}
    return [function(end) for end in _ends(structure)]


def _ends(structure):
    """Returns the `[layer, call, index]` of inputs or outputs as a flat list."""
    leaves = nested.flatten(structure)
    if len(leaves) % 3:
        raise ValueError(
            "Invalid Functional model configuration. Expected for each input and output: the name of a layer, the number of "
            f"its call, and that of the output. Received: {structure}"
        )
    return [leaves[start : start + 3] for start in range(0, len(leaves), 3)]
