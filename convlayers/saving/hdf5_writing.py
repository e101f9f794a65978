"""Writes arrays into HDF5 files."""

import contextlib

import h5py
import numpy as np
from h5py import h5d, h5p, h5s, h5t

from convlayers.narrow_types import bfloat16_to_bits

# Of how many bytes an attribute may be at most.
ATTRIBUTE_LIMIT = 64512
# The groups that a name with slashes leads through are made on the way.
_MAKING_GROUPS = h5p.create(h5p.LINK_CREATE)
_MAKING_GROUPS.set_create_intermediate_group(True)


@contextlib.contextmanager
def open_to_write(file):
    """Makes an HDF5 file in a binary file: `with open_to_write(file) as writer:`, an `ArrayWriter`."""
    with h5py.File(file, "w") as opened:
        yield ArrayWriter(opened)


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
        """Writes an array or a variable."""
        is_bfloat16 = getattr(value, "dtype", None) == "bfloat16"
        array = bfloat16_to_bits(value) if is_bfloat16 else np.asarray(value, order="C")
        space = h5s.create_simple(array.shape) if array.ndim else h5s.create(h5s.SCALAR)
        kind = h5t.py_create(array.dtype, logical=True)
        dataset = h5d.create(self._group, key.encode(), kind, space, lcpl=_MAKING_GROUPS)
        dataset.write(h5s.ALL, h5s.ALL, array)
        if is_bfloat16:
            h5py.Dataset(dataset).attrs["dtype"] = "bfloat16"
        self._keys.append(key)

    def keys(self):
        return list(self._keys)

    def __len__(self):
        return len(self._keys)
