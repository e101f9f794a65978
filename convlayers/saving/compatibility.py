"""What versions of Keras that are older than the one whose format is written don't know.

Keras 3.4 and later read what is written so. Keras 3.0 to 3.3 know another form of single inputs and outputs, which
`formats.py` has.
"""

# Arguments that came after Keras 3.0, by the module of the class, with the values that mean what there was before. They are
# written only where they have another value: an older version refuses a file for any argument that it does not know, and a
# newer one does without.
NEWER_ARGUMENTS = {
    "keras.initializers": {"input_axes": None, "output_axes": None},
    "keras.layers": {
        "optional": False,
        "quantization_config": None,
        "renorm": False,
        "renorm_clipping": None,
        "renorm_momentum": 0.99,
    },
    "keras.metrics": {"ignore_class": None},
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
    module, config = encoding.get("module"), encoding.get("config")
    if module in NEWER_ARGUMENTS and isinstance(config, dict):
        newer = NEWER_ARGUMENTS[module]
        encoding["config"] = {key: value for key, value in config.items() if key not in newer or value != newer[key]}
    return encoding
