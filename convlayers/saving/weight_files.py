"""Saving the weights of models, and loading them."""

import warnings

from convlayers.saving.file_endings import HDF5_ENDINGS, WEIGHTS_ENDING
from convlayers.saving.files import as_path, may_write, replacing
from convlayers.saving.formats import check_format
from convlayers.saving.weights import read_weights, unchanged_by_failures, weights_as_bytes


def save_weights(model, filepath, overwrite=True, max_shard_size=None, objects_to_skip=None, format=None):
    """Writes the weights of a model, and the state of its optimizer, to a `.weights.h5` file, or several, that Keras reads.

    A file appears, or replaces the one of that name, only once it is whole.

    Args:
        model: a `Model` whose layers are built.
        filepath: path that ends in ".weights.h5", or in ".weights.json" if there is a `max_shard_size`.
        overwrite: whether a file of that name may be replaced without asking.
        max_shard_size: the largest size of a file, in units of 2**30 bytes. The JSON file then says which of the files beside
            it, `<name>_00000.weights.h5` and so on, has what. By default there is one file.
        objects_to_skip: list of layers that are left out.
        format: for which version of Keras the file is: None for Keras 3, "keras2" for what Keras 2 wrote as `.h5`, which has a
            group for each layer by its name, and nothing of the optimizer.

    Raises:
        ValueError: if the path has another ending, or the layers are not built.
    """
    filepath = as_path(filepath)
    check_format(format)
    if max_shard_size is not None:
        _save_shards(model, filepath, overwrite, max_shard_size, objects_to_skip, format)
        return
    if not filepath.endswith(HDF5_ENDINGS if format == "keras2" else WEIGHTS_ENDING):
        raise ValueError(f"The filename must end in `.weights.h5`. Received: filepath={filepath}")
    _check_built(model, "saving")
    if may_write(filepath, overwrite):
        if format == "keras2":
            from convlayers.saving.legacy.writing import layers_as_bytes

            weights = layers_as_bytes(model, format)
        else:
            weights = weights_as_bytes(model, objects_to_skip)
        with replacing(filepath) as file:
            file.write(weights)


def _save_shards(model, filepath, overwrite, max_shard_size, objects_to_skip, format):
    if format == "keras2":
        raise ValueError(f"Keras 2 has no weights in several files. Received: format={format!r}, {max_shard_size=}")
    from convlayers.saving.shards import path_of_map, write_shards

    _check_built(model, "saving")
    filepath = path_of_map(filepath)
    if may_write(filepath, overwrite):
        write_shards(model, filepath, max_shard_size, objects_to_skip)


def load_weights(model, filepath, skip_mismatch=False, objects_to_skip=None, by_name=None, **kwargs):
    """Reads the weights of a model from a file of convlayers or of any version of Keras.

    The state of the optimizer is read too, if the file has it, the model is compiled, and its optimizer has as many variables.
    A call that fails leaves the model as it was.

    Args:
        model: a `Model` whose layers are built.
        filepath: path of a `.weights.h5` file, of a `.weights.json` file with its shards beside it, of a `.keras` file, or of
            an `.h5` file that `save_weights` or `save` of Keras 1 or 2 wrote. What is in the file counts, and not its ending.
        skip_mismatch: whether to leave out, with a warning, layers whose weights have other shapes in the file.
        objects_to_skip: list of layers that are left out; for `.weights.h5` files.
        by_name: True gives each layer what an `.h5` file has under its name, and leaves other layers as they are. By default,
            the first layer with weights gets those of the first one in the file, and so on.

    Raises:
        ValueError: if there is no such file, or if the weights do not fit.
    """
    filepath = as_path(filepath)
    if kwargs:
        raise ValueError(f"Invalid keyword arguments: {kwargs}")
    if objects_to_skip is not None and not filepath.endswith((".weights.h5", ".weights.json")):
        raise ValueError(f"`objects_to_skip` only supports loading '.weights.h5' files.Received: {filepath}")
    _check_built(model, "loading weights into")

    from convlayers.saving.weight_stores import open_arrays

    with open_arrays(filepath) as arrays, unchanged_by_failures(model, arrays):
        # Keras 2 gave its layout whatever ending it was asked for.
        if is_legacy(arrays):
            from convlayers.saving.legacy.layer_weights import read_weights_file

            messages = read_weights_file(model, arrays, filepath, by_name, skip_mismatch)
        elif by_name is not None:
            raise ValueError(f"`by_name` only supports loading legacy '.h5' or '.hdf5' files. Received: {filepath}")
        else:
            messages = read_weights(model, arrays, skip_mismatch, objects_to_skip, from_twins=True)
    for message in messages:
        warnings.warn(message, stacklevel=3)


def is_legacy(arrays):
    """Whether open arrays are those of an older HDF5 file: a group for each layer, by its name."""
    has = getattr(arrays, "attribute", None)
    names = ("layer_names", "layer_names0", "model_config")
    return has is not None and ("model_weights" in arrays or any(has("", name) is not None for name in names))


def _check_built(model, doing):
    if not model.built:
        raise ValueError(
            f"You are {doing} a model that has not yet been built. Try building the model first by calling it on some data or "
            "by using `build()`."
        )
