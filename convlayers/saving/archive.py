"""The `.keras` file: a zip archive, or a folder, of `metadata.json`, `config.json` and `model.weights.h5`."""

import datetime
import io
import json
import os
import zipfile

METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
# Whose format is written: files are for Keras to read, and it knows its own versions only.
KERAS_VERSION = "3.15.1"

# A member of an archive that holds more bytes than this, and this many times what it takes up, is taken for a trap.
LARGE = 4 << 30
EXPANSION = 100


def metadata():
    return {"keras_version": KERAS_VERSION, "date_saved": datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")}


def write_archive(filepath, config, weights):
    """Writes a zip archive. It appears under its name only once it is whole.

    Args:
        filepath: path.
        config: the encoding of a model.
        weights: bytes of an HDF5 file.
    """
    with replacing(filepath) as file, zipfile.ZipFile(file, "w") as archive:
        for name, content in _members(config, weights):
            archive.writestr(name, content)


def write_folder(filepath, config, weights):
    """Writes a folder with the same members."""
    os.makedirs(filepath, exist_ok=True)
    for name, content in _members(config, weights):
        with replacing(os.path.join(filepath, name)) as file:
            file.write(content)


def _members(config, weights):
    return (METADATA, json.dumps(metadata()).encode()), (CONFIG, json.dumps(config).encode()), (WEIGHTS, weights)


def read_archive(filepath):
    """Returns the config of a `.keras` file and its weights, as a binary file.

    Raises:
        ValueError: if it is no such file.
    """
    if os.path.isdir(filepath):
        with open(os.path.join(filepath, CONFIG), encoding="utf-8") as file:
            config = json.load(file)
        with open(os.path.join(filepath, WEIGHTS), "rb") as file:
            return config, io.BytesIO(file.read())
    if not zipfile.is_zipfile(filepath):
        raise ValueError(
            f"File not found: filepath={filepath}. Please ensure the file is an accessible `.keras` zip file."
            + ("\nThere is a file of that name, but it is no zip archive." if os.path.exists(filepath) else "")
        )
    try:
        with zipfile.ZipFile(filepath) as archive:
            return json.loads(_member(archive, CONFIG)), io.BytesIO(_member(archive, WEIGHTS))
    except (zipfile.BadZipFile, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"The file is damaged: filepath={filepath}. {error}") from error


def _member(archive, name):
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise ValueError(
            f"The archive {archive.filename} is no model: it has no '{name}'. It has: {archive.namelist()[:10]}"
        ) from None
    if info.file_size > LARGE and info.file_size > EXPANSION * info.compress_size:
        raise ValueError(f"Not allowed: '{name}' of {archive.filename} would unpack to {info.file_size} bytes.")
    return archive.read(info)


class replacing:
    """A binary file to write, that replaces the one at `filepath` when it is closed without an error.

    A crash or a full disk leaves the old file whole.
    """

    def __init__(self, filepath):
        self._filepath = os.fspath(filepath)
        self._temporary = f"{self._filepath}.{os.getpid()}.part"

    def __enter__(self):
        self._file = open(self._temporary, "wb")
        return self._file

    def __exit__(self, kind, *exception):
        self._file.close()
        if kind is None:
            os.replace(self._temporary, self._filepath)
        else:
            os.unlink(self._temporary)
