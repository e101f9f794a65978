"""For which versions of Keras a file is written, and what it says about that.

All versions of Keras 3 read a list of the inputs of a functional model, and of its outputs, also where there is one: Keras 3.0
to 3.10 wrote that. Since 3.11, a single one stands alone, which only 3.4 and later read.
"""

import re

from convlayers.saving.compatibility import with_first_names, without_names_of_ops, without_usual_training
from convlayers.saving.encodings import is_end, is_model, map_dicts, objects_in
from convlayers.saving.stacks import as_graph, as_stack, is_graph, with_calls_for_all_versions

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


def is_for_keras3(format):
    """Whether some version of Keras 3 reads a file of a format."""
    return format in (DEFAULT, _LISTS_ALWAYS, _SINGLE_ENDS)


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
        encoding = without_usual_training(_for_all_versions(encoding, format))
        return with_first_names(without_names_of_ops(encoding))
    if format == "keras2":
        from convlayers.saving.legacy.to_keras2 import to_keras2

        return to_keras2(encoding)
    return encoding


def as_read_by_its_writer(encoding, objects, keras_version):
    """Returns the encoding of a model with single inputs and outputs alone, if it is of a Keras that put them in lists.

    Functional models that were stacks when they were written here, in that form, are stacks again.

    Args:
        encoding: in the form of Keras 3, as it stands in a file.
        objects: the encodings of all objects in it.
        keras_version: what the file says.
    """
    if not _wrote_lists(keras_version):
        return encoding
    graphs = [part for part in objects if is_graph(part)]
    if all(graph is encoding for graph in graphs):  # as in nearly all files
        return _as_read(encoding) if graphs else encoding
    return map_dicts(_as_read, encoding)


def _wrote_lists(keras_version):
    minor = re.match(r"3\.(\d{1,3})", keras_version)
    return not minor or int(minor[1]) <= int(_LAST_WITH_LISTS.split(".")[1])


def _for_all_versions(encoding, format):
    """Returns the encoding of a model in a form that all versions of Keras 3 read.

    Where there is none, as for a functional model in a `TimeDistributed`, all inputs and outputs stay alone: Keras 3.0, 3.4,
    3.11 and later would go on with the list itself, and only 3.1 to 3.3 can't do without.
    """
    listed = _with_lists_in_graphs(encoding)
    alone = next(_with_ends_alone(listed), None)
    if alone is None:
        return listed
    if format == _LISTS_ALWAYS:
        raise ValueError(
            "Keras 3.0 to 3.3 read no functional model that is in another layer than a model. Received: "
            f"'{alone.get('name')}'. Leave out `format` for a file that Keras 3.4 and later read."
        )
    return encoding


def _with_ends_alone(encoding):
    """Yields the configs of graphs that have an input or output that is in no list."""
    return (config for config in _graphs_in(encoding) if any(is_end(config[key]) for key in _ENDS))


def _with_lists_in_graphs(encoding):
    """Returns the encoding of a model with lists of single inputs and outputs in all graphs that are in no other layers."""
    if not is_model(encoding):
        return encoding
    config = encoding["config"]
    inner = {**config, "layers": [_with_lists_in_graphs(entry) for entry in config["layers"]]}
    if not is_graph(encoding):
        graph = as_graph({**encoding, "config": inner})
        return _with_lists_of_ends(graph) if is_graph(graph) else encoding
    return _with_lists_of_ends({**encoding, "config": with_calls_for_all_versions(inner)})


def _with_lists_of_ends(graph):
    config = graph["config"]
    ends = {key: [config[key]] if is_end(config[key]) else config[key] for key in _ENDS}
    return {**graph, "config": {**config, **ends}}


def _as_read(part):
    return as_stack(_with_single_ends_alone(part)) if is_graph(part) else part


def _with_single_ends_alone(part):
    config = part["config"]
    is_list_of_one = {key: isinstance(config[key], list) and len(config[key]) == 1 and is_end(config[key][0]) for key in _ENDS}
    return {**part, "config": {**config, **{key: config[key][0] for key in _ENDS if is_list_of_one[key]}}}


def _graphs_in(encoding):
    """Yields the configs of all graphs in an encoding."""
    return (part["config"] for part in objects_in(encoding) if is_graph(part))
