"""HDF5 files of any kind, read by the HDF5 library through `hdf5_gate` alone, since they may come from anywhere."""

import contextlib
from collections.abc import Mapping

import h5py
import numpy as np
from h5py import h5g, h5s

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


@contextlib.contextmanager
def open_by_library(file, filepath):
    """Opens a file: `with open_by_library(file, filepath) as root:`, a `LibraryGroup`.

    Args:
        file: binary file.
        filepath: what it is called in messages.

    Raises:
        ValueError: if it is damaged.
    """
    try:
        opened = h5py.File(file, "r")
    except (OSError, RuntimeError, ValueError) as error:
        hint = ". The file was cut off: copy or download it again" if "truncated" in str(error) else ""
        raise ValueError(f"The weights in {filepath} are damaged, or are no HDF5 file: {error}{hint}") from error
    with opened:
        with reading("/"):
            root = h5g.open(opened.id, b"/")
        strings = StringReader(file)
        yield LibraryGroup(root, strings, _Allowance(strings.file_size))


class LibraryGroup:
    """A group."""

    def __init__(self, group, strings, allowance):
        self._group = group
        self._strings = strings
        self._allowance = allowance

    def names(self):
        """Returns the names of what the group holds."""
        return member_names(self._group)

    def group(self, name):
        """Returns a group in this one; None if there is nothing of that name."""
        group = open_group(self._group, name)
        return None if group is None else LibraryGroup(group, self._strings, self._allowance)

    def arrays(self):
        """Returns the arrays in the group, as a dict."""
        return _LibraryArrays(self._group, self._allowance)

    def attribute(self, name):
        """Returns an attribute that holds text: a string, a list of strings, or None if there is no such attribute."""
        return read_attribute(self._group, name, self._strings)

    def walk(self):
        """Yields the path, shape and number type of each array in the group and in those inside it."""
        return walk_datasets(self._group)


class _LibraryArrays(Mapping):
    """The arrays in a group, as a dict. They are read when they are asked for."""

    def __init__(self, group, allowance):
        self._group = group
        self._allowance = allowance
        self._names = member_names(group)
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

    def read_into(self, key, array, is_new=False):
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
