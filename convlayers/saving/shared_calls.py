"""The calls of layers that are in several models of a file, counted as Keras finds them.

Keras 3 makes one layer of those that have the same number, and then takes the number of a call as one of all calls that the
layer has had so far, in whichever model. But what it writes is the number among those in one model, so that it does not read
such files of its own. Here, numbers are written as Keras looks for them, with what was added where no Keras looks.
"""

import collections

from convlayers.models.keras3_0_graph import map_histories
from convlayers.saving.encodings import is_model, map_dicts, map_ends
from convlayers.saving.stacks import is_graph

# Where the encoding of a graph has how often its layers were called before, by their names.
_CALLS_BEFORE = "convlayers_calls_before"


def with_all_calls(encoding):
    """Returns the encoding of a model with the numbers that calls have among all of their layer."""
    return _Counter().counted(encoding)


def with_calls_of_each_model(encoding, objects):
    """Returns the encoding of a model from a file with the numbers that calls have in their models.

    Args:
        encoding: of the model.
        objects: the encodings of all objects in the file.
    """
    if not has_all_calls(objects):
        return encoding
    return map_dicts(_with_calls_of_its_own, encoding)


def has_all_calls(objects):
    """Whether there are calls in the encodings of all objects in a file that are counted among all of their layer."""
    return any(_CALLS_BEFORE in part for part in objects)


class _Counter:
    """Goes through an encoding in the order in which Keras makes layers and calls: those of inner models first."""

    def __init__(self):
        self._calls = collections.Counter()  # by the number of the shared layer
        self._made = set()

    def counted(self, encoding):
        number = encoding.get("shared_object_id")
        if number in self._made or not is_model(encoding):
            return encoding  # A copy of what is there already is not looked at.
        if number is not None:
            self._made.add(number)
        config = encoding["config"]
        encoding = {**encoding, "config": {**config, "layers": [self.counted(entry) for entry in config["layers"]]}}
        return self._counted_in(encoding) if is_graph(encoding) else encoding

    def _counted_in(self, graph):
        shared = [entry for entry in graph["config"]["layers"] if entry.get("shared_object_id") is not None]
        before = {entry["name"]: self._calls[entry["shared_object_id"]] for entry in shared}
        for entry in shared:
            self._calls[entry["shared_object_id"]] += len(entry["inbound_nodes"])
        return {**_moved(graph, before, 1), _CALLS_BEFORE: before} if any(before.values()) else graph


def _with_calls_of_its_own(part):
    return _moved(part, part[_CALLS_BEFORE], -1) if _CALLS_BEFORE in part and is_graph(part) else part


def _moved(graph, before, sign):
    """Returns the encoding of a graph in which the calls of layers have numbers that differ by those of calls before."""
    config = graph["config"]
    graphs = {entry["name"] for entry in config["layers"] if is_graph(entry)}

    def moved(name, call):
        return call + sign * before.get(name, 0)

    def moved_end(name, call, index):
        # The call before the first one of a functional model stands for its last one.
        return [name, call if name in graphs and call == 0 else moved(name, call), index]

    return {
        **graph,
        "config": {
            **config,
            "layers": map_histories(config["layers"], moved),
            "output_layers": map_ends(moved_end, config["output_layers"]),
        },
    }
