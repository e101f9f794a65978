"""Arrays by path in an HDF5 file, as Keras lays them out: `<path>/vars/<number>`.

Files may come from anywhere: they are read through `hdf5_gate` alone.
"""

import contextlib
from collections.abc import Mapping

import h5py
import numpy as np
from h5py import h5d, h5g, h5p, h5s, h5t

from convlayers.saving import limits
from convlayers.saving.hdf5_gate import (
    BFLOAT16,
    member_names,
    open_dataset,
    open_group,
    read_attribute,
    reading,
    size_of,
    walk_datasets,
)
from convlayers.saving.hdf5_strings import StringReader

# Of how many bytes an attribute may be at most.
ATTRIBUTE_LIMIT = 64512
# The groups that a name with slashes leads through are made on the way.
_MAKING_GROUPS = h5p.create(h5p.LINK_CREATE)
_MAKING_GROUPS.set_create_intermediate_group(True)


@contextlib.contextmanager
def create(file):
    """Makes an HDF5 file in a binary file: `with create(file) as writer:`, an `ArrayWriter`."""
    with h5py.File(file, "w") as opened:
        yield ArrayWriter(opened)


def is_hdf5(filepath):
    """Whether there is an HDF5 file."""
    try:
        with open(filepath, "rb") as file:
            return file.read(8) == b"\x89HDF\r\n\x1a\n"
    except OSError:
        return False


@contextlib.contextmanager
def open_file(file, filepath):
    """Opens the HDF5 file in a binary file: `with open_file(file, filepath) as reader:`, an `ArrayReader`.

    Args:
        file: binary file.
        filepath: what it is called in messages.

    Raises:
        ValueError: if it is damaged.
    """
    try:
        opened = h5py.File(file, "r")
    except (OSError, RuntimeError, ValueError) as error:
        raise ValueError(f"The weights in {filepath} are damaged, or are no HDF5 file: {error}") from error
    with opened:
        yield ArrayReader(opened, file)


class ArrayWriter:
    """Writes arrays into an open `h5py.File`."""

    def __init__(self, file):
        self._file = file

    def group(self, path, name):
        """Makes the group of one object, even if it will stay empty.

        Args:
            path: of the object, "" for the model itself.
            name: the object's own name.

        Returns:
            An object to be filled like a dict: `group["0"] = array`.
        """
        return self.arrays(f"{path}/vars" if path else "vars", name=name)

    def arrays(self, path, **attributes):
        """Makes a group with attributes, which are strings or lists of strings.

        Returns:
            An object to be filled like a dict: `group["0"] = array`. Names may have slashes in them.
        """
        group = self._file.require_group(path or "/")
        for name, value in attributes.items():
            _write_attribute(group.attrs, name, value)
        return _WrittenGroup(group.id)


def _write_attribute(attributes, name, value):
    """Writes a string, or a list of strings in as many parts as the header of a group has room for."""
    if isinstance(value, str):
        attributes[name] = value
        return
    texts = np.array([text.encode() for text in value]) if value else np.empty(0)
    count = -(-texts.nbytes // ATTRIBUTE_LIMIT)
    if count < 2:
        attributes[name] = texts
        return
    for number, part in enumerate(np.array_split(texts, count)):
        attributes[f"{name}{number}"] = part


class _WrittenGroup:
    def __init__(self, group):
        self._group = group
        self._keys = []

    def __setitem__(self, key, value):
        array = np.asarray(value, order="C")
        space = h5s.create_simple(array.shape) if array.ndim else h5s.create(h5s.SCALAR)
        kind = h5t.py_create(array.dtype, logical=True)
        h5d.create(self._group, key.encode(), kind, space, lcpl=_MAKING_GROUPS).write(h5s.ALL, h5s.ALL, array)
        self._keys.append(key)

    def keys(self):
        return list(self._keys)

    def __len__(self):
        return len(self._keys)


class ArrayReader:
    """Reads arrays and texts from an open `h5py.File`.

    Args:
        opened: the `h5py.File`.
        file: the binary file that it was opened from.
    """

    def __init__(self, opened, file):
        with reading("/"):
            self._groups = {"": h5g.open(opened.id, b"/")}
        self._strings = StringReader(file)
        self._allowance = _Allowance(self._strings.file_size)

    def group(self, path):
        """Returns the arrays of one object, none where the file has none."""
        return self.arrays(f"{path}/vars" if path else "vars")

    def arrays(self, path):
        """Returns the arrays that lie in a group, none where the file has no such group."""
        return StoredArrays(self._find(path), self._allowance)

    def names(self, path):
        """Returns the names of what lies in a group: groups and arrays."""
        group = self._find(path)
        return [] if group is None else member_names(group)

    def attribute(self, path, name):
        """Returns the text, or the list of texts, that a group has as an attribute; None where it has none."""
        group = self._find(path)
        return None if group is None else read_attribute(group, name, self._strings)

    def text(self, path, name):
        """Returns the text that a group has as an attribute; None where it has none.

        Raises:
            ValueError: if there are several.
        """
        value = self.attribute(path, name)
        if value is not None and not isinstance(value, str):
            raise ValueError(f"The HDF5 file is damaged: expected a single text in the attribute '{name}' of '/{path}'.")
        return value

    def walk(self):
        """Yields the path, shape and number type of each array in the file, without reading any."""
        return walk_datasets(self._groups[""])

    def __contains__(self, path):
        """Whether there is a group at a path."""
        return self._find(path) is not None

    def _find(self, path):
        if path in self._groups:
            return self._groups[path]
        parent, known = path, None
        while parent not in self._groups:
            parent = parent.rpartition("/")[0]
        known = self._groups[parent]
        for name in path[len(parent) :].strip("/").split("/"):
            parent = f"{parent}/{name}" if parent else name
            known = self._groups[parent] = None if known is None else _open_group(known, name)
        return known


class StoredArrays(Mapping):
    """The arrays in a group of a file, as a dict. They are read when they are asked for."""

    def __init__(self, group, allowance):
        self._group = group
        self._allowance = allowance
        self._names = [] if group is None else member_names(group)
        self._datasets = {}

    def __len__(self):
        return len(self._names)

    def __iter__(self):
        return iter(self._names)

    def __contains__(self, key):
        return key in self._names

    def __getitem__(self, key):
        dataset = self._open(key)
        self._allowance.spend(size_of(dataset))
        with reading(key):
            array = np.empty(dataset.shape, dataset.dtype)
            dataset.read(h5s.ALL, h5s.ALL, array)
        if array.dtype == BFLOAT16:
            array = (array.view("u2").astype("u4") << 16).view("f4")
        return array

    def shape(self, key):
        """Returns the shape of an array without reading it."""
        return self._open(key).shape

    def read_into(self, key, array):
        """Reads an array into another one of its shape, with its numbers converted."""
        dataset = self._open(key)
        if dataset.dtype.kind in "bV":  # numbers of which HDF5 does not know that they are
            array[...] = self[key]
            return
        self._allowance.spend(size_of(dataset))
        with reading(key):
            dataset.read(h5s.ALL, h5s.ALL, array)

    def _open(self, key):
        if key not in self._datasets:
            if key not in self._names:
                raise KeyError(key)
            self._datasets[key] = open_dataset(self._group, key)
        return self._datasets[key]


class _Allowance:
    """How much may still be read from a file: many names may stand for one array."""

    def __init__(self, file_size):
        self._file_size = file_size
        self._spent = 0

    def spend(self, size):
        self._spent += size
        limits.check_expansion("the HDF5 file", self._spent, self._file_size)


def _open_group(parent, name):
    group = open_group(parent, name)
    # What Keras 2.12 and 2.13 called it.
    return open_group(parent, "_layer_checkpoint_dependencies") if group is None and name == "layers" else group
