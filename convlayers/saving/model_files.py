"""Saving models, and loading them."""

import os
import warnings

from convlayers.models.model import Model
from convlayers.registry import CustomObjectScope
from convlayers.saving.compatibility import for_all_versions
from convlayers.saving.files import may_write
from convlayers.saving.weights import read_weights, weights_as_bytes
from convlayers.serialization import ObjectSharingScope, deserialize_keras_object, serialize_keras_object
from convlayers.variables import initialized_later

# The HDF5 library and the archive are imported where a file is touched: they take as long as the rest of the package.


def save_model(model, filepath, overwrite=True, zipped=None, **kwargs):
    """Writes a model to a `.keras` file that Keras 3 reads: architecture, weights, and the state of the optimizer.

    The file appears, or replaces the one of that name, only once it is whole.

    Args:
        model: a `Model`.
        filepath: path that ends in ".keras".
        overwrite: whether a file of that name may be replaced without asking.
        zipped: True for one file, the default; False for a folder, whose name has no such ending.
        kwargs: `save_format` and `include_optimizer` are taken for compatibility, without effect, as in Keras.

    Raises:
        ValueError: if the path has another ending.
        TypeError: if something in the model can't be written, such as a `lambda`.
    """
    filepath = str(filepath)
    _check_arguments(filepath, zipped, **kwargs)
    if not may_write(filepath, overwrite):
        return
    if not model.built:
        warnings.warn(
            "You are saving a model that has not yet been built. It might not contain any weights yet. "
            "Consider building the model first by calling it on some data.",
            stacklevel=3,
        )
    with ObjectSharingScope():
        config = for_all_versions(serialize_keras_object(model))

    from convlayers.saving.archive import write_archive, write_folder

    write = write_folder if zipped is False else write_archive
    write(filepath, config, weights_as_bytes(model))


def _check_arguments(filepath, zipped, save_format=None, include_optimizer=True, **kwargs):
    if save_format:
        warnings.warn(
            "The `save_format` argument is deprecated in Keras 3. We recommend removing this argument as it can be inferred "
            f"from the file path. Received: save_format={save_format}",
            stacklevel=4,
        )
    if kwargs:
        raise ValueError(f"The following argument(s) are not supported: {list(kwargs)}")
    if zipped is False:
        if filepath.endswith(".keras"):
            raise ValueError(
                f"When using `zipped=False`, the `filepath` argument should not end in `.keras`. Received: filepath={filepath}"
            )
    elif not filepath.endswith(".keras"):
        raise ValueError(
            "Invalid filepath extension for saving. Please add either a `.keras` extension for the native Keras format "
            f"(recommended) or a `.h5` extension. Received: filepath={filepath}.\n"
            "Only `.keras` can be written here. Keras 3 reads it, and writes `.h5` from it: "
            "`keras.models.load_model('model.keras').save('model.h5')`."
        )


def load_model(filepath, custom_objects=None, compile=True, safe_mode=True):
    """Reads a model from a `.keras` file that `save_model` or Keras 3 wrote.

    Args:
        filepath: path of the file, or of the folder of an unzipped one.
        custom_objects: dict of names and classes or functions that the file may name.
        compile: whether to compile the model as it was, with the state of its optimizer. Where that is not possible, as with
            a loss that is not known, there is a warning.
        safe_mode: accepted as in Keras. Code in a file is never run, whatever it says.

    Returns:
        A `Model`.

    Raises:
        ValueError: if there is no such file, or if it is damaged.
        TypeError: if it names a class or function that is not known.
    """
    from convlayers.saving import hdf5
    from convlayers.saving.archive import CONFIG, is_archive, open_archive

    filepath = str(filepath)
    if not is_archive(filepath):
        raise _not_a_model(filepath)
    with open_archive(filepath) as archive, archive.open_weights() as file:
        config = archive.read_json(CONFIG)
        compile_config = config.pop("compile_config", None) if isinstance(config, dict) else None
        with CustomObjectScope(custom_objects), ObjectSharingScope(), initialized_later():
            model = _make_model(config, archive, filepath)
            if compile and compile_config:
                _compile(model, compile_config)
            with hdf5.open_file(file, filepath) as reader:
                messages = read_weights(model, reader)
    for message in messages:
        warnings.warn(message, stacklevel=2)
    return model


def _make_model(config, archive, filepath):
    try:
        model = deserialize_keras_object(config)
    except (TypeError, ValueError) as error:
        version = _version_of_writer(archive)
        if version.startswith("3."):
            raise
        raise ValueError(
            f"The model in {filepath} could not be made. It was written by Keras {version}, but only files of Keras 3 can be "
            f"read here.\n{error}"
        ) from error
    except (LookupError, AttributeError, ArithmeticError, RecursionError, MemoryError) as error:
        raise ValueError(
            f"The model in {filepath} could not be made: its config is damaged, or a class in it reads it in a wrong way. "
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(model, Model):
        raise ValueError(f"There is no model in {filepath}, but an object of {type(model)}.")
    return model


def _version_of_writer(archive):
    from convlayers.saving.archive import METADATA

    try:
        return str(archive.read_json(METADATA)["keras_version"])
    except (ValueError, TypeError, LookupError):
        return "of an unknown version"


def _compile(model, compile_config):
    try:
        model.compile_from_config(compile_config)
    except Exception as error:
        # A loss that nobody knows any more must not keep the weights from being used.
        warnings.warn(
            f"The model was loaded, but could not be compiled as it was saved: {error}\n"
            "Call `model.compile(...)` before training, or pass `compile=False` when loading.",
            stacklevel=3,
        )


def _not_a_model(filepath):
    if filepath.endswith(".keras"):
        message = f"File not found: filepath={filepath}. Please ensure the file is an accessible `.keras` zip file."
        if os.path.exists(filepath):
            message += "\nThere is something of that name, but it is no zip archive, or not all of one."
        return ValueError(message)
    return ValueError(
        f"File format not supported: filepath={filepath}. Keras 3 only supports V3 `.keras` files, legacy H5 format files "
        "(`.h5` extension).\nOf these, `.keras` files can be read here. Keras 3 makes one of another file: "
        "`keras.models.load_model('model.h5').save('model.keras')`."
    )
