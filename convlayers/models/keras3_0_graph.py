"""Configs of graphs that Keras 3.0 wrote, with the numbers of calls that later versions write.

In the arguments of calls, it counted all calls that a layer had ever had, also those in other models; among the outputs, those
in the model.
"""

from convlayers import nested


def renumber(config):
    """Returns the config of a graph in which calls are counted in this model, as far as they were not.

    Which ones they are follows from their order. One that only outputs of the model refer to may be any, and these say which.
    """
    counts = {entry["name"]: len(entry["inbound_nodes"]) for entry in config["layers"]}
    used = {}
    for name, call in _calls_in([entry["inbound_nodes"] for entry in config["layers"]]):
        used.setdefault(name, set()).add(call)
    models = {entry["name"] for entry in config["layers"] if "input_layers" in entry["config"]}
    leaves = nested.flatten(config["output_layers"])
    # Functional models counted their own making there.
    at_the_end = [(name, call - (name in models)) for name, call in zip(leaves[::3], leaves[1::3], strict=False)]
    numbers = {
        name: _in_order(calls, counts[name], [call for end, call in at_the_end if end == name])
        for name, calls in used.items()
        if 0 < len(calls) <= counts.get(name, 0) <= max(calls)
    }
    if not numbers:
        return config
    return {**config, "layers": map_histories(config["layers"], lambda name, call: numbers.get(name, {}).get(call, call))}


def _in_order(calls, count, at_the_end):
    places = sorted(range(count), key=lambda place: place in at_the_end)[: len(calls)]
    return dict(zip(sorted(calls), sorted(places), strict=True))


def _calls_in(part):
    """Returns the name of the layer and the number of the call for each tensor in calls."""
    histories = (inner.get("keras_history") for inner in nested.dicts_in(part))
    return [(history[0], history[1]) for history in histories if _is_history(history)]


def _is_history(history):
    return isinstance(history, (list, tuple)) and len(history) == 3 and isinstance(history[0], str) and type(history[1]) is int


def map_histories(entries, function):
    """Returns the entries of layers with `function(name, call)` in the place of the number of each call that arguments name."""

    def renumbered(part):
        if isinstance(part, (list, tuple)):
            return [renumbered(inner) for inner in part]
        if not isinstance(part, dict):
            return part
        history = part.get("keras_history")
        if _is_history(history):
            return {**part, "keras_history": [history[0], function(*history[:2]), history[2]]}
        return {key: renumbered(inner) for key, inner in part.items()}

    return [{**entry, "inbound_nodes": renumbered(entry["inbound_nodes"])} for entry in entries]
