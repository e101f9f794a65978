"""Strings in the attributes of HDF5 files."""

import io
import struct

import h5py
import pytest

from convlayers.saving import hdf5, limits
from convlayers.saving.hdf5_strings import StringReader


def written(**options):
    """An HDF5 file with strings of all kinds as attributes, in a format of HDF5."""
    file = io.BytesIO()
    with h5py.File(file, "w", **options) as raw:
        raw.attrs["text"] = "é" * 50
        raw.attrs["texts"] = ["a", "", "bcd" * 10]
        raw.attrs["bytes"] = b"fixed"
        raw.attrs["none"] = []
        raw.attrs["number"] = 3
        layer = raw.create_group("layer")
        for number in range(7):  # more than fit into the first block of a header
            layer.attrs[f"more{number}"] = "x" * number
        layer.attrs["weight_names"] = [b"kernel:0", b"bias:0"]
    return bytearray(file.getvalue())


@pytest.fixture
def content():
    return written()


def attribute(content, name, path=""):
    with hdf5.open_file(io.BytesIO(content), "test.h5") as reader:
        return reader.attribute(path, name)


@pytest.mark.parametrize("libver", ["earliest", "v108", "latest"])
def test_attributes_that_are_text(libver):
    content = written(libver=libver)
    assert attribute(content, "text") == "é" * 50
    assert attribute(content, "texts") == ["a", "", "bcd" * 10]
    assert attribute(content, "bytes") == "fixed"
    assert attribute(content, "none") == []
    assert attribute(content, "missing") is None
    assert attribute(content, "weight_names", "layer") == ["kernel:0", "bias:0"]
    assert attribute(content, "more6", "layer") == "xxxxxx"
    assert attribute(content, "weight_names", "no/such/layer") is None
    with pytest.raises(ValueError, match=r"Expected text in the attribute '/number'. Received: dtype=int64"):
        attribute(content, "number")


def test_a_single_text(content):
    with hdf5.open_file(io.BytesIO(content), "test.h5") as reader:
        assert reader.text("", "text") == "é" * 50
        assert reader.text("", "missing") is None
        with pytest.raises(ValueError, match="expected a single text in the attribute 'texts'"):
            reader.text("", "texts")


def heap_of(content):
    return content.index(b"GCOL")


@pytest.mark.parametrize("size", [2**64 - 1, 2**40, 5000])
def test_objects_from_which_hdf5_does_not_come_back(content, size):
    start = heap_of(content) + 16
    content[start + 8 : start + 16] = size.to_bytes(8, "little")
    with pytest.raises(ValueError, match=f"an object in the heap at .* cannot have {size} bytes"):
        attribute(content, "text")


def test_free_room_without_a_size(content):
    start = heap_of(content) + 16
    content[start : start + 2] = b"\0\0"
    content[start + 8 : start + 16] = bytes(8)
    with pytest.raises(ValueError, match="there is no string 1 of 100 bytes"):
        attribute(content, "text")


def test_a_heap_that_is_elsewhere(content):
    heap = heap_of(content)
    content[heap : heap + 4] = b"NONE"
    with pytest.raises(ValueError, match="there is no heap of 4096 bytes"):
        attribute(content, "text")


def test_a_heap_behind_the_end(content):
    heap = heap_of(content)
    content[heap + 8 : heap + 16] = (1 << 62).to_bytes(8, "little")
    with pytest.raises(ValueError, match="there is no heap of 4611686018427387904 bytes"):
        attribute(content, "text")


def reference(content, length):
    """Where in the file there is the reference to the string of a length."""
    return content.index(struct.pack("<IQ", length, heap_of(content)))


def test_a_string_that_is_longer_than_its_object(content):
    place = reference(content, 100)
    content[place : place + 4] = (0x80000064).to_bytes(4, "little")
    with pytest.raises(ValueError, match="there is no string 1 of 2147483748 bytes"):
        attribute(content, "text")


def test_many_strings_that_are_one(content, monkeypatch):
    place = reference(content, 30)
    for other in range(3):
        content[place - 32 + 16 * other : place - 16 + 16 * other] = content[place : place + 16]
    assert attribute(content, "texts") == ["bcd" * 10] * 3
    monkeypatch.setattr(limits, "LARGE", 80)
    monkeypatch.setattr(limits, "EXPANSION", 0.001)
    with pytest.raises(ValueError, match="Not allowed: the attribute b'texts' declares 90 bytes"):
        attribute(content, "texts")


def test_text_that_is_none(content):
    content[heap_of(content) + 32] = 0xFF
    with pytest.raises(ValueError, match="The HDF5 file is damaged at ''/text''"):
        attribute(content, "text")


@pytest.mark.parametrize("version", [1, 2])
def test_a_header_that_goes_on_with_itself(version):
    if version == 1:
        head = struct.pack("<BxHIIxxxx", 1, 1, 1, 24)
        message = struct.pack("<HHxxxxQQ", 0x10, 16, 16, 24)
    else:
        head = b"OHDR\2\0" + bytes([20])
        message = struct.pack("<BHxQQ", 0x10, 16, 3, 28)
    with pytest.raises(ValueError, match="the header at 0 does not end"):
        StringReader(io.BytesIO(head + message + bytes(100))).read(0, b"name")
