"""What versions of Keras that are older than the one whose format is written don't know."""

# Arguments that came after Keras 3.0, with the values that mean what there was before. A layer that has such a value is
# written without it: older versions refuse a file for any argument that they don't know, newer ones do without it.
_NEWER_ARGUMENTS = {
    "input_axes": None,
    "output_axes": None,
    "quantization_config": None,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": 0.99,
    "optional": False,
}


def for_all_versions(encoding):
    """Returns the encoding of a model without arguments that older versions of Keras don't know, where they say nothing.

    Args:
        encoding: what `serialize_keras_object` returned. Configs of classes that are not Keras's stay as they are.
    """
    if isinstance(encoding, (list, tuple)):
        return [for_all_versions(part) for part in encoding]
    if not isinstance(encoding, dict):
        return encoding
    encoding = {key: for_all_versions(part) for key, part in encoding.items()}
    if _is_of_keras(encoding):
        encoding["config"] = {key: part for key, part in encoding["config"].items() if not _says_nothing(key, part)}
    return encoding


def _is_of_keras(encoding):
    module = encoding.get("module")
    return isinstance(module, str) and module.split(".")[0] == "keras" and isinstance(encoding.get("config"), dict)


def _says_nothing(key, value):
    return key in _NEWER_ARGUMENTS and value == _NEWER_ARGUMENTS[key]
