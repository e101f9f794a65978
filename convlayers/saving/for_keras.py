"""Models with what Keras does not have, encoded with what it has, where that is exact."""

import inspect
import warnings

from convlayers import shapes
from convlayers.layers.layer import Layer
from convlayers.registry import find
from convlayers.saving import first_hard_sigmoid
from convlayers.saving.encodings import is_model, map_dicts, objects_in
from convlayers.serialization import LAMBDA, encode_name_of_function
from convlayers.user_code import user_stacklevel

_CONVOLUTIONS = tuple(f"{kind}{rank}D" for kind in ("Conv", "DepthwiseConv", "SeparableConv") for rank in (1, 2, 3))
_TRANSPOSED = tuple(f"Conv{rank}DTranspose" for rank in (1, 2, 3))
_MAX, _AVERAGE = (tuple(f"{kind}Pooling{rank}D" for rank in (1, 2, 3)) for kind in ("Max", "Average"))
# Arguments that Keras has, but not in its signatures.
_UNNAMED_ARGUMENTS = {"bounding_box_format", "build_input_shape", "data_format", "quantization_config", "rms_scaling"}
# Activations whose results are never below 0.
_NEVER_NEGATIVE = {"relu", "relu6", "sigmoid", "hard_sigmoid", "softmax", "softplus", "exponential"}
# Ops of which only layers are made in Keras.
_OPS_OF_OURS = {
    "BatchNormalizationTraining",
    "ConvBiasActivation",
    "ConvTransposeBiasActivation",
    "Dense",
    "DepthwiseConvBiasActivation",
    "Dropout",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "GroupNormalization",
    "MaskedMoments",
    "Mish",
    "Prelu",
}
_WHY = {
    "ceil_mode": "its pooling takes no windows that reach beyond the input",
    "count_include_pad": "its means leave out the padding of 'same'",
    "dilation_rate": "its pooling takes pixels side by side",
    "groups": "its transposed convolutions have no groups",
    "padding_mode": "its convolutions pad with zeros",
    "return_indices": "its pooling does not tell where the largest values were",
}


def for_keras(encoding, is_older=False):
    """Returns the encoding of a model without what Keras does not have.

    Args:
        encoding: in the form of Keras 3. Numbers as `padding` become "valid" behind a layer that pads, or "same", where that
            is the same.
        is_older: whether it is for Keras 2.

    Raises:
        ValueError: for what Keras has nothing for, with its name and the reason.
    """
    if not is_older:
        encoding = first_hard_sigmoid.without_first_hard_sigmoid(encoding)
    encoding = map_dicts(_rewritten, encoding)
    for part in objects_in(encoding):
        for reason in beyond_keras(part, is_older):
            name = part["config"].get("name", part["class_name"])
            message = f"Keras has nothing that does what '{name}' does, a {part['class_name']}: {reason}."
            if not _is_of_ours(part):  # Those do not come back from files at all.
                message += ' Pass `format="convlayers"` to `save` to write a file for convlayers alone.'
            raise ValueError(message + " Its weights alone can be saved with `save_weights`.")
    return encoding


def _is_of_ours(encoding):
    return str(encoding.get("module")).startswith("convlayers.")


def beyond_keras(encoding, is_older=False):
    """Yields why Keras cannot read the encoding of an object, whatever its version: nothing if it can.

    Args:
        encoding: the encoding.
        is_older: whether it is about Keras 2.
    """
    class_name, config, module = encoding["class_name"], encoding["config"], str(encoding.get("module"))
    if _is_of_ours(encoding):
        yield "its class is one of convlayers alone"
    elif module.startswith("keras.src.ops.") and isinstance(config, dict):
        yield from _beyond_ops(class_name, config)
    elif module == "keras.layers" and isinstance(config, dict):
        yield from _beyond_layers(class_name, config)
    if isinstance(config, dict) and first_hard_sigmoid.NAME in config.values() and not is_older:
        yield "its activation is the `hard_sigmoid` of Keras 1 and 2, which is another function in Keras 3"


def _beyond_ops(class_name, config):
    if class_name in _OPS_OF_OURS:
        yield "there is no such op in Keras"
    if class_name.endswith("Pool"):
        yield from (f"{key}={config[key]}, but {_WHY[key]}" for key in _WHY if key in config)
    if class_name.endswith("Pool") or "Conv" in class_name:
        yield from _beyond_padding(config)


def _beyond_layers(class_name, config):
    known = _arguments(class_name) or config
    for key in config:
        if key not in known and key not in _UNNAMED_ARGUMENTS:
            yield f"{key}={config[key]}, but {_WHY.get(key, 'it has no such argument')}"
    if class_name in (*_MAX, *_AVERAGE):
        yield from _beyond_padding(config, ", and zeros around the input would count")
    if class_name in (*_CONVOLUTIONS, *_TRANSPOSED):
        yield from _beyond_padding(config)
        steps = {key: config.get(key) for key in ("strides", "dilation_rate")}
        if all(isinstance(step, (list, tuple)) and max(step) > 1 for step in steps.values()):
            yield f"it has no strides together with dilation, as here {steps}"


def _beyond_padding(config, more=""):
    if not isinstance(config.get("padding", ""), str):
        yield f"padding={config['padding']}, but it pads by 'valid' and 'same'{more}"


def _arguments(class_name):
    """Returns the names of the arguments of a layer: signatures are Keras's. None if there is no such layer."""
    cls = find(class_name, "keras.layers")
    return cls and {name for each in (cls, Layer) for name in inspect.signature(each).parameters}


# Layers that do the same ------------------------------------------------------------------------------------------------


def _rewritten(part):
    if part.get("class_name") == "Nadam" and "schedule_decay" in part["config"]:
        return _nadam_of_today(part)
    if part.get("class_name") == "Lambda":
        return _with_a_name(part)
    if not is_model(part):
        return part
    return {**part, "config": {**part["config"], "layers": _with_layers_that_pad(part["config"]["layers"])}}


def _with_a_name(part):
    """Returns a `Lambda` layer whose Python lambda has the name of the layer: Keras finds it in `custom_objects`."""
    config = part["config"]
    function, name = config.get("function"), config.get("name")
    is_nameless = isinstance(function, dict) and function.get("class_name") == LAMBDA
    if not is_nameless or find(name, "builtins") is not None:  # Keras would take its own `relu` for that of a layer 'relu'.
        return part
    return {**part, "config": {**config, "function": encode_name_of_function(name)}}


def _nadam_of_today(part):
    config = dict(part["config"])
    warnings.warn(
        f"The file has `Nadam` without schedule_decay={config.pop('schedule_decay')}, which Keras does not have since 2.11. "
        "Where training goes on, its momentum grows faster.",
        stacklevel=user_stacklevel(),
    )
    return {**part, "config": config}


def _with_layers_that_pad(entries):
    named = {_name_of(entry): entry for entry in entries}
    found = []
    for before, entry in zip([None, *entries], entries, strict=False):
        if entry.get("module") != "keras.layers" or not isinstance(entry.get("config"), dict):
            found.append(entry)
            continue
        sources = [named.get(name) for name in _sources(entry)] if "inbound_nodes" in entry else [before]
        config, pads = _for_keras(entry["class_name"], entry["config"], all(map(_is_never_negative, sources)))
        if pads is None:
            found.append({**entry, "config": config})
            continue
        name = f"{_name_of(entry)}_padding"
        while name in named:
            name += "_"
        found += [_padding_entry(entry, name, config, pads), _behind(entry, name, config, pads)]
    return found


def _name_of(entry):
    return entry.get("name") or entry["config"].get("name")


def _sources(entry):
    """Returns the names of the layers that a layer of a graph is called on."""
    tensors = [part for part in objects_in(entry["inbound_nodes"]) if part["class_name"] == "__keras_tensor__"]
    return [tensor["config"]["keras_history"][0] for tensor in tensors]


def _for_keras(class_name, config, never_negative):
    """Returns the config of a layer in Keras that does the same, as far as there is one, and the zeros to put before it.

    Args:
        class_name, config: of the layer.
        never_negative: whether nothing below 0 comes in.

    Returns:
        The config, and a pair of numbers for each axis, or None.
    """
    if class_name in _TRANSPOSED:
        return _transposed(config), None
    if class_name not in (*_CONVOLUTIONS, *_MAX, *_AVERAGE):
        return config, None
    padding, config = config["padding"], dict(config)
    if padding == "valid" or not (isinstance(padding, str) or any(map(any, padding))):
        # There is no padding of any mode, and none that could count.
        config.pop("padding_mode", None)
        config.pop("count_include_pad", None)
        return {**config, "padding": "valid"}, None
    if isinstance(padding, str):
        return config, None
    with_zeros = (
        (class_name in _CONVOLUTIONS and "padding_mode" not in config)
        or (class_name in _AVERAGE and config.pop("count_include_pad", False))
        or (class_name in _MAX and never_negative)
    )
    return ({**config, "padding": "valid"}, padding) if with_zeros else (config, None)


def _transposed(config):
    """Returns the config of a transposed convolution with the word for padding that cuts off the same, if there is one."""
    if isinstance(config.get("padding"), str):
        return config
    kernel_size, strides, dilation_rate = (config[key] for key in ("kernel_size", "strides", "dilation_rate"))
    many_pixels = (1, *(1000,) * len(kernel_size), 1)

    def effect(padding, output_padding):
        shape = shapes.compute_conv_transpose_output_shape(
            many_pixels, kernel_size, 1, strides, padding, output_padding, dilation_rate=dilation_rate
        )
        return shape, shapes.conv_transpose_crops(kernel_size, strides, padding, output_padding, dilation_rate)

    wanted = effect(config["padding"], config["output_padding"])
    for padding in ("valid", "same"):
        for output_padding in (None, config["output_padding"]):
            if effect(padding, output_padding) == wanted:
                return {**config, "padding": padding, "output_padding": output_padding}
    return config


def _is_never_negative(entry):
    config = (entry or {}).get("config")
    if not isinstance(config, dict) or entry.get("module") != "keras.layers":
        return False
    if entry["class_name"] == "ReLU":
        return not config.get("negative_slope")
    activation = config.get("activation")  # a dict for one of the user's own
    return entry["class_name"] != "InputLayer" and isinstance(activation, str) and activation in _NEVER_NEGATIVE


def _padding_entry(entry, name, config, pads):
    rank = len(pads)
    arguments = {"padding": pads[0] if rank == 1 else pads}
    # `ZeroPadding1D` of older versions has no such argument.
    if rank > 1 or config.get("data_format") == "channels_first":
        arguments["data_format"] = config["data_format"]
    kept = {key: config[key] for key in ("trainable", "dtype") if key in config}
    layer = {"module": "keras.layers", "class_name": f"ZeroPadding{rank}D", "config": {"name": name, **kept, **arguments}}
    graph = {}
    if "inbound_nodes" in entry:
        calls = [{"args": list(objects_in(node)), "kwargs": {}} for node in entry["inbound_nodes"]]
        graph = {"name": name, "inbound_nodes": calls}
    return {**layer, "registered_name": None, **graph}


def _behind(entry, padding_name, config, pads):
    """Returns the entry of a layer whose inputs come from the layer that pads."""
    start = 1 if config.get("data_format") != "channels_first" else 2
    sums = dict(enumerate(map(sum, pads), start))

    def padded(shape):
        return [None if size is None else size + sums.get(axis, 0) for axis, size in enumerate(shape)]

    def called_on_padded(node, call):
        (tensor,) = objects_in(node)
        config = {**tensor["config"], "shape": padded(tensor["config"]["shape"]), "keras_history": [padding_name, call, 0]}
        return {"args": [{**tensor, "config": config}], "kwargs": {}}

    entry = {**entry, "config": config}
    if "input_shape" in (entry.get("build_config") or {}):
        entry["build_config"] = {"input_shape": padded(entry["build_config"]["input_shape"])}
    if "inbound_nodes" in entry:
        entry["inbound_nodes"] = [called_on_padded(node, call) for call, node in enumerate(entry["inbound_nodes"])]
    return entry
