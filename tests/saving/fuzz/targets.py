"""What is done with the bytes of a file: everything in it is read, and a model is made if it describes one.

An input is one letter, which says what kind of file it is, and the bytes of the file.
"""

import argparse
import contextlib
import io
import json
import os
import sys
import tempfile
import warnings
import zipfile

from numpy.lib import format

import convlayers as k
from convlayers import layers
from convlayers.commands import inspect_file
from convlayers.saving import hdf5, hdf5_library  # noqa: F401 - h5py starts a process when it is imported
from convlayers.saving.archive import CONFIG, WEIGHTS, is_archive, open_archive
from convlayers.saving.weight_stores import NPZ_WEIGHTS, open_arrays_of

# So small that there are several.
SHARD_SIZE = 200 / 2**30

# What a user is told about a file that is no good. Anything else is a bug.
CLEAR = (ValueError, TypeError)

_folder = tempfile.mkdtemp(prefix="fuzz")
# What may be opened: the input, and modules that are imported when they are first needed.
_MAY_BE_OPENED = (_folder, os.path.dirname(os.path.dirname(k.__file__)), sys.prefix, sys.base_prefix, os.devnull)
_FORBIDDEN = ("os.remove", "os.rename", "os.mkdir", "os.symlink", "os.system", "subprocess", "socket", "marshal.load")
_seen = []
_is_watching = False


def _listen(event, arguments):
    if not _is_watching:
        return
    is_outside = event == "open" and isinstance(arguments[0], str) and not arguments[0].startswith(_MAY_BE_OPENED)
    is_forbidden = event.startswith(_FORBIDDEN) and not event.startswith("marshal.loads")
    if is_outside or (is_forbidden and _folder not in str(arguments)):
        _seen.append((event, str(arguments)[:200]))


sys.addaudithook(_listen)


def read(content):
    """Reads an input. Raises only for a bug."""
    global _is_watching
    target = TARGETS.get(content[:1])
    if target is None:
        return
    _seen.clear()
    _is_watching = True
    try:
        with contextlib.suppress(*CLEAR), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            target(content[1:])
    finally:
        _is_watching = False
    if _seen:
        raise AssertionError(f"Something outside of the file was touched: {_seen}")


def model_for_weights():
    """The model into which weights are read: layers of their own state, a model in the model, and an optimizer's state."""
    inner = k.Sequential(
        [k.Input((4, 4, 2)), layers.Conv2D(2, 2, name="conv"), layers.BatchNormalization(name="norm")], name="inner"
    )
    parts = [layers.Normalization(name="scale"), inner, layers.Flatten(), layers.Dense(2, name="dense")]
    model = k.Sequential([k.Input((4, 4, 2)), *parts], name="outer")
    model.compile("adam", "mse")
    return model


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


def _read_weights(content):
    model = model_for_weights()
    with contextlib.suppress(*CLEAR):  # Only what older versions wrote can be read by names.
        model.load_weights(_write("some.h5", content), by_name=True, skip_mismatch=True)
    model.load_weights(_write("some.weights.h5", content), skip_mismatch=True)


def _read_table_of_shards(content):
    model = model_for_weights()
    path = os.path.join(_folder, "shards.weights.json")
    if not os.path.exists(path):
        model.save_weights(path, max_shard_size=SHARD_SIZE)
    model.load_weights(_write("shards.weights.json", content))


def _read_config(content, version="3.15.1"):
    path = os.path.join(_folder, "config.keras")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": version}))
        archive.writestr(CONFIG, content)
        archive.writestr(WEIGHTS, _no_weights())
    _inspect(path)
    k.models.load_model(path)


def _read_config_of_keras2(content):
    _read_config(content, "2.15.0")


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


TARGETS = {
    b"z": _read_archive,
    b"h": _read_hdf5,
    b"m": _read_whole_h5,
    b"w": _read_weights,
    b"s": _read_table_of_shards,
    b"j": _read_config,
    b"k": _read_config_of_keras2,
    b"p": _read_pickle,
}
# Of these, all are JSON.
JSON = (b"j", b"k", b"s")
