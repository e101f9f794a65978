"""Models as Keras 2 encoded them."""

from convlayers import nested
from convlayers.saving.encodings import map_dicts
from convlayers.saving.legacy import keras2

# Built-in names that Keras 2 does not have, or that meant something else there.
_UNKNOWN_ACTIVATIONS = {
    "celu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "log_sigmoid",
    "log_softmax",
    "relu6",
    "silu",
    "soft_shrink",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "tanh_shrink",
    "threshold",
}
_OLDER_ACTIVATIONS = {"hard_sigmoid_of_keras2": "hard_sigmoid", "silu": "swish"}
# What Keras 2 called an optimizer that scales the loss.
_LOSS_SCALING = {
    "module": "keras.src.mixed_precision.loss_scale_optimizer",
    "class_name": "LossScaleOptimizerV3",
    "registered_name": "LossScaleOptimizerV3",
}


def to_keras2(encoding):
    """Returns the encoding of a model as Keras 2.12 to 2.15 read it.

    Args:
        encoding: in the form of Keras 3.

    Raises:
        ValueError: for what Keras 2 does not have, with its name.
    """
    return map_dicts(_older_part, encoding)


def _older_part(part):
    class_name, config = part.get("class_name"), part.get("config")
    if class_name in ("DTypePolicy", "FloatDTypePolicy"):
        return _dtype(config["name"])
    if isinstance(class_name, str) and isinstance(config, dict) and class_name != "__keras_tensor__":
        return _older_object(part, class_name, config)
    return part


def _dtype(name):
    if name.startswith("mixed"):
        return {"class_name": "Policy", "config": {"name": name}}
    return name


def _older_object(encoding, class_name, config):
    module = encoding.get("module") or ""
    if module.startswith(("keras.src.ops", "keras.ops")):
        raise ValueError(f"Keras 2 has no op '{config.get('name')}' in models. Received: {class_name}. Use a layer for it.")
    if module == "keras.layers":
        _check_layer(class_name, config)
        config = _older_layer(class_name, config)
    if module == "keras.optimizers":
        config = {key: value for key, value in config.items() if key not in keras2.LATER_ARGUMENTS["optimizers"]}
        # It says in which order there is what the optimizer remembers.
        config["is_legacy_optimizer"] = False
    if "input_layers" in config:
        encoding = {**encoding, "module": "keras.src.engine.functional", "class_name": "Functional"}
        config = _older_graph(config)
    if class_name == "LossScaleOptimizer":
        config = {"inner_optimizer": config["inner_optimizer"], "dynamic": True} | {
            key: config[key] for key in ("initial_scale", "dynamic_growth_steps")
        }
        encoding = {**encoding, **_LOSS_SCALING}
    if class_name == "Sequential":
        config = {key: config[key] for key in ("name", "layers") if key in config}
    later = keras2.LATER_ARGUMENTS.get(class_name, {})
    return {**encoding, "config": {key: value for key, value in config.items() if key not in later}}


def _check_layer(class_name, config):
    name = config.get("name")
    if class_name in keras2.LATER_LAYERS:
        raise ValueError(f"Keras 2 has no layer of the class {class_name}. Received: layer '{name}'.")
    for key, value in keras2.LATER_ARGUMENTS.get(class_name, {}).items():
        if key in config and config[key] != value:
            raise ValueError(
                f"Keras 2 has no argument `{key}` of {class_name}. Received: {key}={config[key]} in layer '{name}'."
            )
    activation = config.get("activation")
    if not isinstance(activation, str):
        return
    if activation in _UNKNOWN_ACTIVATIONS and activation not in _OLDER_ACTIVATIONS:
        raise ValueError(f"Keras 2 has no activation '{activation}', or another of that name. Received: layer '{name}'.")


def _older_layer(class_name, config):
    names = {new: old for old, new in keras2.ARGUMENTS.get(class_name, {}).items() if old != "theta"}
    config = {names.get(key, key): value for key, value in config.items()}
    if isinstance(config.get("activation"), str):
        config["activation"] = _OLDER_ACTIVATIONS.get(config["activation"], config["activation"])
    return _older_lambda(config) if class_name == "Lambda" else config


def _older_lambda(config):
    function = config.get("function")
    if isinstance(function, dict) and function.get("class_name") == "function":
        function = function["config"]
    raw = {"output_shape": None, "output_shape_type": "raw", "output_shape_module": None, "arguments": {}}
    kept = {key: value for key, value in config.items() if key != "mask"}
    return {**raw, **kept, "function": function, "function_type": "function", "module": None}


# Graphs ---------------------------------------------------------------------------------------------------------------


def _older_graph(config):
    """In Keras 2, a call was a list of tensors, and a model in a model counted its own making as its first call."""
    models = {entry["name"] for entry in config["layers"] if "layers" in entry["config"]}
    functional = {entry["name"] for entry in config["layers"] if "input_layers" in entry["config"]}

    def is_tensor(part):
        return isinstance(part, dict) and part.get("class_name") == "__keras_tensor__"

    def older_tensor(tensor, kwargs):
        name, call, index = tensor["config"]["keras_history"]
        return [name, call + (name in models), index, kwargs]

    def older_call(entry, node):
        kwargs = {
            key: value for key, value in node["kwargs"].items() if key != "training" and set(nested.flatten(value)) != {None}
        }
        tensors = node["args"]
        if len(tensors) == 1 and not is_tensor(tensors[0]) and isinstance(tensors[0], (list, dict)):
            tensors = tensors[0]
        if not all(map(is_tensor, tensors.values() if isinstance(tensors, dict) else tensors)) or kwargs:
            raise ValueError(
                f"Keras 2 can't have this call of layer '{entry['name']}' in a file. Expected: tensors alone. Received: {node}"
            )
        if isinstance(tensors, dict):
            return {key: older_tensor(tensor, {}) for key, tensor in tensors.items()}
        return [older_tensor(tensor, {}) for tensor in tensors]

    def older_end(end):
        name, call, index = end
        # Keras 3 counts so too here, but only for functional models.
        return [name, call + (name in models and name not in functional), index]

    def older_ends(structure):
        if isinstance(structure, dict):
            return {key: older_ends(part)[0] for key, part in structure.items()}
        leaves = nested.flatten(structure)
        return [older_end(leaves[start : start + 3]) for start in range(0, len(leaves), 3)]

    layers = [
        {**entry, "inbound_nodes": [older_call(entry, node) for node in entry["inbound_nodes"]]} for entry in config["layers"]
    ]
    ends = {key: older_ends(config[key]) for key in ("input_layers", "output_layers")}
    return {**config, "layers": layers, **ends}
