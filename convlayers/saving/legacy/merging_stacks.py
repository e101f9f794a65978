"""Stacks of Keras 1 that begin with a `Merge`, which had the models that it merges among its arguments."""


def merges_models(stack):
    """Returns whether a stack, as Keras 1 encoded it, begins with models that are merged."""
    first = stack[0] if isinstance(stack, list) and stack else None
    config = first.get("config") if isinstance(first, dict) and first.get("class_name") == "Merge" else None
    return isinstance(config, dict) and isinstance(config.get("layers"), list) and bool(config["layers"])


def as_graph(stack):
    """Returns the arguments of a graph that computes the same.

    Raises:
        ValueError: if something in the stack is no layer.
    """
    try:
        return _graph(*stack)
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError(f"The stack begins with a Merge, and something in it is no layer: {error!r}") from error


def _graph(merge, *others):
    inputs, models = [], []
    for number, model in enumerate(merge["config"]["layers"], 1):
        shapes = [{"batch_input_shape": shape} for shape in _input_shapes(model)]
        own = [_entry("InputLayer", config, f"input_{len(inputs) + index}") for index, config in enumerate(shapes, 1)]
        inputs += own
        models.append(_entry(model["class_name"], model["config"], f"merged_{number}", own))
    merge = {key: value for key, value in merge["config"].items() if key != "layers"}
    layers = [*inputs, *models, _entry("Merge", merge, "merge", models)]
    for layer in others:
        layers.append(_entry(layer["class_name"], layer["config"], f"layer_{len(layers)}", layers[-1:]))
    return {"layers": layers, "input_layers": list(map(_tensor, inputs)), "output_layers": [_tensor(layers[-1])]}


def _entry(class_name, config, default_name, sources=()):
    if isinstance(config, list) and not merges_models(config):  # Stacks had no names.
        config = {"name": default_name, "layers": config}
    name = config.get("name", default_name) if isinstance(config, dict) else default_name
    nodes = [list(map(_tensor, sources))] if sources else []
    return {"class_name": class_name, "config": config, "name": name, "inbound_nodes": nodes}


def _tensor(entry):
    return [entry["name"], 0, 0]


def _input_shapes(layer):
    config = layer["config"]
    if isinstance(config, list):
        merged = config[0]["config"]["layers"] if merges_models(config) else config[:1]
        return [shape for part in merged for shape in _input_shapes(part)]
    if "input_layers" in config:
        configs = {part["name"]: part["config"] for part in config["layers"]}
        return [configs[name]["batch_input_shape"] for name, _, _ in config["input_layers"]]
    return [config["batch_input_shape"]]
