"""Arrays by path in an HDF5 file, as Keras lays them out: `<path>/vars/<number>`.

Plain files are read in Python (`hdf5_walk.py`), all others by the HDF5 library (`hdf5_library.py`), which takes as long to
import as the rest of the package: here it is imported only where it is needed.
"""

import contextlib

from convlayers.saving.hdf5_plain import PlainGroup
from convlayers.saving.hdf5_walk import NotPlainError, open_plain


@contextlib.contextmanager
def create(file):
    """Makes an HDF5 file in a binary file: `with create(file) as writer:`, an `ArrayWriter`."""
    from convlayers.saving.hdf5_writing import open_to_write

    with open_to_write(file) as writer:
        yield writer


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
    with _open_root(file, filepath) as root:
        yield ArrayReader(root)


def _open_root(file, filepath):
    try:
        return contextlib.nullcontext(open_plain(file))
    except NotPlainError:
        from convlayers.saving.hdf5_library import open_by_library

        return open_by_library(file, filepath)


class ArrayReader:
    """Reads arrays and texts from an open HDF5 file.

    Args:
        root: the group that all others are in, a `PlainGroup` or a `LibraryGroup`.

    Attributes:
        is_plain: whether the file is of the plain kind: then all arrays are known to be there, and can't fail to be read.
    """

    def __init__(self, root):
        self._groups = {"": root}
        self.is_plain = isinstance(root, PlainGroup)

    def group(self, path):
        """Returns the arrays of one object, none where the file has none."""
        return self.arrays(f"{path}/vars" if path else "vars")

    def arrays(self, path):
        """Returns the arrays that lie in a group, none where the file has no such group."""
        group = self._find(path)
        return {} if group is None else group.arrays()

    def names(self, path):
        """Returns the names of what lies in a group: groups and arrays."""
        group = self._find(path)
        return [] if group is None else group.names()

    def attribute(self, path, name):
        """Returns the text, or the list of texts, that a group has as an attribute; None where it has none."""
        group = self._find(path)
        return None if group is None else group.attribute(name)

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
        return self._groups[""].walk()

    def read_ahead(self):
        """Begins to read arrays for a model that is made meanwhile.

        Returns:
            A `ReadAhead`, None if that is not possible or not worth while. `read_into` knows its arrays again.
        """
        return self._groups[""].read_ahead() if self.is_plain else None

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


def _open_group(parent, name):
    group = parent.group(name)
    # What Keras 2.12 and 2.13 called it.
    return parent.group("_layer_checkpoint_dependencies") if group is None and name == "layers" else group
