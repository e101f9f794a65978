"""Arrays by path in an HDF5 file, as Keras lays them out: `<path>/vars/<number>`.

Files may come from anywhere, so nothing is read that leads out of them or that pretends to be larger than it is: no soft or
external links, no external or virtual data sets, no data set that its stored bytes cannot fill.

This speaks to h5py's lower level, which takes a third of the time for the many small arrays of a deep model.
"""

import contextlib
from collections.abc import Mapping

import h5py
import numpy as np
from h5py import h5d, h5g, h5i, h5l, h5o, h5s, h5t

# How Keras stores bfloat16, which neither NumPy nor HDF5 has: the upper half of a float32.
BFLOAT16 = np.dtype("V2")

# A data set that declares more bytes than this, and this many times what it stores, is taken for a trap.
LARGE = 256 << 20
EXPANSION = 1000


@contextlib.contextmanager
def create(file):
    """Makes an HDF5 file in a binary file: `with create(file) as writer:`, an `ArrayWriter`."""
    with h5py.File(file, "w") as opened:
        yield ArrayWriter(opened)


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
    except OSError as error:
        raise ValueError(f"The weights in {filepath} are damaged, or are no HDF5 file: {error}") from error
    with opened:
        yield ArrayReader(opened)


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
        group = self._file.create_group(f"{path}/vars" if path else "vars")
        group.attrs["name"] = name
        return _WrittenGroup(group.id)


class _WrittenGroup:
    def __init__(self, group):
        self._group = group
        self._keys = []

    def __setitem__(self, key, value):
        array = np.asarray(value, order="C")
        space = h5s.create_simple(array.shape) if array.ndim else h5s.create(h5s.SCALAR)
        kind = h5t.py_create(array.dtype, logical=True)
        h5d.create(self._group, key.encode(), kind, space).write(h5s.ALL, h5s.ALL, array)
        self._keys.append(key)

    def keys(self):
        return list(self._keys)

    def __len__(self):
        return len(self._keys)


class ArrayReader:
    """Reads arrays from an open `h5py.File`."""

    def __init__(self, file):
        self._groups = {"": h5g.open(file.id, b"/")}

    def group(self, path):
        """Returns the arrays of one object, none where the file has none."""
        return StoredArrays(self._find(f"{path}/vars" if path else "vars"))

    def __contains__(self, path):
        """Whether there is anything at a path."""
        return self._find(path) is not None

    def _find(self, path):
        if path not in self._groups:
            parent, _, name = path.rpartition("/")
            group = self._find(parent)
            self._groups[path] = None if group is None else _open_group(group, name)
        return self._groups[path]


class StoredArrays(Mapping):
    """The arrays in a group of a file, as a dict. They are read when they are asked for."""

    def __init__(self, group):
        self._group = group
        self._names = [] if group is None else [name.decode() for name in group]
        self._datasets = {}

    def __len__(self):
        return len(self._names)

    def __iter__(self):
        return iter(self._names)

    def __contains__(self, key):
        return key in self._names

    def __getitem__(self, key):
        dataset = self._open(key)
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
        else:
            dataset.read(h5s.ALL, h5s.ALL, array)

    def _open(self, key):
        if key not in self._datasets:
            if key not in self._names:
                raise KeyError(key)
            self._datasets[key] = _open_dataset(self._group, key)
        return self._datasets[key]


def _open_group(parent, name):
    group = _open(parent, name)
    if group is None and name == "layers":
        # What Keras 2.12 and 2.13 called it.
        group = _open(parent, "_layer_checkpoint_dependencies")
    if group is not None and not isinstance(group, h5g.GroupID):
        raise ValueError(f"Invalid H5 file, expected Group but received {type(group).__name__}, at {_place(parent, name)}")
    return group


def _open_dataset(group, name):
    dataset = _open(group, name)
    if not isinstance(dataset, h5d.DatasetID):
        raise ValueError(f"Invalid H5 file, expected Dataset, received {type(dataset).__name__}, at {_place(group, name)}")
    if dataset.dtype.kind not in "fiub" and dataset.dtype != BFLOAT16:
        raise ValueError(f"Expected numbers in the data set {_place(group, name)}. Received: dtype={dataset.dtype}.")
    if dataset.get_offset() is None:  # not simply a part of this file
        _check_storage(dataset, _place(group, name))
    return dataset


def _check_storage(dataset, place):
    creation = dataset.get_create_plist()
    if creation.get_external_count():
        raise ValueError(f"Not allowed: H5 file with external Dataset: {place}")
    if creation.get_layout() == h5d.VIRTUAL:
        raise ValueError(f"Not allowed: H5 file with virtual Dataset: {place}")
    declared, stored = dataset.get_space().get_simple_extent_npoints() * dataset.dtype.itemsize, dataset.get_storage_size()
    if declared > LARGE and declared > EXPANSION * stored:
        raise ValueError(f"Not allowed: the data set {place} declares {declared} bytes, but only {stored} are stored.")


def _open(parent, name):
    """Opens what a group holds under a name; None if it holds nothing."""
    key = name.encode()
    try:
        if key not in parent:
            return None
        kind = parent.links.get_info(key).type
        if kind == h5l.TYPE_HARD:
            return h5o.open(parent, key)
    except (KeyError, OSError, RuntimeError) as error:
        raise ValueError(f"The HDF5 file is damaged at '{name}': {error}") from error
    link = {h5l.TYPE_SOFT: "SoftLink", h5l.TYPE_EXTERNAL: "ExternalLink"}.get(kind, "a link of an unknown kind")
    raise ValueError(f"Not allowed: H5 file with {link}: {_place(parent, name)} may lead out of the file.")


def _place(parent, name):
    return f"'{h5i.get_name(parent).decode().rstrip('/')}/{name}'"
