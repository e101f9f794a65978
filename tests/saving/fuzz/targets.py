"""What is done with the bytes of a file: everything in it is read, and a model is made if it describes one.

An input is one letter, which says what kind of file it is, and the bytes of the file.
"""

import argparse
import contextlib
import io
import os
import tempfile
import warnings
import zipfile

from numpy.lib import format

import convlayers as k
from convlayers.commands import inspect_file
from convlayers.saving import hdf5
from convlayers.saving.archive import CONFIG, WEIGHTS, is_archive, open_archive
from convlayers.saving.weight_stores import NPZ_WEIGHTS, open_arrays_of

# What a user is told about a file that is no good. Anything else is a bug.
CLEAR = (ValueError, TypeError)

_folder = tempfile.mkdtemp(prefix="fuzz")


def read(content):
    """Reads an input. Raises only for a bug."""
    target = TARGETS.get(content[:1])
    if target is None:
        return
    with contextlib.suppress(*CLEAR), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        target(content[1:])


def _read_archive(content):
    path = _write("model.keras", content)
    if is_archive(path):
        with open_archive(path) as archive, open_arrays_of(archive, path) as arrays:
            archive.read_json(CONFIG)
            _read_arrays(arrays)
    k.models.load_model(path)


def _read_hdf5(content):
    with hdf5.open_file(io.BytesIO(content), "fuzz.h5") as reader:
        _read_arrays(reader)


def _read_whole_h5(content):
    path = _write("model.h5", content)
    _inspect(path)
    k.models.load_model(path)


def _read_config(content):
    path = os.path.join(_folder, "config.keras")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.15.1"}')
        archive.writestr(CONFIG, content)
        archive.writestr(WEIGHTS, _no_weights())
    _inspect(path)
    k.models.load_model(path)


def _read_pickle(content):
    array = io.BytesIO()
    format.write_array_header_1_0(array, {"descr": "|O", "fortran_order": False, "shape": ()})
    array.write(content)
    weights = io.BytesIO()
    with zipfile.ZipFile(weights, "w") as archive:
        archive.writestr("layers/dense/vars.npy", array.getvalue())
    path = os.path.join(_folder, "pickle.keras")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(NPZ_WEIGHTS, weights.getvalue())
    with open_archive(path) as archive, open_arrays_of(archive, path) as arrays:
        for array in arrays.group("layers/dense").values():
            array.sum()


def _inspect(path):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        inspect_file.main(argparse.Namespace(file=path))


def _write(name, content):
    path = os.path.join(_folder, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


def _read_arrays(reader):
    waiting, seen = [""], 0
    while waiting and seen < 200:
        path = waiting.pop()
        seen += 1
        _read_group(reader, path)
        for name in reader.names(path)[:20]:
            place = f"{path}/{name}" if path else name
            with contextlib.suppress(*CLEAR):
                if place in reader:
                    waiting.append(place)


def _read_group(reader, path):
    for name in ("keras_version", "backend", "model_config", "training_config", "layer_names", "weight_names", "name"):
        with contextlib.suppress(*CLEAR):
            reader.attribute(path, name)
    arrays = reader.arrays(path)
    for name in list(arrays)[:20]:
        with contextlib.suppress(*CLEAR):
            if arrays.shape(name) is not None:
                arrays[name].sum()


def _no_weights():
    file = io.BytesIO()
    with hdf5.create(file) as writer:
        writer.group("", "model")
    return file.getvalue()


TARGETS = {b"z": _read_archive, b"h": _read_hdf5, b"m": _read_whole_h5, b"j": _read_config, b"p": _read_pickle}
