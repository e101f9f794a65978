"""The `.keras` file: a zip archive, or a folder, of `metadata.json`, `config.json` and `model.weights.h5`."""

import contextlib
import datetime
import io
import json
import os
import struct
import threading
import zipfile
import zlib

from convlayers.saving.files import Window, replacing

METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
# Whose format is written: files are for Keras to read, and it knows its own versions only.
KERAS_VERSION = "3.15.1"

# A compressed member of an archive that unpacks to more bytes than this, and to this many times what it takes up, is taken
# for a trap.
LARGE = 256 << 20
EXPANSION = 100

# Of how many bytes the checksum is computed at once: they stay in the processor's cache meanwhile.
_BLOCK = 1 << 20


# Writing --------------------------------------------------------------------------------------------------------------


def write_archive(filepath, config, weights):
    """Writes a zip archive. It appears under its name only once it is whole.

    Args:
        filepath: path.
        config: the encoding of a model.
        weights: the bytes of an HDF5 file.
    """
    with replacing(filepath) as file, zipfile.ZipFile(file, "w") as archive:
        for name, content in _members(config, weights):
            archive.writestr(name, content)


def write_folder(filepath, config, weights):
    """Writes a folder with the same members. They replace those that are there only once all are written."""
    os.makedirs(filepath, exist_ok=True)
    with contextlib.ExitStack() as files:
        for name, content in _members(config, weights):
            files.enter_context(replacing(os.path.join(filepath, name))).write(content)


def _members(config, weights):
    date = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    metadata = {"keras_version": KERAS_VERSION, "date_saved": date}
    return (METADATA, json.dumps(metadata).encode()), (CONFIG, json.dumps(config).encode()), (WEIGHTS, weights)


# Reading --------------------------------------------------------------------------------------------------------------


def is_archive(filepath):
    """Whether there is a zip archive, or the folder of an unzipped one."""
    return os.path.isfile(os.path.join(filepath, CONFIG)) if os.path.isdir(filepath) else zipfile.is_zipfile(filepath)


def open_archive(filepath):
    """Opens a `.keras` file, or a folder: `with open_archive(path) as archive:`.

    Returns:
        An object with `read_json(name)` and `open_weights()`, which opens the HDF5 file as a binary file.

    Raises:
        ValueError: if the file is damaged, which may be found out only when the weights are closed.
    """
    return contextlib.closing(_Folder(filepath) if os.path.isdir(filepath) else _Archive(filepath))


@contextlib.contextmanager
def open_weights(filepath):
    """Opens the weights in a `.keras` file, or a `.weights.h5` file, as a binary file: `with open_weights(path) as file:`."""
    if filepath.endswith(".keras"):
        with open_archive(filepath) as archive, archive.open_weights() as file:
            yield file
    else:
        with Window(filepath) as file:
            yield file


@contextlib.contextmanager
def _checking(filepath):
    """Inside, whatever the library for archives says about a damaged one becomes a `ValueError`."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged(filepath, error) from error


def _damaged(filepath, what):
    return ValueError(f"The file is damaged: filepath={filepath}. {what}")


class _Folder:
    def __init__(self, filepath):
        self._filepath = filepath

    def read_json(self, name):
        with open(self._path(name), "rb") as file:
            return _parse(file.read(), name, self._filepath)

    def open_weights(self):
        return Window(self._path(WEIGHTS))

    def _path(self, name):
        path = os.path.join(self._filepath, name)
        if not os.path.isfile(path):
            raise _no_such_member(name, self._filepath, os.listdir(self._filepath))
        return path

    def close(self):
        pass


class _Archive:
    def __init__(self, filepath):
        self._filepath = filepath
        with _checking(filepath):
            self._zip = zipfile.ZipFile(filepath)

    def read_json(self, name):
        info = self._find(name)
        with _checking(self._filepath):
            content = self._zip.read(info)
        return _parse(content, name, self._filepath)

    def open_weights(self):
        info = self._find(WEIGHTS)
        with _checking(self._filepath):
            if info.compress_type == zipfile.ZIP_STORED:
                return _StoredMember(self._filepath, info)
            return io.BytesIO(self._zip.read(info))

    def _find(self, name):
        try:
            info = self._zip.getinfo(name)
        except KeyError:
            raise _no_such_member(name, self._filepath, self._zip.namelist()) from None
        if info.file_size > LARGE and info.file_size > EXPANSION * info.compress_size:
            raise ValueError(
                f"Not allowed: '{name}' of {self._filepath} would unpack from {info.compress_size} to {info.file_size} bytes."
            )
        return info

    def close(self):
        self._zip.close()


class _StoredMember(Window):
    """A member of a zip archive that is not compressed, read where it lies.

    The checksum takes about as long to compute as the bytes to read, so a thread does it meanwhile. It is compared at the end
    of the `with` block, unless something else was wrong before.
    """

    def __init__(self, filepath, info):
        super().__init__(filepath, _start_of(filepath, info), info.file_size)
        self._filepath = filepath
        self._info = info
        self._checksum = 0
        self._thread = threading.Thread(target=self._compute_checksum, daemon=True)
        self._thread.start()

    def _compute_checksum(self):
        # An error on reading leaves the checksum a wrong one.
        with contextlib.suppress(OSError), Window(self._filepath, self._start, self._size) as window:
            block = memoryview(bytearray(_BLOCK))
            for start in range(0, self._size, _BLOCK):
                if self.closed:
                    break
                part = block[: self._size - start]
                window.readinto(part)
                self._checksum = zlib.crc32(part, self._checksum)

    def __exit__(self, kind, *exception):
        if kind is None:
            self._thread.join()
        self.close()
        self._thread.join()
        if kind is None and self._checksum != self._info.CRC:
            raise _damaged(self._filepath, f"The bytes of '{self._info.filename}' are not those that were written: bad CRC-32.")


def _start_of(filepath, info):
    """Returns where the bytes of a member begin: after its header, which ends with two parts whose lengths it holds."""
    with open(filepath, "rb") as file:
        file.seek(info.header_offset)
        header = file.read(30)
        size = os.fstat(file.fileno()).st_size
    start = info.header_offset + 30 + sum(struct.unpack("<26xHH", header))
    if not header.startswith(b"PK\3\4") or start + info.file_size > size:
        raise zipfile.BadZipFile(f"'{info.filename}' is not where the archive says.")
    return start


def _parse(content, name, filepath):
    try:
        return json.loads(content)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise _damaged(filepath, f"There is no JSON in '{name}': {error}") from error


def _no_such_member(name, filepath, names):
    return ValueError(f"There is no model in {filepath}: it has no '{name}'. It has: {sorted(names)[:10]}")
