"""HDF5 files of the plain kind: their groups and arrays, once it is known where they lie (`hdf5_walk.py`)."""

import math
from collections.abc import Mapping

import numpy as np

from convlayers.saving.hdf5_strings import StringReader
from convlayers.saving.read_ahead import read_ahead

# Of what class the type of an attribute is. Of numbers, it is a dtype.
STRING, VARIABLE_STRING = 3, 9


class PlainGroup:
    """A group.

    Attributes:
        path: from the root, with a slash in front of each name.
        members: dict of names, and groups or arrays.
    """

    def __init__(self, path, source, attributes):
        self.path = path
        self._source = source
        self._attributes = attributes
        self.members = {}

    def names(self):
        """Returns the names of what the group holds."""
        return list(self.members)

    def group(self, name):
        """Returns a group in this one; None if there is nothing of that name."""
        member = self.members.get(name)
        if isinstance(member, PlainArray):
            raise ValueError(f"Invalid H5 file, expected Group but received DatasetID, at '{self.path}/{name}'")
        return member

    def arrays(self):
        """Returns the arrays in the group, as a dict."""
        return _PlainArrays(self.path, self.members, self._source)

    def attribute(self, name):
        """Returns an attribute that holds text: a string, a list of strings, or None if there is no such attribute."""
        if name not in self._attributes:
            return None
        place = f"'{self.path}/{name}'"
        kind, size, shape, content = self._attributes[name]
        if not math.prod(shape):
            return []
        if kind == STRING:
            values = [content[start : start + size].rstrip(b"\0") for start in range(0, size * math.prod(shape), size)]
        elif kind == VARIABLE_STRING:
            values = self._source.strings.resolve(content, name.encode())[: math.prod(shape)]
        else:
            raise ValueError(f"Expected text in the attribute {place}. Received: dtype={kind}.")
        try:
            texts = [value.decode("utf-8") for value in values]
        except UnicodeDecodeError as error:
            raise ValueError(f"The HDF5 file is damaged at '{place}': {error}") from error
        return texts if shape else texts[0]

    def walk(self):
        """Yields the path, shape and number type of each array in the group and in those inside it."""
        waiting = [self]
        while waiting:
            group = waiting.pop()
            for member in group.members.values():
                if isinstance(member, PlainGroup):
                    waiting.append(member)
                else:
                    yield member.path, member.shape, str(member.dtype)

    def read_ahead(self):
        """Begins to read all arrays but those of an optimizer, for a model that is made meanwhile.

        Returns:
            A `ReadAhead`, None if it is not worth while. `read_into` knows its arrays again.
        """
        wanted = [array for array in self._source.arrays if not array.path.startswith("/optimizer")]
        self._source.ahead = read_ahead(self._source.file, wanted)
        return self._source.ahead


class Source:
    """What all groups of a file have in common.

    Attributes:
        file: the binary file.
        strings: a `StringReader`.
        arrays: all arrays, in the order of their places.
        ahead: None, or the `ReadAhead` that reads them.
    """

    def __init__(self, file):
        self.file = file
        self.strings = StringReader(file)
        self.arrays = []
        self.ahead = None


class PlainArray:
    """Where an array lies."""

    __slots__ = ("dtype", "path", "shape", "size", "start")

    def __init__(self, path, shape, dtype, start, size):
        self.path = path
        self.shape = shape
        self.dtype = dtype
        self.start = start
        self.size = size


class _PlainArrays(Mapping):
    """The arrays in a group, as a dict. They are read when they are asked for."""

    def __init__(self, path, members, source):
        self._path = path
        self._members = members
        self._source = source

    def __len__(self):
        return len(self._members)

    def __iter__(self):
        return iter(self._members)

    def __contains__(self, key):
        return key in self._members

    def __getitem__(self, key):
        stored = self._find(key)
        array = np.empty(stored.shape, stored.dtype)
        self._read(stored, array)
        return array

    def shape(self, key):
        """Returns the shape of an array without reading it."""
        return self._find(key).shape

    def read_into(self, key, array, is_new=False):
        """Reads an array into another one of its shape, with its numbers converted.

        Args:
            key: its name.
            array: what is read into.
            is_new: whether nobody has written into it since it was made.
        """
        stored, ahead = self._find(key), self._source.ahead
        if is_new and ahead is not None and ahead.has_read(stored, array):
            return
        if stored.dtype == array.dtype and array.flags.c_contiguous:
            self._read(stored, array)
        else:
            array[...] = self[key]

    def _find(self, key):
        stored = self._members[key]
        if not isinstance(stored, PlainArray):
            raise ValueError(f"Invalid H5 file, expected Dataset, received GroupID, at '{self._path}/{key}'")
        return stored

    def _read(self, stored, array):
        try:
            self._source.file.seek(stored.start)
            count = self._source.file.readinto(array)
        except OSError as error:
            raise ValueError(f"The HDF5 file is damaged at '{stored.path}': {error}") from error
        if count != array.nbytes:
            raise ValueError(f"The HDF5 file is damaged at '{stored.path}': it ended while it was read.")
