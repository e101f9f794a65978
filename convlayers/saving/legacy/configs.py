"""Models as Keras 1 and 2 encoded them, translated to the encoding of Keras 3.

The form of graphs is left to `models/keras2_graph.py`, which every graph that is read goes through.
"""

import re
import warnings

from convlayers.nested import map_structure
from convlayers.registry import find, get_registered_object
from convlayers.saving.encodings import map_dicts
from convlayers.saving.legacy import keras1, keras2
from convlayers.saving.legacy.merging_stacks import as_graph, merges_models
from convlayers.saving.legacy.names import today_name
from convlayers.saving.unknown_arguments import without_empty_ones
from convlayers.serialization import encode_name_of_function
from convlayers.user_code import user_stacklevel

# Arguments of a user's classes that may hold names of Keras.
_NAMES = ("activation", "reduction")


def modern_encoding(encoding):
    """Returns the encoding of an object, and of all objects in it, with the names that Keras 3 has for everything.

    Args:
        encoding: what a file of any version of Keras holds. Nothing changes in what has today's names already.

    Raises:
        ValueError: for what has no equivalent today, with its name.
    """
    if isinstance(encoding, (list, tuple)):
        return [modern_encoding(part) for part in encoding]
    if not isinstance(encoding, dict):
        return encoding
    class_name, config = encoding.get("class_name"), encoding.get("config")
    if isinstance(class_name, str) and class_name in ("Policy", "PolicyV1") and isinstance(config, dict):
        return config.get("name")
    if class_name in ("__tuple__", "TensorShape") and isinstance(encoding.get("items"), list):
        return modern_encoding(encoding["items"])
    if class_name in ("__numpy__", "__tensor__") and isinstance(config, dict) and isinstance(config.get("value"), (int, float)):
        return config["value"]  # Keras 2.12 wrote arguments of layers so.
    if isinstance(class_name, str) and isinstance(config, (dict, list)):
        encoding = _modern_object(encoding, class_name, config)
    return {key: modern_encoding(part) for key, part in encoding.items()}


def modern_compile_config(config):
    """Returns the arguments of `compile` in today's encoding. Keras 2 wrote None for what it had been told nothing about."""
    return {key: modern_encoding(value) for key, value in config.items() if value is not None}


def _modern_object(encoding, class_name, config):
    if class_name == "Sequential" and merges_models(config):
        return _modern_object({**encoding, "class_name": "Functional"}, "Functional", as_graph(config))
    if class_name == "Sequential":
        return {**encoding, "config": _without_slashes(_modern_stack(_with_dim_ordering(config)))}
    if isinstance(config, list):
        return encoding
    if "layers" in config:
        return {**encoding, "config": _without_slashes(_with_dim_ordering(config))}
    if class_name != "InputLayer" and "batch_input_shape" in config:
        config = {key: value for key, value in config.items() if key != "batch_input_shape"}
    if class_name == "MeanMetricWrapper" and _is_of_user(config):
        return encode_name_of_function(config["fn"])
    # A user's class may have the name of one of Keras, and then has arguments of its own, beside those of a loss.
    if get_registered_object(encoding.get("registered_name") or class_name) is not None:
        config = {key: _modern_value(key, value) if key in _NAMES else value for key, value in config.items()}
    else:
        class_name, config = _modern_class(class_name.removeprefix("Custom>"), config, encoding.get("module") or "")
        if class_name != encoding["class_name"]:
            encoding = {**encoding, "registered_name": None}
    encoding = {**encoding, "class_name": class_name, "config": config}
    return without_empty_ones(encoding, find(class_name, encoding.get("module") or ""))


def _modern_class(class_name, config, module):
    """Returns what a class of Keras is called today, and its arguments."""
    if class_name == "Merge":
        class_name, config = _merge(config)
    if class_name == "Lambda" and "function_type" in config:
        class_name, config = _lambda(config)
    if class_name in keras2.RANDOM_SIZES:
        class_name, config = _random_size(class_name, config)
    if class_name == "RandomCrop" and "data_format" not in config:
        class_name, config = _random_crop(config)
    for generation in (keras1, keras2):
        class_name = generation.CLASSES.get(class_name, class_name)
    cls = find(class_name, module)
    # TensorFlow 1 had "glorot_uniform" for the name of a class.
    return class_name, _modern_arguments(cls.__name__ if isinstance(cls, type) else class_name, config)


def _modern_stack(config):
    """A stack may begin with a layer that knows the shape of its inputs, in place of an `InputLayer`."""
    if isinstance(config, list):  # before Keras 2.2.3
        config = {"name": None, "layers": config}
    layers = config.get("layers")
    if not layers or not isinstance(layers[0], dict) or not isinstance(layers[0].get("config"), dict):
        return config
    first = layers[0]["config"]
    if layers[0].get("class_name") == "InputLayer" or "batch_input_shape" not in first:
        return config
    dtype = first.get("input_dtype") or first.get("dtype")
    shape = {"batch_shape": first["batch_input_shape"], "dtype": dtype if isinstance(dtype, str) else None}
    return {**config, "layers": [{"class_name": "InputLayer", "config": shape}, *layers]}


def _without_slashes(config):
    """Returns the config of a model with other names for layers that have slashes in theirs."""
    entries = [entry for entry in config.get("layers") or () if isinstance(entry, dict)]
    names = [entry["config"].get("name") for entry in entries if isinstance(entry.get("config"), dict)]
    renamed = {name: today_name(name) for name in names if isinstance(name, str) and "/" in name}

    def rename(leaf):
        return renamed.get(leaf, leaf) if isinstance(leaf, str) else leaf

    return map_structure(rename, config) if renamed else config


def _with_dim_ordering(part):
    """Returns the config of a model of Keras 1 in which all layers say where the channels of their images are."""
    orders = set(_dim_orderings(part))
    if len(orders) != 1:
        return part
    order = orders.pop()

    def fill(part):
        if part.get("class_name") in keras1.WITHOUT_DIM_ORDERING and isinstance(part.get("config"), dict):
            return {**part, "config": {"dim_ordering": order, **part["config"]}}
        return part

    return map_dicts(fill, part)


def _dim_orderings(part):
    if isinstance(part, dict):
        if part.get("dim_ordering") in ("tf", "th"):
            yield part["dim_ordering"]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _dim_orderings(inner)


def _modern_arguments(class_name, config):
    needed = keras1.NEEDED.get(class_name, ())
    config = {key: value for key, value in config.items() if key in needed or key not in keras1.WITHOUT_EFFECT}
    if config.get("name", "") is None:  # Schedules of Keras 3 do not take that.
        del config["name"]
    for new, groups in keras1.JOINED.items():
        for names in groups:
            if all(name in config for name in names):
                config[new] = [config.pop(name) for name in names]
    for generation in (keras1, keras2):
        names = generation.ARGUMENTS.get(class_name, {})
        config = {names.get(key, key): value for key, value in config.items()}
    for key, values in keras1.VALUES.items():
        if isinstance(config.get(key), str):
            config[key] = values.get(config[key], config[key])
    without_effect = keras2.WITHOUT_EFFECT.get(class_name, {})
    dropped = keras2.DROPPED.get(class_name, ())
    config = {
        key: _modern_value(key, value)
        for key, value in config.items()
        if key not in dropped
        and not (key in without_effect and value == without_effect[key])
        and (key != "fn" or class_name.endswith("Wrapper"))  # the function of a built-in loss
    }
    return _SPECIAL[class_name](config) if class_name in _SPECIAL else config


def _modern_value(key, value):
    if key.endswith(("_regularizer", "_constraint")) and isinstance(value, dict) and "class_name" not in value:
        return _named_object(value)
    if key == "reduction" and value == "auto":
        return "sum_over_batch_size"
    if key == "activation":
        is_function = isinstance(value, dict) and value.get("class_name") == "function"
        name = value.get("config") if is_function else value
        if isinstance(name, str) and get_registered_object(name) is None:
            return keras2.ACTIVATIONS.get(name, value)
    if key == "fn" and isinstance(value, str):
        return encode_name_of_function(value)
    return value


def _is_of_user(metric):
    """Whether a metric is a function of the user, under its own name: that of a metric would be taken for the function."""
    name = metric.get("fn")
    return isinstance(name, str) and metric.get("name") == name and get_registered_object(name) is not None


def _named_object(value):
    """Keras 1 wrote the name of a class among its arguments."""
    arguments = {key: part for key, part in value.items() if key != "name"}
    name = value.get("name")
    return {"class_name": "L1L2" if str(name).endswith("Regularizer") else name, "config": arguments}


# What the layers that add a part of one input to the other are called in InceptionResNetV2.
_SCALED_SUM = re.compile("block(35|17|8)_[0-9]+")


# What is more than names ----------------------------------------------------------------------------------------------


def _merge(config):
    mode = config.get("mode")
    if mode not in keras1.MERGE_MODES:
        raise ValueError(f"Layer '{config.get('name')}' merges by a function that Keras 1 wrote as code. Received: mode={mode}")
    merged = {"name": config.get("name")}
    if mode == "concat":
        merged["axis"] = config.get("concat_axis", -1)
    if mode in ("dot", "cos"):
        merged.update(axes=config.get("dot_axes", -1), normalize=mode == "cos")
    return keras1.MERGE_MODES[mode], merged


def _lambda(config):
    """A function of Python: Keras 2 wrote its name, or its code, which is never read."""
    dropped = {"module", "function_type", "output_shape_type", "output_shape_module"}
    kept = {key: value for key, value in config.items() if key not in dropped}
    arguments = config.get("arguments") or {}
    if _SCALED_SUM.fullmatch(str(config.get("name"))) and list(arguments) == ["scale"]:
        # InceptionResNetV2 had these in the place of a layer until Keras 2.14.
        return "CustomScaleLayer", _common(kept) | arguments
    if config["function_type"] == "lambda":
        kept["function"] = {"class_name": "__lambda__", "config": {"code": None}}
    elif isinstance(config.get("function"), str):
        kept["function"] = encode_name_of_function(config["function"])
    if config.get("output_shape_type") != "raw":
        kept.pop("output_shape", None)
    return "Lambda", kept


def _random_size(class_name, config):
    warnings.warn(
        f"Layer '{config.get('name')}' is a {class_name}, which Keras 3 does not have. It is read as an Identity: predictions "
        "are the same, but images keep their sizes in training.",
        stacklevel=user_stacklevel(),
    )
    return "Identity", _common(config)


def _random_crop(config):
    """It took the middle of images in predictions, resized. That of Keras 3 leaves them as they are then."""
    sizes = {key: config.get(key) for key in ("height", "width", "dtype")} | {"data_format": "channels_last"}
    crop = {"class_name": "RandomCrop", "config": {**sizes, "seed": config.get("seed")}}
    resize = {"class_name": "Resizing", "config": {**sizes, "crop_to_aspect_ratio": True}}
    layers = [{"module": "keras.layers", **layer} for layer in (crop, resize)]
    return "Pipeline", {"name": config.get("name"), "layers": layers}


def _common(config):
    """Returns the arguments that all layers have."""
    return {key: config[key] for key in ("name", "trainable", "dtype") if key in config}


def _batch_normalization(config):
    config = dict(config)
    if config.pop("mode", 0) != 0:
        raise ValueError(
            f"Layer '{config.get('name')}' normalizes in a way that went with Keras 1. Expected: mode=0, over the samples of a "
            "batch."
        )
    if isinstance(config.get("axis"), list) and len(config["axis"]) == 1:
        config["axis"] = config["axis"][0]
    return config


def _optimizer(config):
    """What once was an argument, `decay`, is a schedule now."""
    config = {key: value for key, value in config.items() if not (key == "epsilon" and value is None)}
    decay = config.pop("decay", 0)
    if decay:
        schedule = {"initial_learning_rate": config["learning_rate"], "decay_steps": 1, "decay_rate": decay}
        config["learning_rate"] = {
            "module": "keras.optimizers.schedules",
            "class_name": "InverseTimeDecay",
            "config": schedule,
            "registered_name": None,
        }
    for key in ("momentum", "learning_rate"):
        if isinstance(config.get(key), int):
            config[key] = float(config[key])
    return config


def _discretization(config):
    """Its number type was that of the intervals' numbers, not of what it is given."""
    return {key: value for key, value in config.items() if not (key == "dtype" and str(value).startswith("int"))}


def _nadam(config):
    """What others called `decay` was about its momentum."""
    config = dict(config)
    if "decay" in config:
        config["schedule_decay"] = config.pop("decay")
    return _optimizer(config)


def _zero_padding(config):
    padding = config.get("padding")
    if isinstance(padding, dict):
        sides = ("top_pad", "bottom_pad"), ("left_pad", "right_pad")
        config = {**config, "padding": [[padding.get(side, 0) for side in pair] for pair in sides]}
    return config


def _transposed_convolution(config):
    return {key: value for key, value in config.items() if key != "output_shape"}


def _separable_convolution(config):
    config = dict(config)
    if "depthwise_initializer" in config:
        config.setdefault("pointwise_initializer", config["depthwise_initializer"])
    return config


_SPECIAL = {
    "BatchNormalization": _batch_normalization,
    "Conv2DTranspose": _transposed_convolution,
    "SeparableConv2D": _separable_convolution,
    "Discretization": _discretization,
    "ZeroPadding2D": _zero_padding,
    **dict.fromkeys(keras2.OPTIMIZERS, _optimizer),
    "Nadam": _nadam,
}
