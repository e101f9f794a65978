"""For which version of Keras a file is written."""

# Whose format is written: files are for Keras to read, and it knows its own versions only.
KERAS_VERSION = "3.15.1"

_VERSIONS = {None: KERAS_VERSION, "keras3": KERAS_VERSION, "keras3.0": "3.0.0", "keras2": "2.15.0"}


def check_format(format):
    """Raises a `ValueError` for what is no format."""
    if format not in _VERSIONS:
        raise ValueError(
            f"The `format` argument says for which version of Keras a file is. Expected: one of {list(_VERSIONS)}. Received: "
            f"format={format!r}"
        )


def keras_version_of(format):
    """Returns the version of Keras that a file says it was written by."""
    return _VERSIONS[format]


def translated(encoding, format):
    """Returns the encoding of a model as a version of Keras reads it.

    Raises:
        ValueError: if that version has no such model, with the reason.
    """
    if format is None:
        return encoding
    from convlayers.saving.for_keras import for_keras

    encoding = for_keras(encoding)
    if format == "keras2":
        from convlayers.saving.legacy.to_keras2 import to_keras2

        return to_keras2(encoding)
    return _with_lists_of_ends(encoding) if format == "keras3.0" else encoding


def _with_lists_of_ends(encoding):
    """Keras 3.0 to 3.3 have a list of the inputs of a functional model, and of its outputs, also where there is one."""
    if isinstance(encoding, (list, tuple)):
        return [_with_lists_of_ends(part) for part in encoding]
    if not isinstance(encoding, dict):
        return encoding
    encoding = {key: _with_lists_of_ends(value) for key, value in encoding.items()}
    for key in ("input_layers", "output_layers"):
        ends = encoding.get(key)
        if isinstance(ends, list) and len(ends) == 3 and isinstance(ends[0], str):
            encoding[key] = [ends]
    return encoding
