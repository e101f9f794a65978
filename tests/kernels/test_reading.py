"""Parts of files in one pass: into arrays, and into a checksum. The oracle is zlib."""

import os
import zlib

import numpy as np
import pytest

from convlayers._native import reading

BLOCK = 1 << 18


@pytest.fixture(scope="module")
def content():
    return np.random.default_rng(0).integers(0, 256, 3 * BLOCK + 77, np.uint8).tobytes()


@pytest.fixture
def descriptor(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    descriptor = os.open(tmp_path / "file", os.O_RDONLY | getattr(os, "O_BINARY", 0))
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize("start", [0, 1, 7])
def test_checksums_of_all_short_lengths(content, start):
    for size in [*range(300), 4096, 4097, 5000]:
        part = content[start : start + size]
        assert reading.crc32(part) == zlib.crc32(part), size


@pytest.mark.parametrize("start, size", [(0, 3 * BLOCK + 77), (5, 3 * BLOCK), (5, 1), (9, 0)])
def test_the_checksum_of_a_part(descriptor, content, start, size):
    checksum = reading.read_parts(descriptor, start, size, [], [], reading.Stop())
    assert checksum == zlib.crc32(content[start : start + size])


@pytest.mark.parametrize("checks", [True, False])
@pytest.mark.parametrize(
    "parts",
    [
        [(0, 3 * BLOCK + 70)],
        [(0, 1), (1, 1), (3, BLOCK)],
        [(10, BLOCK), (BLOCK + 10, 2 * BLOCK)],
        [(BLOCK - 1, 2), (3 * BLOCK + 69, 1)],
    ],
)
def test_arrays_get_what_lies_at_their_places(descriptor, content, parts, checks):
    start, size = 7, 3 * BLOCK + 70
    buffers = [np.zeros(length, np.uint8) for _, length in parts]
    places = [place for place, _ in parts]
    checksum = reading.read_parts(descriptor, start, size, places, buffers, reading.Stop(), checks)
    for (place, length), buffer in zip(parts, buffers, strict=True):
        assert buffer.tobytes() == content[start + place : start + place + length]
    assert checksum == zlib.crc32(content[start:]) if checks else checksum is not None


@pytest.mark.parametrize(
    "parts", [[(5, 5), (0, 5)], [(0, 5), (4, 5)], [(98, 3)], [(-1, 3)], [(101, 1)], [(0, 0)], [(2**62, 5)]]
)
def test_places_that_do_not_follow_one_another_within_the_part(descriptor, parts):
    buffers = [np.zeros(length, np.uint8) for _, length in parts]
    with pytest.raises(ValueError, match="Parts of a file have to follow one another within it"):
        reading.read_parts(descriptor, 0, 100, [place for place, _ in parts], buffers, reading.Stop())
    assert not any(buffer.any() for buffer in buffers)


def test_what_can_not_be_read(descriptor, content, tmp_path):
    assert reading.read_parts(descriptor, 0, len(content) + 1, [], [], reading.Stop()) is None
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        assert reading.read_parts(folder, 0, 10, [], [], reading.Stop()) is None
    finally:
        os.close(folder)


def test_a_reading_that_is_stopped(descriptor):
    stop = reading.Stop()
    stop()
    array = np.zeros(BLOCK, np.uint8)
    assert reading.read_parts(descriptor, 0, BLOCK, [0], [array], stop) is None
    assert not array.any()
