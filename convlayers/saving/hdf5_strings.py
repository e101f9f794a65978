"""Strings of any length in HDF5 files.

They are read here, since HDF5 takes their lengths and places as they stand in the file: it never comes back from some damaged
heaps, and takes up any amount of memory for others.

A string is in a heap, and where it is used, there is a reference to it:

    reference: length, 4 bytes | address of the heap, 8 bytes | index in the heap, 4 bytes
    heap:      "GCOL" | version 1 | 3 zeros | size of the heap, 8 bytes | objects
    object:    index, 2 bytes | uses, 2 bytes | 4 zeros | size, 8 bytes | content, to a multiple of 8 bytes

Attributes are messages in the header of a group:

    header 1:  version 1 | 0 | messages, 2 bytes | uses, 4 bytes | size, 4 bytes | 4 zeros | messages
    header 2:  "OHDR" | version 2 | flags | 16 bytes of times, if flag 5 | 4 bytes, if flag 4 | size, 1 to 8 bytes | messages
    message 1: kind, 2 bytes | size, 2 bytes | flags | 3 zeros | content
    message 2: kind | size, 2 bytes | flags | order, 2 bytes, if flag 2 of the header | content
"""

import io
import struct

from convlayers.saving import limits

_ATTRIBUTE, _CONTINUATION = 0x0C, 0x10
_HEAP_HEADER, _REFERENCE = 16, 16


class StringReader:
    """Reads the strings in the attributes of an HDF5 file.

    Args:
        file: binary file.

    Attributes:
        file_size: of the whole file, in bytes.
    """

    def __init__(self, file):
        self._file = file
        self._heaps = {}  # {address: {index: (place, size)}}
        self._in_heaps = 0
        self.file_size = file.seek(0, io.SEEK_END)

    def read(self, address, name):
        """Returns the strings of an attribute, as a list of bytes.

        Args:
            address: where in the file the header of the group is.
            name: of the attribute, in bytes.

        Raises:
            ValueError: if the file is damaged, or if there would be far more text than the file has.
        """
        try:
            content = self._attribute(address, name)
        except struct.error as error:
            raise ValueError(f"The HDF5 file is damaged at the attribute {name!r}: {error}") from error
        return self.resolve(content, name)

    def resolve(self, content, name):
        """Returns the strings that the references in an attribute stand for, as a list of bytes.

        Args:
            content: of the attribute, in bytes.
            name: of the attribute, in bytes.

        Raises:
            ValueError: as `read`.
        """
        try:
            references = list(struct.iter_unpack("<IQI", content[: len(content) // _REFERENCE * _REFERENCE]))
            strings = [self._place(*reference) for reference in references]
        except struct.error as error:
            raise ValueError(f"The HDF5 file is damaged at the attribute {name!r}: {error}") from error
        limits.check_expansion(f"the attribute {name!r}", sum(size for _, size in strings), self.file_size)
        return [self._read(place, size).split(b"\0")[0] for place, size in strings]

    def _attribute(self, address, name):
        """Returns the content of an attribute: references to strings."""
        for kind, message in self._messages(address):
            if kind == _ATTRIBUTE:
                version, _, *sizes = struct.unpack_from("<BBHHH", message)
                start, align = 9 if version == 3 else 8, 8 if version == 1 else 1
                found = message[start : start + sizes[0]].split(b"\0")[0]
                if found == name:
                    return message[start + sum(-(-size // align) * align for size in sizes) :]
        raise ValueError(f"Not allowed: the attribute {name!r} of an HDF5 file is stored in an unusual way.")

    def _messages(self, address):
        """Yields the kind and the content of each message in a header."""
        start = self._read(address, 32).ljust(32, b"\0")
        if start.startswith(b"OHDR"):
            flags = start[5]
            size_at = 6 + (16 if flags & 32 else 0) + (4 if flags & 16 else 0)
            width = 1 << (flags & 3)
            blocks = [(address + size_at + width, int.from_bytes(start[size_at : size_at + width], "little"))]
            head, has_mark = "<BHxxx" if flags & 4 else "<BHx", True
        else:
            blocks = [(address + 16, struct.unpack_from("<I", start, 8)[0])]
            head, has_mark = "<HHxxxx", False
        total = 0
        for block, size in blocks:
            total += size
            if total > self.file_size:
                raise ValueError(f"The HDF5 file is damaged: the header at {address} does not end.")
            content = self._read(block, size)
            place = 0
            while place + struct.calcsize(head) <= len(content):
                kind, length = struct.unpack_from(head, content, place)
                place += struct.calcsize(head)
                message = content[place : place + length]
                place += length
                if kind == _CONTINUATION:
                    offset, length = struct.unpack_from("<QQ", message)
                    blocks.append((offset + 4, length - 8) if has_mark else (offset, length))
                yield kind, message

    def _place(self, length, address, index):
        """Returns where the bytes of a string are, and how many."""
        if not length:
            return 0, 0
        if address not in self._heaps:
            self._heaps[address] = dict(self._objects(address))
        place, size = self._heaps[address].get(index, (0, -1))
        if length > size:
            raise ValueError(
                f"The HDF5 file is damaged: there is no string {index} of {length} bytes in the heap at {address}."
            )
        return place, length

    def _objects(self, start):
        """Yields the indices of the objects in a heap, with their places and sizes."""
        mark, size = struct.unpack("<8sQ", self._read(start, _HEAP_HEADER).ljust(_HEAP_HEADER, b"\0"))
        heap = self._read(start, size)
        # Heaps do not lie over one another.
        self._in_heaps += size
        if not mark.startswith(b"GCOL") or len(heap) < size or self._in_heaps > self.file_size:
            raise ValueError(f"The HDF5 file is damaged: there is no heap of {size} bytes at {start}.")
        place = _HEAP_HEADER
        while place + _HEAP_HEADER <= size:
            index, content = struct.unpack_from("<H6xQ", heap, place)
            if index == 0:  # what is free, to the end
                return
            place += _HEAP_HEADER
            if place + content > size:
                raise ValueError(f"The HDF5 file is damaged: an object in the heap at {start} cannot have {content} bytes.")
            yield index, (start + place, content)
            place += -(-content // 8) * 8

    def _read(self, start, size):
        if not 0 <= start <= self.file_size:
            return b""
        self._file.seek(start)
        return self._file.read(max(0, min(size, self.file_size - start)))
