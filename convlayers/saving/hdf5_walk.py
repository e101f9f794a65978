"""Finds what there is in HDF5 files of the plain kind, which Keras and h5py write, without the HDF5 library.

The library takes twice as long to find the arrays of a deep model as to read them, and more to be imported. The whole file is
gone through once, in Python; then an array is a place in the file, from which the bytes go straight into a variable.

Plain is a file of groups, attributes that are text or numbers, and data sets of numbers that lie in one piece, not compressed.
For anything else, for what is damaged, and for whatever might be a trap (a link, an object of two names, more data than the
file has), `NotPlainError` is raised, and the library decides (`hdf5_library.py`).

    superblock:    mark, 8 bytes | versions 0, 0, 0, 0, 0 | sizes 8, 8, 0 | 8 bytes | base 0, 8 bytes | none, 8 bytes |
                   end of the file, 8 bytes | none, 8 bytes | entry of the root
    object header: as in `hdf5_strings.py`, version 1
    group:         a message of the addresses of a tree and of a heap with the names
    tree:          "TREE" | 0 | level | children, 2 bytes | 16 bytes | key and child, 8 bytes each ...
    leaf:          "SNOD" | 1 | 0 | entries, 2 bytes | entries
    entry:         name in the heap, 8 bytes | address of an object header, 8 bytes | kind of link, 4 bytes | 20 bytes
    heap:          "HEAP" | 4 zeros | size, 8 bytes | 8 bytes | address, 8 bytes
    array:         messages of its type; of its shape: version | axes | flags | 5 bytes | sizes, 8 bytes each; and of its
                   layout: 3 | 1 | address, 8 bytes | size, 8 bytes
"""

import itertools
import math
import struct

import numpy as np

from convlayers.saving.hdf5_plain import STRING, VARIABLE_STRING, PlainArray, PlainGroup, Source

_SIGNATURE = b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0])
_NONE = 0xFFFFFFFFFFFFFFFF
# Kinds of messages.
_NOTHING, _SHAPE, _TYPE, _OLD_FILL, _FILL, _LAYOUT, _ATTRIBUTE = 0, 1, 3, 4, 5, 8, 12
_OLD_TIME, _MORE, _GROUP, _TIME = 14, 16, 17, 18
_NEEDED_BY_ARRAYS = {_SHAPE, _TYPE, _LAYOUT}
_OF_ARRAYS = {*_NEEDED_BY_ARRAYS, _OLD_FILL, _FILL, _OLD_TIME, _TIME}
_MESSAGE = struct.Struct("<HHB")  # what a message begins with: kind, size, flags
_SHARED = 2  # the flag of a message that lies elsewhere
_WITHOUT_SHAPE = 2  # a kind of shape
_MOST_AXES = 32
_LONGEST_PATH = 1024
# What is read at once to find objects: they lie beside one another.
_BLOCK = 1 << 14


class NotPlainError(Exception):
    """A file is not of the plain kind, or it is damaged."""


def open_plain(file):
    """Goes through a file, and returns its root, a `PlainGroup`.

    Args:
        file: binary file.

    Raises:
        NotPlainError: if the HDF5 library has to read it.
    """
    try:
        return _Walk(file).root()
    except (struct.error, OSError, ValueError, OverflowError) as error:
        raise NotPlainError from error


def _float_encoding(size, exponent, mantissa):
    bias = (1 << (exponent - 1)) - 1
    bits = (0x11, 0x20, 8 * size - 1, 0, size, 0, 8 * size, mantissa, exponent, 0, mantissa, bias)
    return struct.pack("<4BIHH4BI", *bits)


def _int_encoding(size, is_signed):
    return struct.pack("<4BIHH", 0x10, 8 * is_signed, 0, 0, size, 0, 8 * size)


# The types of numbers as they stand in files. Others, as those with the highest byte first, are not plain.
_NUMBERS = {
    **{_int_encoding(size, False): np.dtype(f"<u{size}") for size in (1, 2, 4, 8)},
    **{_int_encoding(size, True): np.dtype(f"<i{size}") for size in (1, 2, 4, 8)},
    _float_encoding(2, 5, 10): np.dtype("<f2"),
    _float_encoding(4, 8, 23): np.dtype("<f4"),
    _float_encoding(8, 11, 52): np.dtype("<f8"),
}


class _Walk:
    """One way through a file.

    Every header is read once, no more bytes of headers than the file has, and no more of names than their heap has: this takes
    a time that the size of the file limits, whatever is in it. No two arrays lie over one another, so that there are no more
    than the file has bytes.
    """

    def __init__(self, file):
        self._file = file
        self._source = Source(file)
        self._size = self._headers_left = self._source.strings.file_size
        self._seen = set()
        self._block, self._block_start = b"", 0

    def root(self):
        superblock = self._read(0, 96)
        base, free_space, end, driver, _, address, link = struct.unpack("<24x6QI20x", superblock)
        is_usual = superblock.startswith(_SIGNATURE) and superblock[20:24] == bytes(4)
        if not is_usual or base != 0 or free_space != _NONE or driver != _NONE or end > self._size or link > 1:
            raise NotPlainError
        root, members = self._object("", address)
        if not isinstance(root, PlainGroup):
            raise NotPlainError
        # Each object with all that is in it before the next one: most often, they lie beside one another.
        waiting = [(root, *member) for member in reversed(members)]
        while waiting:
            group, name, address = waiting.pop()
            group.members[name], members = self._object(f"{group.path}/{name}", address)
            waiting += [(group.members[name], *member) for member in reversed(members)]
        arrays = self._source.arrays
        arrays.sort(key=lambda array: array.start)
        if any(array.start + array.size > following.start for array, following in itertools.pairwise(arrays)):
            raise NotPlainError
        return root

    def _read(self, start, size):
        self._headers_left -= size
        if self._headers_left < 0 or start + size > self._size:
            raise NotPlainError
        place = start - self._block_start
        if not 0 <= place <= len(self._block) - size:
            # Where the next parts are is not known: most lie behind this one, some before it.
            self._block_start = max(0, start - _BLOCK // 4)
            self._file.seek(self._block_start)
            place = start - self._block_start
            self._block = self._file.read(min(max(_BLOCK, place + size), self._size - self._block_start))
        return self._block[place : place + size]

    # Objects ----------------------------------------------------------------------------------------------------------

    def _object(self, path, address):
        """Returns an array or a group, and the names and addresses of what is in it, none in an array."""
        if address in self._seen or len(path) > _LONGEST_PATH:
            raise NotPlainError
        self._seen.add(address)
        messages, attributes = {}, {}
        for kind, content in self._messages(address):
            if kind == _ATTRIBUTE:
                name, *attribute = _parse_attribute(content)
                attributes[name] = attribute
            elif kind in messages:
                raise NotPlainError
            elif kind != _NOTHING:
                messages[kind] = content
        if messages.keys() == {_GROUP}:
            return PlainGroup(path, self._source, attributes), list(self._entries(*struct.unpack_from("<QQ", messages[_GROUP])))
        if _NEEDED_BY_ARRAYS <= messages.keys() <= _OF_ARRAYS:
            return self._array(path, messages[_SHAPE], messages[_TYPE], messages[_LAYOUT]), []
        raise NotPlainError

    def _messages(self, address):
        """Yields the kind and the content of each message in a header."""
        version, _, size = struct.unpack("<B7sI4x", self._read(address, 16))
        if version != 1:
            raise NotPlainError
        blocks = [(address + 16, size)]
        for start, size in blocks:
            content = self._read(start, size)
            place = 0
            while place < size:
                kind, length, flags = _MESSAGE.unpack_from(content, place)
                message = content[place + 8 : place + 8 + length]
                place += 8 + length
                if flags & _SHARED or place > size:
                    raise NotPlainError
                if kind == _MORE:
                    blocks.append(struct.unpack_from("<QQ", message))
                else:
                    yield kind, message

    def _array(self, path, shape, kind, layout):
        shape, dtype = _parse_shape(shape), _parse_number(kind)
        version, place, start, size = struct.unpack_from("<BBQQ", layout)
        if dtype is None or (version, place) != (3, 1) or not size or size != math.prod(shape) * dtype.itemsize:
            raise NotPlainError
        if start + size > self._size:
            raise NotPlainError
        array = PlainArray(path, shape, dtype, start, size)
        self._source.arrays.append(array)
        return array

    # Groups -----------------------------------------------------------------------------------------------------------

    def _entries(self, tree, heap):
        """Yields the names in a group and the addresses of what they stand for, in the order of the names."""
        mark, size, start = struct.unpack("<8sQ8xQ", self._read(heap, 32))
        if mark != b"HEAP\0\0\0\0":
            raise NotPlainError
        names = self._read(start, size)
        names_left = size
        last = b""
        for leaf in self._leaves(tree):
            mark, version, count = struct.unpack("<4sBxH", self._read(leaf, 8))
            if (mark, version) != (b"SNOD", 1):
                raise NotPlainError
            for place, address, link in struct.iter_unpack("<QQI20x", self._read(leaf + 8, 40 * count)):
                name = names[place : names.index(b"\0", place)] if place < size else b""
                names_left -= len(name)
                if link > 1 or b"/" in name or name in (b".", b"..") or name <= last or names_left < 0:
                    raise NotPlainError
                last = name
                yield name.decode(), address

    def _leaves(self, tree, expected_level=None):
        """Returns the addresses of the leaves of a tree, in their order."""
        mark, kind, level, count = struct.unpack("<4sBBH16x", self._read(tree, 24))
        if (mark, kind) != (b"TREE", 0) or expected_level not in (None, level):
            raise NotPlainError
        children = struct.unpack("<" + "8xQ" * count, self._read(tree + 24, 16 * count))
        if not level:
            return children
        return [leaf for child in children for leaf in self._leaves(child, level - 1)]


# Messages -------------------------------------------------------------------------------------------------------------


def _parse_shape(content):
    version, rank, flags, kind = struct.unpack_from("<4B", content)
    if version not in (1, 2) or rank > _MOST_AXES or flags > 1:
        raise NotPlainError
    if (version, kind) == (2, _WITHOUT_SHAPE):
        return (0,)
    return struct.unpack_from(f"<{rank}Q", content, 8 if version == 1 else 4)


def _parse_number(content):
    """Returns the dtype of numbers, or None."""
    # There may be zeros behind it, to a multiple of 8 bytes.
    return _NUMBERS.get(content[:20] if content[:1] == b"\x11" else content[:12])


def _parse_attribute(content):
    """Returns the name of an attribute, its type (`STRING`, `VARIABLE_STRING` or a dtype), size, shape and content."""
    version, flags, *sizes = struct.unpack_from("<BBHHH", content)
    if version not in (1, 2, 3) or (version > 1 and flags):
        raise NotPlainError
    start, align = 9 if version == 3 else 8, 8 if version == 1 else 1
    parts = []
    for size in sizes:
        parts.append(content[start : start + size])
        start += -(-size // align) * align
    name, kind, shape = parts
    class_, is_string, size = struct.unpack_from("<BB2xI", kind)
    if class_ & 15 == STRING:
        found = STRING
    elif (class_ & 15, is_string & 15) == (VARIABLE_STRING, 1):
        found = VARIABLE_STRING
    else:
        found = _parse_number(kind)
    shape, content = _parse_shape(shape), content[start:]
    if found is None or not size or size * math.prod(shape) > len(content):
        raise NotPlainError
    return name.split(b"\0")[0].decode(), found, size, shape, content
