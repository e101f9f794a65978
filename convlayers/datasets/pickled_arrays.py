"""Reads the arrays in pickles of data sets, and nothing else: a pickle may hold a program."""

import math
import pickle
import zipfile
from typing import ClassVar

import numpy as np
from numpy.lib import format

_ARRAY = object()  # what the class of arrays is here: nothing that could be called


def _reconstruct(kind, shape, dtype):
    """Returns the empty array that a pickle begins an array with, whatever it says."""
    if kind is not _ARRAY:
        raise pickle.UnpicklingError(f"Expected an array. Received: {kind!r}")
    return np.ndarray((0,), np.int8)


_NEEDED_FOR_ARRAYS = {
    ("numpy", "ndarray"): _ARRAY,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
}


class ArrayUnpickler(pickle._Unpickler):
    """Unpickles arrays, lists, dicts and numbers.

    It is made of Python's own unpickler: that in C takes memory for as many objects as a pickle says that it has. So does the
    one in Python for bytes that can be changed, which are refused, and NumPy for elements of arrays, which are counted before.
    """

    dispatch: ClassVar = {**pickle._Unpickler.dispatch}
    for _opcode in (pickle.BYTEARRAY8, pickle.NEXT_BUFFER, pickle.READONLY_BUFFER):
        del dispatch[_opcode[0]]

    def find_class(self, module, name):
        if (module, name) in _NEEDED_FOR_ARRAYS:
            return _NEEDED_FOR_ARRAYS[module, name]
        raise pickle.UnpicklingError(
            f"Refusing to deserialize `{module}.{name}` while loading a Keras dataset. The file may be corrupted or malicious."
        )

    def load_build(self):
        _check_state(*self.stack[-2:])
        super().load_build()

    dispatch[pickle.BUILD[0]] = load_build


def _check_state(thing, state):
    if isinstance(thing, np.ndarray):
        _, shape, _, _, content = state
        if isinstance(content, list) and math.prod(shape) != len(content):
            raise pickle.UnpicklingError(f"An array of shape {shape} has {len(content)} elements.")
    elif not isinstance(thing, np.dtype) or any(part is not None for part in state[2:5]):
        raise pickle.UnpicklingError(
            f"Expected an array of numbers, text or objects. Received: {thing!r}, with parts: {state!r}"
        )


def read_npz(path):
    """Returns the arrays in an `.npz` file as a dict. Those of objects may hold lists of numbers."""
    with zipfile.ZipFile(path) as archive:
        return {name.removesuffix(".npy"): _read(archive, name) for name in archive.namelist() if name.endswith(".npy")}


def _read(archive, name):
    with archive.open(name) as file:
        version = format.read_magic(file)
        read_header = format.read_array_header_1_0 if version == (1, 0) else format.read_array_header_2_0
        _, _, dtype = read_header(file)
        if dtype.hasobject:
            return ArrayUnpickler(file).load()
    with archive.open(name) as file:
        return format.read_array(file, allow_pickle=False)
