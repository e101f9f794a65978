"""Saving models, and loading them."""

import contextlib
import errno
import os
import shutil
import tempfile
import warnings

from convlayers.deferred_initialization import initialized_later, memory_from
from convlayers.models.layer_entries import damage_as_value_error
from convlayers.models.model import Model
from convlayers.optimizers.loss_scale_optimizer import with_scaled_loss
from convlayers.registry import CustomObjectScope
from convlayers.saving.compatibility import for_all_versions
from convlayers.saving.encodings import make_object, objects_in, share_in_all_copies
from convlayers.saving.file_endings import HDF5_ENDINGS
from convlayers.saving.files import as_path, may_write, replacing
from convlayers.saving.formats import (
    DEFAULT,
    as_read_by_its_writer,
    check_format,
    format_of,
    is_for_keras3,
    is_of_older_keras,
    keras_version_of,
    translated,
)
from convlayers.saving.shared_calls import with_all_calls, with_calls_of_each_model
from convlayers.saving.shared_layers import names_of_copies, with_shared_layers
from convlayers.saving.stacks import has_stacks
from convlayers.saving.weights import names_without_a_place, read_weights, weights_as_bytes
from convlayers.serialization import ObjectSharingScope, serialize_keras_object

# The HDF5 library and the archive are imported where a file is touched: they take as long as the rest of the package.


def save_model(model, filepath, overwrite=True, zipped=None, **kwargs):
    """Writes a model to a file that Keras reads: architecture, weights, and the state of the optimizer.

    The file appears, or replaces the one of that name, only once it is whole.

    Args:
        model: a `Model`.
        filepath: path that ends in ".keras", or in ".h5" or ".hdf5" for an HDF5 file. Or a binary file that is open for
            writing, as `io.BytesIO`, which gets what a `.keras` file has.
        overwrite: whether a file of that name may be replaced without asking.
        zipped: True for one file, the default; False for a folder, whose name has no such ending.
        kwargs: `format` says who reads the file. "keras3", the default, is for all versions of Keras 3: a `Sequential`
            with a functional model in it is a functional model there. "keras3.0" also leaves out what optimizers remember in
            other orders in some of them. "keras3.11" is for 3.11 and later, as these write it: single inputs and outputs of
            functional models are alone, and not in a list. By
            default, a model that was read from such a file is written so again. "keras2" is for Keras 2. For all of these,
            what goes beyond Keras is written as layers that Keras has, or refused. "convlayers" is for this package alone, and
            leaves everything as it is.
            `include_optimizer=False` leaves the optimizer out of an HDF5 file. `save_format` is taken without effect.

    Raises:
        ValueError: if the path has another ending, or if that version of Keras has no such model.
        TypeError: if something in the model can't be written, such as an object without a `get_config`.
    """
    if hasattr(filepath, "write"):
        _save_to_file(model, filepath, zipped, **kwargs)
        return
    filepath = as_path(filepath)
    is_hdf5 = filepath.endswith(HDF5_ENDINGS)
    format, include_optimizer = _check_arguments(filepath, is_hdf5, zipped, **kwargs)
    format = format or _default_format(model)
    if not may_write(filepath, overwrite):
        return
    if not model.built:
        warnings.warn(
            "You are saving a model that has not yet been built. It might not contain any weights yet. "
            "Consider building the model first by calling it on some data.",
            stacklevel=3,
        )
    encoding = _encode(model, format)
    if is_hdf5:
        _write_hdf5(model, filepath, encoding, format, include_optimizer)
    else:
        _write_archive(model, filepath, encoding, format, zipped)


def check_can_be_saved(model):
    """Raises what `save_model` would for what is in a model, a `ValueError` for what Keras does not have."""
    _encode(model, _default_format(model))


def _default_format(model):
    return model._file_format or DEFAULT


def _encode(model, format):
    with ObjectSharingScope():
        encoding = for_all_versions(serialize_keras_object(model))
    return translated(encoding, format)


def _save_to_file(model, file, zipped, **kwargs):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        save_model(model, path, zipped=zipped, **kwargs)
        with open(path, "rb") as written:
            shutil.copyfileobj(written, file)


def _load_from_file(file, **kwargs):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        with open(path, "wb") as copy:
            shutil.copyfileobj(file, copy)
            if not copy.tell():
                raise ValueError("The open file has nothing left to read. `file.seek(0)` goes back to its beginning.")
        return load_model(path, **kwargs)


def _write_archive(model, filepath, encoding, format, zipped):
    from convlayers.saving.archive import write_archive, write_folder

    write = write_folder if zipped is False else write_archive
    weights = weights_as_bytes(model, format=format, stacks_as_graphs=has_stacks(encoding))
    if is_for_keras3(format):
        encoding = with_all_calls(encoding)
    write(filepath, encoding, weights, keras_version_of(format))


def _write_hdf5(model, filepath, encoding, format, include_optimizer):
    from convlayers.saving.legacy.writing import model_as_bytes

    content = model_as_bytes(model, encoding, format, include_optimizer)
    os.makedirs(os.path.dirname(filepath) or ".", exist_ok=True)  # as Keras does for these files alone
    with replacing(filepath) as file:
        file.write(content)


def _check_arguments(filepath, is_hdf5, zipped, save_format=None, include_optimizer=True, format=None, **kwargs):
    if save_format and not is_hdf5 and not filepath.endswith(".keras"):
        raise ValueError(
            "The `save_format` argument is deprecated in Keras 3. Please remove this argument and pass a file path with either "
            f"`.keras` or `.h5` extension.Received: save_format={save_format}"
        )
    if save_format:
        warnings.warn(
            "The `save_format` argument is deprecated in Keras 3. We recommend removing this argument as it can be inferred "
            f"from the file path. Received: save_format={save_format}",
            stacklevel=4,
        )
    if kwargs:
        raise ValueError(f"The following argument(s) are not supported: {list(kwargs)}")
    check_format(format)
    if zipped is not None and is_hdf5:
        raise ValueError(f"The `zipped` argument is only for `.keras` files. Received: filepath={filepath}, zipped={zipped}")
    if zipped is False:
        if filepath.endswith(".keras"):
            raise ValueError(
                f"When using `zipped=False`, the `filepath` argument should not end in `.keras`. Received: filepath={filepath}"
            )
    elif not filepath.endswith(".keras") and not is_hdf5:
        raise ValueError(
            "Invalid filepath extension for saving. Please add either a `.keras` extension for the native Keras format "
            f"(recommended) or a `.h5` extension. Received: filepath={filepath}."
        )
    return format, include_optimizer


def load_model(filepath, custom_objects=None, compile=True, safe_mode=True):
    """Reads a model from a file that `save_model` or any version of Keras wrote.

    Args:
        filepath: path of a `.keras` file, of the folder of an unzipped one, or of an HDF5 file (`.h5`). Or a binary file that
            is open for reading, as `io.BytesIO`.
        custom_objects: dict of names and classes or functions that the file may name.
        compile: whether to compile the model as it was, with the state of its optimizer. Where that is not possible, as with
            a loss that is not known, there is a warning.
        safe_mode: accepted as in Keras. Code in a file is never run, whatever it says.

    Returns:
        A `Model`.

    Raises:
        ValueError: if there is no such file, or if it is damaged.
        FileNotFoundError: if there is no such file, and its name is that of an HDF5 file.
        TypeError: if it names a class or function that is not known.
    """
    from convlayers.saving.archive import is_archive

    if hasattr(filepath, "read"):
        return _load_from_file(filepath, custom_objects=custom_objects, compile=compile, safe_mode=safe_mode)
    filepath = as_path(filepath)
    read = _read_archive if is_archive(filepath) else _read_hdf5
    with CustomObjectScope(custom_objects), ObjectSharingScope(), initialized_later():
        model, messages = read(filepath, compile)
    for message in messages:
        warnings.warn(message, stacklevel=2)
    return model


def _read_archive(filepath, compile):
    from convlayers.saving.archive import CONFIG, open_archive
    from convlayers.saving.weight_stores import open_arrays_of

    with open_archive(filepath) as archive, open_arrays_of(archive, filepath) as arrays:
        ahead = arrays.read_ahead()
        encoding = archive.read_json(CONFIG)
        version = _version_of_writer(archive)
        compile_config = encoding.pop("compile_config", None) if isinstance(encoding, dict) else None

        def finish(model):
            messages = _compile(model, compile_config, is_of_older_keras(version)) if compile and compile_config else []
            _scale_loss_as_written(model, arrays)
            return model, messages + read_weights(model, arrays)

        with memory_from(ahead):
            model = make_model(encoding, filepath, version)
        try:
            return finish(model)
        except ValueError:
            shared = with_shared_layers(encoding, names_without_a_place(model, arrays))
            if shared is None:
                raise
            return finish(_make_again(shared, filepath, version))


def _read_hdf5(filepath, compile):
    from convlayers.saving.files import Window
    from convlayers.saving.hdf5 import is_hdf5, open_file

    if not is_hdf5(filepath):
        raise _not_a_model(filepath)
    from convlayers.saving.legacy import model_files as legacy

    with Window(filepath) as file, open_file(file, filepath) as reader:
        encoding, version = legacy.read_encoding(reader, filepath)

        def finish(model):
            messages = legacy.read_model_weights(model, reader)
            if compile:
                messages += legacy.compile_model(model, reader, filepath, _compile)
            return model, messages

        with memory_from(reader.read_ahead()):
            model = make_model(encoding, filepath, version)
        try:
            model, messages = finish(model)
        except ValueError:
            shared = with_shared_layers(encoding, names_of_copies(model))
            if shared is None:
                raise
            return finish(_make_again(shared, filepath, version))
        # What the optimizer remembers may be that of fewer weights.
        shared = with_shared_layers(encoding, names_of_copies(model, equal=True)) if messages else None
        if shared is not None:
            with contextlib.suppress(ValueError, TypeError):
                again, fewer = finish(_make_again(shared, filepath, version))
                if len(fewer) < len(messages):
                    return again, fewer
        return model, messages


def _make_again(encoding, filepath, version):
    with ObjectSharingScope():
        return make_model(encoding, filepath, version)


def make_model(encoding, filepath, keras_version):
    """Returns the model that an encoding describes.

    Args:
        encoding: the encoding.
        filepath: where it was found, for messages.
        keras_version: of the Keras that wrote it.

    Raises:
        ValueError: if it is damaged, or describes something else.
        TypeError: if it names a class or function that is not known.
    """
    with damage_as_value_error(f"The model in {filepath}"):
        is_older = is_of_older_keras(keras_version)
        objects = list(objects_in(encoding))
        share_in_all_copies(objects)
        if not is_older:
            encoding = with_calls_of_each_model(as_read_by_its_writer(encoding, objects, keras_version), objects)
        model = make_object(encoding, is_older)
    if not isinstance(model, Model):
        raise ValueError(f"There is no model in {filepath}, but an object of {type(model)}.")
    model._file_format = format_of(keras_version)
    return model


def _version_of_writer(archive):
    from convlayers.saving.archive import METADATA

    try:
        return str(archive.read_json(METADATA)["keras_version"])
    except (ValueError, TypeError, LookupError):
        return "unknown"


def _compile(model, compile_config, is_older=False):
    """Compiles a model. Returns a list: a warning where that is not possible."""
    try:
        if is_older:
            from convlayers.saving.legacy.configs import modern_compile_config

            compile_config = modern_compile_config(compile_config)
        model.compile_from_config(compile_config)
    except Exception as error:
        # A loss that nobody knows any more must not keep the weights from being used.
        return [
            f"The model was loaded, but could not be compiled as it was saved: {error}\n"
            "Call `model.compile(...)` before training, or pass `compile=False` when loading."
        ]
    return []


def _scale_loss_as_written(model, arrays):
    """Puts what scales the loss around the optimizer of a model, if it was there.

    `compile` does so where the policy for new layers was "mixed_float16" when the model was made, which no file says.
    """
    if model.compiled and model.optimizer is not None and "optimizer/inner_optimizer" in arrays:
        model.optimizer = with_scaled_loss(model.optimizer)
        model.optimizer.build(model.trainable_variables)


def _not_a_model(filepath):
    from convlayers.saving.other_files import what_it_is

    if filepath.endswith(".keras"):
        message = f"File not found: filepath={filepath}. Please ensure the file is an accessible `.keras` zip file."
        if os.path.exists(filepath):
            message += "\nThere is something of that name, but it is no zip archive, or not all of one."
    elif filepath.endswith(HDF5_ENDINGS) and not os.path.exists(filepath):
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), filepath)
    else:
        message = (
            f"File format not supported: filepath={filepath}. Keras 3 only supports V3 `.keras` files, legacy H5 format files "
            "(`.h5` extension)."
        )
    return ValueError(f"{message}\nReceived: {what_it_is(filepath)}.")
