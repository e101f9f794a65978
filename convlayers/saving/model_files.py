"""Saving models and weights, and loading them."""

import io
import os
import warnings

from convlayers.registry import CustomObjectScope
from convlayers.saving.archive import read_archive, replacing, write_archive, write_folder
from convlayers.saving.hdf5 import ArrayReader, ArrayWriter
from convlayers.saving.weights import read_optimizer, read_weights, write_weights
from convlayers.serialization import ObjectSharingScope, deserialize_keras_object, serialize_keras_object


def save_model(model, filepath, overwrite=True, zipped=None, **kwargs):
    """Writes a model to a `.keras` file that Keras 3 reads: architecture, weights, and the state of the optimizer.

    Args:
        model: a `Model`.
        filepath: path that ends in ".keras".
        overwrite: whether a file of that name may be replaced without asking.
        zipped: True for one file, the default; False for a folder.

    Raises:
        ValueError: if the path has another ending.
    """
    filepath = os.fspath(filepath)
    if kwargs:
        raise ValueError(f"The following argument(s) are not supported: {list(kwargs)}")
    if not filepath.endswith(".keras") and zipped is not False:
        raise ValueError(
            "Invalid filepath extension for saving. Please add either a `.keras` extension for the native Keras format "
            f"(recommended) or a `.h5` extension. Received: filepath={filepath}.\n"
            "Only `.keras` can be written here: Keras 3 reads it."
        )
    if not _may_write(filepath, overwrite):
        return
    with ObjectSharingScope():
        config = serialize_keras_object(model)
    write = write_folder if zipped is False else write_archive
    write(filepath, config, _weights_bytes(model))


def load_model(filepath, custom_objects=None, compile=True, safe_mode=True):
    """Reads a model from a `.keras` file that `save_model` or Keras wrote.

    Args:
        filepath: path of the file, or of the folder of an unzipped one.
        custom_objects: dict of names and classes or functions that the file may name.
        compile: whether to compile the model as it was, with the state of its optimizer.
        safe_mode: accepted as in Keras. Code in a file is never run, whatever it says.

    Returns:
        A `Model`.

    Raises:
        ValueError: if there is no such file, or if it is damaged.
        TypeError: if it names a class or function that is not known.
    """
    config, weights = read_archive(os.fspath(filepath))
    compile_config = config.pop("compile_config", None) if isinstance(config, dict) else None
    with CustomObjectScope(custom_objects), ObjectSharingScope():
        model = deserialize_keras_object(config, safe_mode=safe_mode)
        with _open_hdf5(weights, filepath) as file:
            reader = ArrayReader(file)
            read_weights(model, reader)
            if compile and compile_config:
                _compile(model, compile_config, reader)
    return model


def _compile(model, compile_config, reader):
    try:
        model.compile_from_config(compile_config)
        if model.optimizer is not None:
            read_optimizer(model, reader)
    except (TypeError, ValueError) as error:
        # A loss that nobody knows any more must not keep the weights from being used.
        warnings.warn(
            f"The model was loaded, but could not be compiled as it was saved: {error}\n"
            "Call `model.compile(...)` before training, or pass `compile=False` when loading.",
            stacklevel=3,
        )


def save_weights(model, filepath, overwrite=True, max_shard_size=None):
    """Writes the weights of a model to a `.weights.h5` file that Keras 3 reads.

    Args:
        model: a `Model`.
        filepath: path that ends in ".weights.h5".
        overwrite: whether a file of that name may be replaced without asking.
        max_shard_size: None is all that is supported: one file.

    Raises:
        ValueError: if the path has another ending.
    """
    filepath = os.fspath(filepath)
    if not filepath.endswith(".weights.h5"):
        raise ValueError(f"The filename must end in `.weights.h5`. Received: filepath={filepath}")
    if max_shard_size is not None:
        raise NotImplementedError(f"Weights are written to one file. Expected None. Received: max_shard_size={max_shard_size}")
    if _may_write(filepath, overwrite):
        content = _weights_bytes(model)
        with replacing(filepath) as file:
            file.write(content)


def load_weights(model, filepath, skip_mismatch=False, **kwargs):
    """Reads the weights of a model from a `.weights.h5` or `.keras` file, of Keras 3 or of `save_weights`.

    Args:
        model: a `Model` whose layers are built.
        filepath: path.
        skip_mismatch: whether to leave out, with a warning, layers whose weights have other shapes in the file.

    Raises:
        ValueError: if there is no such file, or if the weights do not fit.
    """
    filepath = os.fspath(filepath)
    if kwargs:
        raise ValueError(f"Invalid keyword arguments: {kwargs}")
    if filepath.endswith(".keras"):
        _, weights = read_archive(filepath)
    elif filepath.endswith(".weights.h5"):
        if not os.path.exists(filepath):
            raise ValueError(f"File not found: filepath={filepath}.")
        weights = filepath
    else:
        raise ValueError(
            f"File format not supported: filepath={filepath}. Keras 3 only supports V3 `.keras` and `.weights.h5` files, "
            "or legacy V1/V2 `.h5` files.\nOf these, `.keras` and `.weights.h5` can be read here."
        )
    with _open_hdf5(weights, filepath) as file:
        read_weights(model, ArrayReader(file), skip_mismatch)


def _weights_bytes(model):
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write_weights(model, ArrayWriter(file))
    return buffer.getvalue()


def _open_hdf5(file, filepath):
    import h5py

    try:
        return h5py.File(file, "r")
    except OSError as error:
        raise ValueError(f"The weights in {filepath} are damaged: {error}") from error


def _may_write(filepath, overwrite):
    if overwrite or not os.path.exists(filepath):
        return True
    return input(f"[WARNING] {filepath} already exists - overwrite? [y/n]").strip().lower() == "y"
