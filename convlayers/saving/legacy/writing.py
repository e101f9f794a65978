"""Whole models, and weights alone, as HDF5 files in the layout of older versions of Keras."""

import io
import json

from convlayers import losses
from convlayers.nested import map_structure
from convlayers.saving import hdf5
from convlayers.saving.encodings import map_dicts
from convlayers.saving.formats import keras_version_of
from convlayers.saving.stacks import STACK
from convlayers.saving.weights import variables_of_keras2

# On what Keras 2 would have run. Keras 3 ignores it, but there must be one.
_BACKEND = "tensorflow"
# What labels that are class numbers, and no one-hot rows, take in Keras 2.
_LOSSES_OF_CLASS_NUMBERS = ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy")
_METRICS_OF_CLASS_NUMBERS = {
    "acc": "sparse_categorical_accuracy",
    "accuracy": "sparse_categorical_accuracy",
    "ce": "sparse_categorical_crossentropy",
    "crossentropy": "sparse_categorical_crossentropy",
}
_MODEL = ("class_name", "config", STACK)


def model_as_bytes(model, encoding, format, include_optimizer=True):
    """Returns an HDF5 file with a model: its architecture, its weights, and how it was compiled.

    Args:
        model: a `Model`.
        encoding: of the model, in the form that the readers know.
        format: for which version of Keras it is.
        include_optimizer: whether to write how the model was compiled, and what its optimizer remembers.
    """
    file, encoding = io.BytesIO(), _under_registered_name(encoding)
    with hdf5.create(file) as writer:
        attributes = {
            "keras_version": keras_version_of(format),
            "backend": _BACKEND,
            "model_config": json.dumps({key: _older(encoding[key], format) for key in _MODEL if key in encoding}),
        }
        compile_config = encoding.get("compile_config")
        if include_optimizer and compile_config:
            attributes["training_config"] = json.dumps(_training_config(compile_config, format))
        writer.arrays("", **attributes)
        _write_layers(writer, "model_weights", model, format)
        if include_optimizer and compile_config and model.optimizer is not None:
            variables = variables_of_keras2(model.optimizer) if format == "keras2" else model.optimizer.variables
            _write_weights(writer, "optimizer_weights", variables, format)
    return file.getbuffer()


def layers_as_bytes(model, format):
    """Returns an HDF5 file with the weights of a model, as `save_weights` of Keras 2 wrote it for `.h5`."""
    file = io.BytesIO()
    with hdf5.create(file) as writer:
        _write_layers(writer, "", model, format)
    return file.getbuffer()


def _training_config(compile_config, format):
    compile_config = _older(compile_config, format)
    config = {key: _with_long_names(value) for key, value in compile_config.items() if key != "optimizer"}
    optimizer = compile_config.get("optimizer")
    if isinstance(optimizer, dict):
        # Keras 2 registered its optimizers as if they were a user's.
        is_of_keras2 = format == "keras2" and str(optimizer.get("module")) == "keras.optimizers"
        name = f"Custom>{optimizer['class_name']}" if is_of_keras2 else optimizer["class_name"]
        config["optimizer_config"] = {"class_name": name, "config": optimizer["config"]}
    if format == "keras2":
        for key in ("metrics", "weighted_metrics"):
            config[key] = _for_class_numbers(config.get(key), config.get("loss"))
    return {"loss": None, "metrics": None, "weighted_metrics": None, "loss_weights": None, **config}


def _for_class_numbers(metrics, loss):
    """Returns metrics with those for class numbers where the loss is for these.

    Keras 2 chooses what "accuracy" stands for as it reads the file, before it has labels, and takes them for one-hot rows. What
    it writes itself is the choice it made in training.
    """
    if isinstance(metrics, (list, tuple)):
        return [_for_class_numbers(part, _loss_of(place, loss)) for place, part in enumerate(metrics)]
    if isinstance(metrics, dict) and "class_name" not in metrics:
        return {output: _for_class_numbers(part, _loss_of(output, loss)) for output, part in metrics.items()}
    name = loss.get("class_name") if isinstance(loss, dict) else loss
    if not isinstance(metrics, str) or metrics not in _METRICS_OF_CLASS_NUMBERS or name not in _LOSSES_OF_CLASS_NUMBERS:
        return metrics
    config = {"name": metrics, "dtype": "float32", "fn": _METRICS_OF_CLASS_NUMBERS[metrics]}
    return {"class_name": "MeanMetricWrapper", "config": config}


def _loss_of(output, losses):
    if isinstance(losses, dict) and "class_name" not in losses:
        return losses.get(output)
    return losses[output] if isinstance(losses, (list, tuple)) and output in range(len(losses)) else losses


def _older(part, format):
    """Returns a part of an encoding with functions and classes as Keras 2 had them in HDF5 files: by their names alone."""
    return map_dicts(_as_keras2_had_it, part) if format == "keras2" else part


def _as_keras2_had_it(part):
    if part.get("class_name") == "function" and isinstance(part.get("config"), str):
        return part["config"]
    return _under_registered_name(part)


def _under_registered_name(part):
    """Classes of the user go by the name that they are registered under: "package>name"."""
    is_of_user = ">" in str(part.get("registered_name"))
    return {**part, "class_name": part["registered_name"]} if is_of_user else part


def _with_long_names(part):
    return map_structure(lambda leaf: losses.long_name(leaf) if isinstance(leaf, str) else leaf, part)


def _write_layers(writer, path, model, format):
    names = [layer.name for layer in model.layers]
    writer.arrays(path, layer_names=names, backend=_BACKEND, keras_version=keras_version_of(format))
    for layer in sorted(model.layers, key=lambda layer: layer.name):
        weights = layer.trainable_weights + layer.non_trainable_weights
        _write_weights(writer, f"{path}/{layer.name}".strip("/"), weights, format)
    _write_weights(writer, f"{path}/top_level_model_weights".strip("/"), model._own_variables, format)


def _write_weights(writer, path, variables, format):
    names = _unique_names(variables, ":0" if format == "keras2" else "")
    group = writer.arrays(path, weight_names=names)
    for name, variable in zip(names, variables, strict=True):
        group[name] = variable.value


def _unique_names(variables, ending):
    """Returns the paths of variables. Those that several have get numbers: each names an array."""
    uses, names = {}, []
    for variable in variables:
        number = uses[variable.path] = uses.get(variable.path, -1) + 1
        names.append(f"{variable.path}{f'_{number}' if number else ''}{ending}")
    return names
