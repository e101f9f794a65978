"""For which versions of Keras a file is written, and what it says about that.

All versions of Keras 3 read a list of the inputs of a functional model, and of its outputs, also where there is one: Keras 3.0
to 3.10 wrote that. Since 3.11, a single one stands alone, which only 3.4 and later read.
"""

import re

from convlayers.saving.compatibility import with_first_names, without_names_of_ops
from convlayers.saving.encodings import call_on, map_dicts, objects_in

# Whose interface this is, and the form of its files.
KERAS_VERSION = "3.15.1"
# The last one that wrote what all versions read. A file says that this one wrote it, so that a reader knows that a list of one
# may stand for what is in it.
_LAST_WITH_LISTS = "3.10.0"

DEFAULT = "keras3"
_LISTS_ALWAYS = "keras3.0"
_SINGLE_ENDS = "keras3.11"
_VERSIONS = {
    DEFAULT: _LAST_WITH_LISTS,
    _LISTS_ALWAYS: _LAST_WITH_LISTS,
    _SINGLE_ENDS: KERAS_VERSION,
    "keras2": "2.15.0",
    "convlayers": KERAS_VERSION,
}
FORMATS = tuple(_VERSIONS)

_ENDS = ("input_layers", "output_layers")


def check_format(format):
    """Raises a `ValueError` for what is neither a format nor None."""
    if format is not None and format not in FORMATS:
        raise ValueError(
            f"The `format` argument says for which version of Keras a file is. Expected: one of {list(FORMATS)}. Received: "
            f"format={format!r}"
        )


def keras_version_of(format):
    """Returns the version of Keras that a file says it was written by."""
    return _VERSIONS[format]


def is_of_older_keras(keras_version):
    """Whether a file is of Keras 1 or 2, as far as it says."""
    return not str(keras_version).startswith("3.")


def format_of(keras_version):
    """Returns the format in which a model goes back to the Keras that it came from."""
    return DEFAULT if _wrote_lists(keras_version) else _SINGLE_ENDS


def translated(encoding, format):
    """Returns the encoding of a model as a version of Keras reads it.

    Raises:
        ValueError: if that version has no such model, with the reason.
    """
    if format == "convlayers":
        return encoding
    from convlayers.saving.for_keras import for_keras

    encoding = for_keras(encoding, is_older=format == "keras2")
    if format in (DEFAULT, _LISTS_ALWAYS):
        listed = _with_lists_of_ends(encoding) if format == DEFAULT else _with_lists_of_all_ends(encoding)
        return with_first_names(without_names_of_ops(listed))
    if format == "keras2":
        from convlayers.saving.legacy.to_keras2 import to_keras2

        return to_keras2(encoding)
    return encoding


def as_read_by_its_writer(encoding, keras_version):
    """Returns the encoding of a model with single inputs and outputs alone, if it is of a Keras that put them in lists.

    Args:
        encoding: in the form of Keras 3, as it stands in a file.
        keras_version: what the file says.
    """
    return map_dicts(_with_single_ends_alone, encoding) if _wrote_lists(keras_version) else encoding


def _wrote_lists(keras_version):
    minor = re.match(r"3\.(\d{1,3})", keras_version)
    return not minor or int(minor[1]) <= int(_LAST_WITH_LISTS.split(".")[1])


def _with_lists_of_ends(encoding):
    """Returns the encoding of a model with a list also of a single input or output of a graph.

    Of all graphs, or of none: in a model that is elsewhere than in a graph, as in a `Sequential`, they stay alone. There, Keras
    3.0, 3.4, 3.11 and later would go on with the list itself, and only 3.1 to 3.3 can't do without.
    """
    listed = _with_lists_in_graphs(encoding)
    return encoding if any(_with_ends_alone(listed)) else listed


def _with_lists_of_all_ends(encoding):
    """Returns the encoding of a model with lists in all graphs, a `Sequential` of such among them."""
    encoding = _with_lists_in_graphs(_graph_of_stack(encoding))
    for config in _with_ends_alone(encoding):
        raise ValueError(
            "Keras 3.0 to 3.3 read no functional model that is in another layer than a functional model. Received: "
            f"'{config.get('name')}'. Leave out `format` for a file that Keras 3.4 and later read."
        )
    return encoding


def _with_ends_alone(encoding):
    """Yields the configs of graphs that have an input or output that is in no list."""
    return (config for config in _graphs_in(encoding) if any(_is_end(config[key]) for key in _ENDS))


def _graph_of_stack(encoding):
    """Returns the encoding of a `Sequential` that has a functional model in it as that of a functional model."""
    config = encoding["config"]
    entries = config["layers"] if encoding["class_name"] == "Sequential" else []
    if not any(_is_graph(entry["config"]) for entry in entries) or entries[0]["class_name"] != "InputLayer":
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
    kind = {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional"}
    return {**encoding, **kind, "config": graph, "build_config": {"input_shape": None}}


def _with_lists_in_graphs(encoding):
    config = encoding["config"]
    if not _is_graph(config):
        return encoding
    ends = {key: [config[key]] if _is_end(config[key]) else config[key] for key in _ENDS}
    return {**encoding, "config": {**config, "layers": [_with_lists_in_graphs(entry) for entry in config["layers"]], **ends}}


def _with_single_ends_alone(part):
    if not _is_graph(part):
        return part
    is_list_of_one = {key: isinstance(part[key], list) and len(part[key]) == 1 and _is_end(part[key][0]) for key in _ENDS}
    return {**part, **{key: part[key][0] for key in _ENDS if is_list_of_one[key]}}


def _graphs_in(encoding):
    """Yields the configs of all graphs in an encoding."""
    return (part["config"] for part in objects_in(encoding) if _is_graph(part["config"]))


def _is_graph(config):
    return isinstance(config, dict) and isinstance(config.get("layers"), list) and all(key in config for key in _ENDS)


def _is_end(end):
    """Whether this is an input or output itself: the name of a layer, the number of its call, and of the call's output."""
    return isinstance(end, list) and len(end) == 3 and isinstance(end[0], str)
