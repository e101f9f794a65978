"""The `.keras` file: a zip archive, or a folder, of `metadata.json`, `config.json` and `model.weights.h5`."""

import contextlib
import datetime
import io
import json
import os
import struct
import zipfile
import zlib

from convlayers.saving import limits
from convlayers.saving.files import Window, replacing
from convlayers.saving.formats import KERAS_VERSION
from convlayers.saving.json_text import parse_json
from convlayers.saving.other_files import what_archive_it_is

METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"

# How many bytes are unpacked at once: they stay in the processor's cache meanwhile.
_BLOCK = 1 << 20


# Writing --------------------------------------------------------------------------------------------------------------


def write_archive(filepath, config, weights, keras_version=KERAS_VERSION):
    """Writes a zip archive. It appears under its name only once it is whole.

    Args:
        filepath: path.
        config: the encoding of a model.
        weights: the bytes of an HDF5 file.
        keras_version: for which version of Keras they are.
    """
    with replacing(filepath) as file, zipfile.ZipFile(file, "w") as archive:
        for name, content in _members(config, weights, keras_version):
            archive.writestr(name, content)


def write_folder(filepath, config, weights, keras_version=KERAS_VERSION):
    """Writes a folder with the same members. They replace those that are there only once all are written."""
    os.makedirs(filepath, exist_ok=True)
    with contextlib.ExitStack() as files:
        for name, content in _members(config, weights, keras_version):
            files.enter_context(replacing(os.path.join(filepath, name))).write(content)


def _members(config, weights, keras_version):
    date = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    metadata = {"keras_version": keras_version, "date_saved": date}
    return (METADATA, json.dumps(metadata).encode()), (CONFIG, json.dumps(config).encode()), (WEIGHTS, weights)


# Reading --------------------------------------------------------------------------------------------------------------


def is_archive(filepath):
    """Whether there is a zip archive, or the folder of an unzipped one."""
    if os.path.isdir(filepath):
        return os.path.isfile(os.path.join(filepath, CONFIG))
    with _checking(filepath):
        return zipfile.is_zipfile(filepath)


def open_archive(filepath):
    """Opens a `.keras` file, or a folder: `with open_archive(path) as archive:`.

    Returns:
        An object with `names()`, `read_json(name)`, `open_member(name)`, which opens a member as a binary file, and `check()`,
        which raises a `ValueError` if the bytes of a member that was opened are not those that were written.

    Raises:
        ValueError: if the file is damaged, which may be found out only when the weights are closed.
    """
    return contextlib.closing(_Folder(filepath) if os.path.isdir(filepath) else _Archive(filepath))


def check_expansion_of(opened, filepath):
    """Raises a `ValueError` if a member of an open `ZipFile` declares far more bytes than it takes up."""
    for info in opened.infolist():
        limits.check_expansion(f"'{info.filename}' of {filepath}", info.file_size, info.compress_size)


def open_folder_of(filepath):
    """Returns the folder that a file is in, as `open_archive` does for a model's folder."""
    return contextlib.closing(_Folder(os.path.dirname(filepath) or "."))


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
        path = self._path(name)
        with open(path, "rb") as file:
            # One byte more than is allowed tells as much as all of them.
            return parse_json(file.read(limits.LARGEST_JSON + 1), f"'{name}' of {self._filepath}")

    def names(self):
        return os.listdir(self._filepath)

    def open_member(self, name):
        return Window(self._path(name))

    def _path(self, name):
        path = os.path.join(self._filepath, name)
        if os.path.basename(name) != name or not os.path.isfile(path):
            raise _no_such_member(name, self._filepath, os.listdir(self._filepath))
        if os.path.islink(path):
            raise ValueError(
                f"Not allowed: '{name}' of {self._filepath} is a link, and may lead out of the folder. If that is what you "
                "want, copy the folder with what its links lead to: `cp -rL`."
            )
        return path

    def check(self):
        pass

    def close(self):
        pass


class _Archive:
    def __init__(self, filepath):
        self._filepath = filepath
        with _checking(filepath):
            self._zip = zipfile.ZipFile(filepath)
        self._stored_members = []

    def read_json(self, name):
        info = self._find(name)
        return parse_json(self._read(info, limits.LARGEST_JSON + 1), f"'{name}' of {self._filepath}")

    def names(self):
        return self._zip.namelist()

    def open_member(self, name):
        info = self._find(name)
        if info.compress_type == zipfile.ZIP_STORED:
            with _checking(self._filepath):
                member = _StoredMember(self._filepath, info)
            self._stored_members.append(member)
            return member
        return io.BytesIO(self._read(info, info.file_size))

    def _find(self, name):
        found = [info for info in self._zip.infolist() if info.filename == name]
        if not found:
            raise _no_such_member(name, self._filepath, self._zip.namelist())
        if len(found) > 1:
            raise ValueError(f"Not allowed: {self._filepath} has '{name}' {len(found)} times.")
        (info,) = found
        if info.header_offset < 0:
            raise _damaged(self._filepath, f"'{name}' begins before the file does.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(
                f"Not allowed: '{name}' of {self._filepath} is packed by method {info.compress_type}. Expected: 0, stored as "
                "it is, or 8, deflated."
            )
        limits.check_expansion(f"'{name}' of {self._filepath}", info.file_size, info.compress_size)
        return info

    def _read(self, info, size):
        """Returns the bytes of a member, at most `size`. It is unpacked in pieces, as it may hold more than it says."""
        content = io.BytesIO()
        with _checking(self._filepath), self._zip.open(info) as member:
            while content.tell() < size and (part := member.read(min(_BLOCK, size - content.tell()))):
                content.write(part)
        return content.getvalue()

    def check(self):
        for member in self._stored_members:
            member.check()

    def close(self):
        self._zip.close()


class _StoredMember(Window):
    """A member of a zip archive that is not compressed, read where it lies.

    Its checksum is compared by `check`, and at the end of the `with` block, unless something else was wrong before. If arrays
    were read ahead, it was computed on the way.
    """

    def __init__(self, filepath, info):
        super().__init__(filepath, _start_of(filepath, info), info.file_size)
        self._info = info

    def begin_pass(self, places=(), buffers=(), checks=True):
        super().begin_pass(places, buffers, checks)

    def check(self):
        """Raises a `ValueError` if the bytes are not those that were written."""
        if self._pass is None:
            self.begin_pass()
        if self.finish_pass() != self._info.CRC:
            raise _damaged(self._filepath, f"The bytes of '{self._info.filename}' are not those that were written: bad CRC-32.")

    def __exit__(self, kind, *exception):
        try:
            if kind is None:
                self.check()
        finally:
            self.close()


def _start_of(filepath, info):
    """Returns where the bytes of a member begin: after its header, which ends with two parts whose lengths it holds."""
    with open(filepath, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(info.header_offset)
        header = file.read(30)
        name_size, extra_size = struct.unpack("<26xHH", header)
        name = file.read(name_size)
    start = info.header_offset + 30 + name_size + extra_size
    if not header.startswith(b"PK\3\4") or name != info.filename.encode() or start + info.file_size > size:
        raise zipfile.BadZipFile(f"'{info.filename}' is not where the archive says.")
    return start


def _no_such_member(name, filepath, names):
    kind = what_archive_it_is(names)
    hint = f"\nReceived: {kind}." if kind else ""
    return ValueError(f"There is no model in {filepath}: it has no '{name}'. It has: {sorted(names)[:10]}{hint}")
