"""Whole models in HDF5 files: what Keras 1 and 2 wrote, and what Keras 3 still writes for `.h5`."""

from convlayers.saving.json_text import parse_json
from convlayers.saving.legacy.configs import modern_encoding
from convlayers.saving.legacy.layer_weights import read_weights
from convlayers.saving.legacy.optimizer_weights import read_optimizer

_WEIGHTS, _OPTIMIZER = "model_weights", "optimizer_weights"


def read_encoding(reader, filepath):
    """Returns the encoding of the model in an HDF5 file, and the version of Keras that wrote it.

    Raises:
        ValueError: if there is none.
    """
    text = reader.text("", "model_config")
    if text is None:
        raise ValueError(
            f"No model config found in the file at {filepath}.\nIt may have weights only: build the model, and call "
            f"`model.load_weights(path)`. At its top it has: {sorted(reader.names(''))[:10]}"
        )
    return parse_json(text.encode(), f"'model_config' of {filepath}"), _version(reader)


def read_compile_config(reader, filepath):
    """Returns the arguments of `compile` in an HDF5 file as data, and the optimizer's config as it stands there.

    Both are None if the model was not compiled.
    """
    text = reader.text("", "training_config")
    if text is None:
        return None, None
    config = parse_json(text.encode(), f"'training_config' of {filepath}")
    if not isinstance(config, dict) or not isinstance(config.get("optimizer_config"), dict):
        return None, None
    optimizer = config["optimizer_config"]
    names = ("loss", "loss_weights", "metrics", "weighted_metrics")
    arguments = {name: modern_encoding(config.get(name)) for name in names}
    for name in ("metrics", "weighted_metrics"):
        arguments[name] = _unwrapped(arguments[name])
    arguments["optimizer"] = modern_encoding({"module": "keras.optimizers", **optimizer})
    return arguments, optimizer.get("config") or {}


def _unwrapped(metrics):
    """Keras 2 wrote a list of the metrics of each output, also for a single one, and a list of None where there are none."""
    if not isinstance(metrics, list):
        return metrics
    metrics = [[] if of_output == [None] else of_output for of_output in metrics]
    alone = len(metrics) == 1 and isinstance(metrics[0], list)
    return metrics[0] if alone else metrics


def read_model_weights(model, reader):
    """Sets the weights of a model that was made from the encoding in the same file. Returns a list of warnings."""
    return read_weights(model, reader, _WEIGHTS, match="model")


def compile_model(model, reader, filepath, compile_from_config):
    """Compiles a model as it was, with what its optimizer remembered.

    Args:
        model: the model.
        reader: an `ArrayReader`.
        filepath: what the file is called in messages.
        compile_from_config: function of a model and the arguments of `compile` as data; it returns a list of warnings.

    Returns:
        A list of warnings: what could not be restored.
    """
    arguments, optimizer_config = read_compile_config(reader, filepath)
    if arguments is None:
        return []
    messages = compile_from_config(model, arguments)
    if messages or _OPTIMIZER not in reader:
        return messages
    try:
        read_optimizer(model, reader, _OPTIMIZER, _WEIGHTS, _is_slot_by_slot(reader, optimizer_config))
    except Exception as error:  # optimizers may have rules of their own for loading
        return [
            "Error in loading the saved optimizer state. As a result, your model is starting with a freshly initialized "
            f"optimizer.\n{error}"
        ]
    return []


def _is_slot_by_slot(reader, optimizer_config):
    """Whether what an optimizer remembers is in the order that was used until Keras 2.10."""
    inner = optimizer_config.get("inner_optimizer")  # of one that scales the loss
    if isinstance(inner, dict) and isinstance(inner.get("config"), dict):
        optimizer_config = inner["config"]
    return not _version(reader).startswith("3.") and optimizer_config.get("is_legacy_optimizer", True)


def _version(reader):
    """Returns the version of the Keras that wrote a file. The first ones left nothing about it."""
    return reader.text("", "keras_version") or reader.text(_WEIGHTS, "keras_version") or "1"
