"""Files that are written whole or not at all, and parts of files that are read as files."""

import io

import pytest

from convlayers.saving.files import Window, replacing


@pytest.fixture
def filepath(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    return path


# Windows ----------------------------------------------------------------------------------------------------------------


def read(window, size):
    buffer = bytearray(size)
    assert window.readinto(buffer) == size
    return bytes(buffer)


def test_a_part_of_a_file_is_read_as_a_file(filepath):
    with Window(filepath, 2, 5) as window:
        assert read(window, 3) == b"234"
        assert window.tell() == 3
        assert read(window, 2) == b"56"
        assert window.seek(-4, io.SEEK_END) == 1
        assert read(window, 2) == b"34"
        assert window.seek(-1, io.SEEK_CUR) == 2
        assert read(window, 1) == b"4"
        assert window.seek(0, io.SEEK_END) == 5
        assert read(window, 0) == b""
    assert window.closed


def test_a_whole_file(filepath):
    with Window(filepath) as window:
        assert read(window, 10) == b"0123456789"
    with Window(filepath, 4) as window:
        assert read(window, 6) == b"456789"


@pytest.mark.parametrize("position, size", [(0, 6), (5, 1), (4, 2), (10**30, 1), (-1, 1)])
def test_nothing_outside_is_read(filepath, position, size):
    with Window(filepath, 2, 5) as window:
        window.seek(position)
        with pytest.raises(OSError, match=f"Tried to read {size} bytes at {position}, but there are only 5"):
            window.readinto(bytearray(size))


def test_a_file_that_became_shorter(filepath):
    with Window(filepath) as window:
        filepath.write_bytes(b"0123")
        with pytest.raises(OSError, match="The file ended while it was read"):
            window.readinto(bytearray(10))


def test_an_operating_system_that_returns_less_than_was_asked_for(filepath, monkeypatch):
    with Window(filepath) as window:
        raw = window._file

        class Slow:
            def seek(self, position):
                return raw.seek(position)

            def readinto(self, buffer):
                return raw.readinto(buffer[:3])

        window._file = Slow()
        assert read(window, 8) == b"01234567"
        window._file = raw


# Replacing --------------------------------------------------------------------------------------------------------------


def test_a_file_is_replaced_at_the_end(filepath):
    with replacing(filepath) as file:
        file.write(b"new")
        file.flush()
        assert filepath.read_bytes() == b"0123456789"
    assert filepath.read_bytes() == b"new"
    assert list(filepath.parent.iterdir()) == [filepath]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_after_an_error_the_old_file_is_there(filepath, error):
    with pytest.raises(error), replacing(filepath) as file:
        file.write(b"half")
        raise error
    assert filepath.read_bytes() == b"0123456789"
    assert list(filepath.parent.iterdir()) == [filepath]


def test_a_folder_in_the_place_of_the_file(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=r"folder"), replacing(tmp_path / "folder") as file:
        file.write(b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
