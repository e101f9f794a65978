"""Configs of graphs that Keras 1 and 2 wrote, translated to what Keras 3 writes.

A call was a list of the tensors that it takes, as `[[layer, call, index, kwargs], ...]`.
"""

from convlayers import nested


def modernize(config):
    """Returns the config of a graph in the form of Keras 3."""
    models = {entry["name"]: entry for entry in config["layers"] if "layers" in _plain_config(entry)}
    referred = [tensor[:2] for entry in config["layers"] for node in entry["inbound_nodes"] for tensor in node]
    referred += [end[:2] for end in _ends(config["output_layers"])]
    # A model in a model usually counted its own making as its first call.
    shifted = {name for name in models if [name, 0] not in referred}

    def modernize_call(node):
        tensors = [
            {
                "class_name": "__keras_tensor__",
                "config": {"keras_history": [name, call - (name in shifted), index]},
            }
            for name, call, index, *_ in node
        ]
        kwargs = node[-1][3] if len(node[-1]) > 3 else {}
        return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": kwargs}

    def modernize_end(end):
        # Keras 3 still does so among the outputs, for functional models.
        counts = end[0] in models and "input_layers" in _plain_config(models[end[0]])
        return [end[0], end[1] - (end[0] in shifted) + counts, end[2]]

    layers = [
        {**entry, "inbound_nodes": [modernize_call(node) for node in entry["inbound_nodes"]]} for entry in config["layers"]
    ]
    ends = {key: [modernize_end(end) for end in _ends(config[key])] for key in ("input_layers", "output_layers")}
    return {**config, "layers": layers, **ends}


def _plain_config(entry):
    # A Sequential model was a bare list of layers before Keras 2.2.3.
    config = entry["config"]
    return config if isinstance(config, dict) else {"layers": config}


def _ends(structure):
    """Returns the `[layer, call, index]` of inputs or outputs as a flat list."""
    leaves = nested.flatten(structure)
    return [leaves[start : start + 3] for start in range(0, len(leaves), 3)]
