"""Layers with the `hard_sigmoid` of Keras 1 and 2, encoded with layers that Keras 3 has."""

from convlayers.activations import hard_sigmoid_of_keras2
from convlayers.saving.encodings import call_on, is_model, map_dicts, map_ends

NAME = hard_sigmoid_of_keras2.__name__
# Together they do the same: clip(0.2 * x + 0.5, 0, 1).
_LINE = {"class_name": "Rescaling", "config": {"scale": 0.2, "offset": 0.5}}
_CLIP = {"class_name": "ReLU", "config": {"max_value": 1.0, "negative_slope": 0.0, "threshold": 0.0}}


def without_first_hard_sigmoid(encoding):
    """Returns the encoding of a model in which layers of Keras with that activation are linear, with two layers behind each.

    It stays in layers that are in no model, as one in a `TimeDistributed`.
    """
    return map_dicts(_with_layers_behind, encoding)


def _with_layers_behind(part):
    if not is_model(part):
        return part
    config = part["config"]
    names = {entry["config"].get("name") for entry in config["layers"]}
    last_of = {
        entry["config"]["name"]: _free_name(f"{entry['config']['name']}_clip", names)
        for entry in config["layers"]
        if entry.get("module") == "keras.layers" and entry["config"].get("activation") == NAME
    }
    if not last_of:
        return part
    ends = {"output_layers": _renamed(config["output_layers"], last_of)} if "output_layers" in config else {}
    return {**part, "config": {**config, "layers": list(_entries(config["layers"], last_of, names)), **ends}}


def _entries(entries, last_of, names):
    for entry in entries:
        if "inbound_nodes" in entry:
            entry = {**entry, "inbound_nodes": map_dicts(lambda part: _on_the_last(part, last_of), entry["inbound_nodes"])}
        name = entry["config"].get("name")
        if name not in last_of:
            yield entry
            continue
        config = {**entry["config"], "activation": "linear"}
        of_results = {"activity_regularizer": config.pop("activity_regularizer", None)}
        line = _free_name(f"{name}_line", names)
        yield {**entry, "config": config}
        yield _behind(entry, _LINE, line, name)
        yield _behind(entry, _CLIP, last_of[name], line, of_results)


def _behind(entry, layer, name, before, more=()):
    """Returns the entry of a layer that is called on what another one returns."""
    kept = {key: entry["config"][key] for key in ("trainable", "dtype") if key in entry["config"]}
    config = {"name": name, **kept, **layer["config"], **dict(more)}
    graph = {}
    if "inbound_nodes" in entry:
        graph = {"name": name, "inbound_nodes": [call_on(before, call) for call in range(len(entry["inbound_nodes"]))]}
    return {"module": "keras.layers", "class_name": layer["class_name"], "config": config, "registered_name": None, **graph}


def _on_the_last(part, last_of):
    history = part.get("keras_history")
    return {**part, "keras_history": _renamed(history, last_of)} if history else part


def _renamed(ends, names):
    return map_ends(lambda name, *numbers: [names.get(name, name), *numbers], ends)


def _free_name(name, names):
    while name in names:
        name += "_"
    return name
