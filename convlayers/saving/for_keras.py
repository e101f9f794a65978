"""Models with what Keras does not have, encoded with what it has, where that is exact."""

from convlayers.registry import find
from convlayers.saving.unknown_arguments import known_arguments

# Classes of convolutions, and the layer that puts zeros around their inputs.
_PADDING_LAYERS = {
    f"{kind}{rank}D": f"ZeroPadding{rank}D" for kind in ("Conv", "DepthwiseConv", "SeparableConv") for rank in (1, 2, 3)
}
# Arguments that Keras has, but not in its signatures.
_UNNAMED_ARGUMENTS = {"rms_scaling", "build_input_shape"}


def for_keras(encoding):
    """Returns the encoding of a model without what Keras does not have.

    Args:
        encoding: in the form of Keras 3. A convolution with numbers as its `padding` becomes one with "valid" behind a layer
            that pads.

    Raises:
        ValueError: for what Keras has no layers for, with the name of the layer.
    """
    if isinstance(encoding, (list, tuple)):
        return [for_keras(part) for part in encoding]
    if not isinstance(encoding, dict):
        return encoding
    encoding = {key: for_keras(part) for key, part in encoding.items()}
    config = encoding.get("config")
    if isinstance(config, dict) and isinstance(config.get("layers"), list):
        entries = [part for entry in config["layers"] for part in _entries(entry)]
        return {**encoding, "config": {**config, "layers": entries}}
    return encoding


def _entries(entry):
    """Returns the one or two entries that a layer becomes."""
    config = entry.get("config")
    if entry.get("module") != "keras.layers" or not isinstance(config, dict):
        return [entry]
    name, padding = config.get("name"), config.get("padding")
    padding_layer = _PADDING_LAYERS.get(entry["class_name"])
    is_padded = padding_layer and isinstance(padding, (list, tuple))
    if is_padded and config.get("padding_mode", "zeros") == "zeros":
        config = {**{key: value for key, value in config.items() if key != "padding_mode"}, "padding": "valid"}
    _check(entry["class_name"], name, config)
    if not is_padded:
        return [entry]
    last = config.get("data_format") != "channels_first"

    def padded(shape):
        start = 1 if last else 2
        sums = dict(enumerate((sum(pair) for pair in padding), start))
        return [None if size is None else size + sums.get(axis, 0) for axis, size in enumerate(shape)]

    return [
        _padding_entry(entry, padding_layer, f"{name}_padding", config),
        _behind(entry, f"{name}_padding", config, padded),
    ]


def _check(class_name, name, config):
    known = known_arguments(find(class_name, "keras.layers")) or config
    unknown = {key: value for key, value in config.items() if key not in known and key not in _UNNAMED_ARGUMENTS}
    if not class_name.startswith("ZeroPadding") and isinstance(config.get("padding"), (list, tuple)):
        unknown["padding"] = config["padding"]
    if unknown:
        raise ValueError(
            f"Keras has no layer that does what '{name}' does, a {class_name} with {unknown}. Leave out `format` to write a "
            "file for convlayers alone."
        )
    steps = [config.get(key) for key in ("strides", "dilation_rate")]
    if class_name in _PADDING_LAYERS and all(isinstance(step, (list, tuple)) and max(step) > 1 for step in steps):
        raise ValueError(f"Keras has no strides together with dilation. Received: layer '{name}' with {steps}.")


def _padding_entry(entry, class_name, name, config):
    padding = entry["config"]["padding"]
    arguments = {"padding": padding[0] if class_name == "ZeroPadding1D" else padding}
    if class_name != "ZeroPadding1D":
        arguments["data_format"] = config["data_format"]
    kept = {key: config[key] for key in ("trainable", "dtype") if key in config}
    layer = {"module": "keras.layers", "class_name": class_name, "config": {"name": name, **kept, **arguments}}
    graph = {"name": name, "inbound_nodes": entry["inbound_nodes"]} if "inbound_nodes" in entry else {}
    return {**layer, "registered_name": None, **graph}


def _behind(entry, padding_name, config, padded):
    """Returns the entry of a convolution whose inputs come from the layer that pads."""
    entry = {**entry, "config": config}
    if "input_shape" in (entry.get("build_config") or {}):
        entry["build_config"] = {"input_shape": padded(entry["build_config"]["input_shape"])}
    if "inbound_nodes" in entry:
        entry["inbound_nodes"] = [
            {**node, "args": [_tensor(node["args"][0], padding_name, call, padded)]}
            for call, node in enumerate(entry["inbound_nodes"])
        ]
    return entry


def _tensor(tensor, name, call, padded):
    config = {**tensor["config"], "shape": padded(tensor["config"]["shape"]), "keras_history": [name, call, 0]}
    return {**tensor, "config": config}
