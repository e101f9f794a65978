"""Sets the weights of a model from an older HDF5 file."""

from convlayers.layers import Discretization
from convlayers.models.model import Model
from convlayers.saving.legacy.kernels import KernelConverter
from convlayers.saving.legacy.names import today_name
from convlayers.saving.legacy.stored_weights import StoredWeights, stored_layers
from convlayers.saving.weights import read_variable

# The weights of a model that belong to none of its layers.
_TOP_LEVEL = "top_level_model_weights"
# What a `Discretization` of Keras 2 had found in data.
_SUMMARY = "summary:0"


def read_weights(model, reader, path="", match="order", skip_mismatch=False):
    """Sets the weights of a model. All shapes are compared before.

    Args:
        model: a model whose layers are built.
        reader: an `ArrayReader`.
        path: of the group that lists the layers.
        match: "order": the first layer with weights in the model gets those of the first one in the file, and so on. "name":
            layers get what the file has under their names; others keep their weights. "model": by name if the file has all
            names of the model, else by order.
        skip_mismatch: whether to leave out, with a warning, what has other shapes in the file.

    Returns:
        A list of warnings for the user.

    Raises:
        ValueError: if the file does not fit.
    """
    stored = stored_layers(reader, path)
    if match == "model" and not model.built and any(map(len, stored)):
        raise ValueError(
            f"Layers of '{model.name}', of class {type(model).__name__}, have no weights before it is called, and so do not "
            "find those in the file. Make it in Python, call it on data, and then `model.load_weights(path)`. `.keras` files "
            "need none of this."
        )
    kernels = KernelConverter(reader, path)
    reading = _Reading(kernels, match == "name" and skip_mismatch, skip_mismatch)
    pairs = _pairs(model, stored, match, kernels.is_of_keras1)
    if match == "name" and not any(len(weights) for _, weights in pairs):
        reading.messages.append(
            "No layer of the model has the name of one in the file, so all keep the weights that they had. The model has "
            f"{_some_names(_with_weights(model))}; the file has {_some_names([weights for weights in stored if len(weights)])}."
        )
    for number, (layer, weights) in enumerate(pairs):
        reading.add_layer(weights, layer, _legacy_order(layer), f"layer #{number} (named {layer.name})")
    top_level = f"{path}/{_TOP_LEVEL}".strip("/")
    if top_level in reader:
        reading.add_layer(StoredWeights(reader, top_level, model.name), model, model._own_variables, "top-level model")
    reading.carry_out()
    return reading.messages


def read_weights_file(model, reader, filepath, by_name=None, skip_mismatch=False):
    """Sets the weights of a model from a file that `save_weights`, or `save`, of an older Keras wrote.

    Args:
        model: a model whose layers are built.
        reader: an `ArrayReader`.
        filepath: what the file is called in messages.
        by_name: whether layers are looked for by their names.
        skip_mismatch: whether to leave out, with a warning, what has other shapes in the file.

    Returns:
        A list of warnings for the user.
    """
    path = "model_weights" if "model_weights" in reader else ""
    return read_weights(model, reader, path, "name" if by_name else "order", skip_mismatch)


def names_of_weights(model, reader, path):
    """Returns a dict of the ids of a model's weights, and what an older file calls them."""
    is_of_keras1 = KernelConverter(reader, path).is_of_keras1
    pairs = _pairs(model, stored_layers(reader, path), "model", is_of_keras1)
    named = (zip(_legacy_order(layer), weights.weight_names, strict=True) for layer, weights in pairs)
    return {id(variable): name for names in named for variable, name in names}


def _pairs(model, stored, match, is_of_keras1):
    if match == "name":
        return [(layer, weights) for weights in stored for layer in model.layers if layer.name == today_name(weights.name)]
    stored = [weights for weights in stored if len(weights)]
    layers = _with_weights(model)
    with_summaries = [layer for layer in model.layers if layer.weights or _with_summaries(layer)]
    if len(stored) == len(with_summaries):
        layers = with_summaries
    by_name = {today_name(weights.name): weights for weights in stored}
    # There are more in the file where `Model.add_loss` had layers of its own.
    if match == "model" and all(layer.name in by_name for layer in layers):
        return [(layer, by_name[layer.name]) for layer in layers]
    layers = _unfolded(layers, len(stored)) if is_of_keras1 else layers
    if len(stored) != len(layers):
        raise ValueError(
            f"Layer count mismatch when loading weights from file. Model expected {len(layers)} layers, found {len(stored)} "
            f"saved layers.\nThe model has {_some_names(layers)}; the file has {_some_names(stored)}. "
            f"{_way_out(layers, stored)}"
        )
    return list(zip(layers, stored, strict=True))


def _unfolded(layers, count):
    """Keras 1 listed the layers of models that a stack begins with, or merges first, as those of the stack."""
    for index, layer in enumerate(layers):
        if len(layers) < count and isinstance(layer, Model):
            return _unfolded([*layers[:index], *_with_weights(layer), *layers[index + 1 :]], count)
    return layers


def _way_out(layers, stored):
    if len(stored) == 1:  # as after `multi_gpu_model`
        return (
            "It may be of a model with yours as its one layer: "
            "`keras.Sequential([keras.Input(model.input_shape[1:]), model]).load_weights(path)`."
        )
    if len(layers) == 1:
        return f"It may be of the layer alone: `model.get_layer({layers[0].name!r}).load_weights(path)`."
    return "`by_name=True` gives layers what the file has under their names."


def _with_weights(model):
    return [layer for layer in model.layers if layer.weights]


def _with_summaries(layer):
    """Returns the layers in a layer, or itself, for which Keras 2 wrote as a weight what they had found in data."""
    return [inner for inner in layer._flatten_layers() if isinstance(inner, Discretization) and inner.num_bins is not None]


def _some_names(layers):
    names = [layer.name for layer in layers]
    return f"{names[:8]} and others" if len(names) > 8 else names


def _legacy_order(layer):
    """Returns the weights of a layer in the order of older files. It depends on what is trained."""
    return layer.trainable_weights + layer.non_trainable_weights


class _Reading:
    """What is to be read. Nothing is until all of it is known to fit."""

    def __init__(self, converter, skip_wrong_counts, skip_wrong_shapes):
        self._converter = converter
        self._skip_wrong_counts, self._skip_wrong_shapes = skip_wrong_counts, skip_wrong_shapes
        self._steps = []
        self.messages = []

    def carry_out(self):
        for step in self._steps:
            step()

    def add_layer(self, stored, layer, variables, name):
        summaries = [index for index, path in enumerate(stored.weight_names) if path.split("/")[-1] == _SUMMARY]
        for index, inner in zip(summaries, _with_summaries(layer), strict=False):
            self._steps.append(lambda inner=inner, index=index: inner.load_own_variables({"0": stored.read(index)}))
        indices = [index for index in range(len(stored)) if index not in summaries]
        if len(indices) != len(variables):
            counts = f"Layer expects {len(variables)} weight(s). Received {len(indices)} saved weight(s)"
            if not self._skip_wrong_counts:
                raise ValueError(
                    f"Weight count mismatch for {name[:-1]} in the current model, {stored.name} in the save file). {counts}"
                )
            self.messages.append(f"Skipping loading of weights for {name} due to mismatch in number of weights. {counts}")
            return
        owners = {id(variable): inner for inner in layer._flatten_layers() for variable in inner._own_variables}
        weight_names = [stored.weight_names[index] for index in indices]
        for index, variable in zip(indices, _match_names(layer, variables, weight_names), strict=True):
            self._add_variable(stored, index, owners[id(variable)], variable, name)

    def _add_variable(self, stored, index, owner, variable, name):
        if self._converter.concerns(owner, variable):
            array = self._converter.convert(owner, variable, stored.read(index))
            shape = array.shape
        else:
            array, shape = None, stored.shape(index)
        if shape != variable.shape:
            shapes = f"weight {variable.path}. Weight expects shape {variable.shape}. Received saved weight with shape {shape}"
            if not self._skip_wrong_shapes:
                raise ValueError(f"Shape mismatch in {name}for {shapes}")
            self.messages.append(f"Skipping loading weights for {name}due to mismatch in shape for {shapes}")
        elif array is None:
            self._steps.append(lambda: read_variable(variable, stored.read_into, index))
        else:
            self._steps.append(lambda: variable.assign(array))


def _match_names(layer, variables, weight_names):
    """Returns the variables of a layer in the order of a file.

    A model in the model has all that is trained first. Its layers may have been trained or frozen when the file was saved, so
    what counts is the names of layer and weight, as long as they leave no doubt.
    """
    if len(layer._flatten_layers()) == 1:
        return variables
    known = {}
    for inner in layer._flatten_layers():
        for variable in inner._own_variables:
            known.setdefault((inner.name, variable.name), variable)
            if type(inner).__name__.startswith("DepthwiseConv") and variable.name == "kernel":
                known.setdefault((inner.name, "depthwise_kernel"), variable)  # as Keras 2 called it
    keys = [tuple(name.removesuffix(":0").split("/")[-2:]) for name in weight_names]
    found = [known.get(key) for key in keys]
    complete = all(variable is not None for variable in found)
    return found if complete and len({id(variable) for variable in found}) == len(variables) else variables
