"""Objects from encodings of any version of Keras, and what is in an encoding, found and changed."""

from convlayers import nested
from convlayers._native import memory
from convlayers.serialization import deserialize_keras_object


@memory.bounded
def make_object(encoding, is_older, custom_objects=None):
    """Returns the object that an encoding describes.

    Args:
        encoding: what `serialize_keras_object` of some version of Keras returned.
        is_older: whether that was Keras 1 or 2.
        custom_objects: dict of names and classes or functions that it may name.

    Raises:
        TypeError: if it names something unknown, or has arguments that a class does not take.
        ValueError: if it is damaged.
        MemoryError: if arrays of more than 4 GiB are computed with, as shapes in a damaged file may say.
    """
    if is_older:
        from convlayers.saving.legacy.configs import modern_encoding

        encoding = modern_encoding(encoding)
    try:
        return deserialize_keras_object(encoding, custom_objects)
    except (TypeError, ValueError):
        # Newer versions of Keras may have arguments that are not known here, and that say nothing.
        from convlayers.saving.unknown_arguments import without_any_empty_ones

        leaner = without_any_empty_ones(encoding)
        if leaner == encoding:
            raise
        return deserialize_keras_object(leaner, custom_objects)


def share_in_all_copies(objects):
    """Gives what is shared its number wherever it is written, in the encodings of all objects of a file.

    Keras numbers an object when it writes it again, but what the object consists of was copied when it was first written. So
    the parts of a model may have numbers in its last copy alone, and be shared with what is elsewhere.
    """
    numbered = [part for part in objects if isinstance(part.get("shared_object_id"), int)]
    last = {part["shared_object_id"]: part for part in numbered}
    for part in objects if last else ():
        number = part.get("shared_object_id")
        copy = last.get(number, part) if isinstance(number, int) else part
        if copy is not part:
            _share_parts(part, copy)


def _share_parts(one, other):
    for part, copy in zip(objects_in(one), objects_in(other), strict=False):
        if part["class_name"] == copy["class_name"] and "shared_object_id" in copy:
            part.setdefault("shared_object_id", copy["shared_object_id"])


def map_dicts(function, encoding):
    """Returns an encoding with what `function` makes of each dict in its place, the inner ones first. Tuples become lists."""
    if isinstance(encoding, (list, tuple)):
        return [map_dicts(function, part) for part in encoding]
    if isinstance(encoding, dict):
        return function({key: map_dicts(function, part) for key, part in encoding.items()})
    return encoding


def is_model(encoding):
    """Whether this is the encoding of a model that lists its layers, one after another or as a graph."""
    config = encoding.get("config")
    lists_layers = isinstance(config, dict) and isinstance(config.get("layers"), list)
    return lists_layers and (
        encoding.get("class_name") == "Sequential" or ("input_layers" in config and "output_layers" in config)
    )


def map_ends(function, structure):
    """Returns the inputs or outputs of a graph with what `function(name, call, index)` makes of each in its place."""
    if isinstance(structure, dict):
        return {key: map_ends(function, part) for key, part in structure.items()}
    if is_end(structure):
        return function(*structure)
    return [map_ends(function, part) for part in structure] if isinstance(structure, (list, tuple)) else structure


def is_end(end):
    """Whether this is an input or output itself: the name of a layer, the number of its call, and of the call's output."""
    return isinstance(end, (list, tuple)) and len(end) == 3 and isinstance(end[0], str)


def call_on(name, call=0):
    """Returns the encoding of a call on what a layer of a graph returned. Keras goes by the history, and finds the shape anew.

    Args:
        name: of that layer.
        call: the number of its call.
    """
    tensor = {"shape": [None], "dtype": "float32", "keras_history": [name, call, 0]}
    return {"args": [{"class_name": "__keras_tensor__", "config": tensor}], "kwargs": {}}


def objects_in(encoding):
    """Yields the encodings of all objects in one, itself first: those of layers, initializers and so on."""
    return (part for part in nested.dicts_in(encoding) if isinstance(part.get("class_name"), str) and "config" in part)
