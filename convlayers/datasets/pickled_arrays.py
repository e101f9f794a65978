"""Reads the arrays in pickles of data sets, and nothing else: a pickle may hold a program."""

import pickle
import zipfile

from numpy.lib import format

_NEEDED_FOR_ARRAYS = frozenset(
    [
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
    ]
)


class ArrayUnpickler(pickle._Unpickler):
    """Unpickles arrays, lists, dicts and numbers.

    It is made of Python's own unpickler: that in C takes memory for as many objects as a pickle says that it has.
    """

    def find_class(self, module, name):
        if (module, name) in _NEEDED_FOR_ARRAYS:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(
            f"Refusing to deserialize `{module}.{name}` while loading a Keras dataset. The file may be corrupted or malicious."
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
