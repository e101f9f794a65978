"""Where the weights of a model lie: in one HDF5 file, in several, or in an `.npz` file.

Each kind is opened as an object with `group(path)`, which returns the arrays of one object of the model, with `in`, which says
whether there is anything at a path, with `is_plain`, which says that arrays can't fail to be read once they were found, and
with `read_ahead()`, which may begin to read for a model that is made meanwhile.
Arrays are a dict that can tell shapes, and read into arrays that exist.
"""

import contextlib
import errno
import io
import os
import zipfile
from collections.abc import Mapping

from convlayers.saving import hdf5
from convlayers.saving.archive import WEIGHTS, check_expansion_of, is_archive, open_archive, open_folder_of
from convlayers.saving.file_endings import MODEL_ENDINGS
from convlayers.saving.files import Window

SHARDED_WEIGHTS, NPZ_WEIGHTS = "model.weights.json", "model.weights.npz"


@contextlib.contextmanager
def open_arrays(filepath):
    """Opens a `.weights.h5` file, a `.weights.json` file with its shards, or what a `.keras` file has of these.

    Raises:
        FileNotFoundError: if there is no such file, and its name is that of one.
        ValueError: if there is none of these, or if it is damaged.
    """
    if filepath.endswith(".weights.json"):
        with open_folder_of(filepath) as folder, _open_shards(folder, os.path.basename(filepath), filepath) as arrays:
            yield arrays
    elif is_archive(filepath):
        with open_archive(filepath) as archive, open_arrays_of(archive, filepath) as arrays:
            archive.check()  # before anything is done with the arrays
            yield arrays
    elif hdf5.is_hdf5(filepath):
        with Window(filepath) as file, hdf5.open_file(file, filepath) as arrays:
            yield arrays
    else:
        raise _not_weights(filepath)


@contextlib.contextmanager
def open_arrays_of(archive, filepath):
    """Opens the weights in an open archive.

    Args:
        archive: what `open_archive` returned.
        filepath: what the archive is called in messages.
    """
    names = archive.names()
    if WEIGHTS not in names and SHARDED_WEIGHTS in names:
        with _open_shards(archive, SHARDED_WEIGHTS, filepath) as arrays:
            yield arrays
    elif WEIGHTS not in names and NPZ_WEIGHTS in names:
        with archive.open_member(NPZ_WEIGHTS) as file:
            yield _NpzReader(file, filepath)
    else:
        with archive.open_member(WEIGHTS) as file, hdf5.open_file(file, filepath) as arrays:
            yield arrays


def _not_weights(filepath):
    from convlayers.saving.other_files import what_it_is

    if filepath.endswith(MODEL_ENDINGS):
        if not os.path.exists(filepath):
            return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), filepath)
        message = f"The weights in {filepath} are damaged, or are no file of Keras."
    else:
        message = (
            f"File format not supported: filepath={filepath}. Keras 3 only supports V3 `.keras` files, `.weights.h5` files, "
            "legacy H5 format files (`.h5` extension), or Orbax checkpoints.\nOf these, all but Orbax checkpoints can be read "
            "here."
        )
    return ValueError(f"{message}\nReceived: {what_it_is(filepath)}.")


# Several HDF5 files ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _open_shards(archive, name, filepath):
    config = archive.read_json(name)
    weight_map = config.get("weight_map") if isinstance(config, dict) else None
    if not isinstance(weight_map, dict):
        raise ValueError(f"The file is damaged: filepath={filepath}. '{name}' has no 'weight_map'.")
    with contextlib.ExitStack() as files:

        def open_shard(shard):
            file = files.enter_context(archive.open_member(shard))
            archive.check()
            return files.enter_context(hdf5.open_file(file, f"{filepath}, {shard}"))

        yield _ShardReader(weight_map, open_shard)


class _ShardReader:
    """Reads from several HDF5 files.

    Args:
        weight_map: dict of the path of each group, and the name or names of the files that have parts of it.
        open_shard: function from the name of a file to its `ArrayReader`.
    """

    is_plain = False  # Files are opened when they are needed, and may be missing then.

    def __init__(self, weight_map, open_shard):
        self._weight_map = weight_map
        self._open_shard = open_shard
        self._readers = {}

    def read_ahead(self):
        return None

    def group(self, path):
        names = self._weight_map.get(f"/{path}/vars" if path else "/vars", [])
        return _JoinedArrays([self._reader(name).group(path) for name in ([names] if isinstance(names, str) else names)])

    def __contains__(self, path):
        return any(f"{known}/".startswith(f"/{path}/") for known in self._weight_map)

    def _reader(self, name):
        if name not in self._readers:
            self._readers[name] = self._open_shard(name)
        return self._readers[name]


class _JoinedArrays(Mapping):
    """The arrays of several groups as one dict."""

    def __init__(self, groups):
        self._groups = {key: arrays for arrays in groups for key in arrays}

    def __len__(self):
        return len(self._groups)

    def __iter__(self):
        return iter(self._groups)

    def __getitem__(self, key):
        return self._groups[key][key]

    def shape(self, key):
        return self._groups[key].shape(key)

    def read_into(self, key, array, is_new=False):
        self._groups[key].read_into(key, array)


# Files of NumPy -------------------------------------------------------------------------------------------------------


class _NpzReader:
    """Reads from an `.npz` file. It has a dict of arrays for each path, as a pickle of which nothing but arrays is accepted."""

    is_plain = False  # They may be arrays of anything.

    def __init__(self, file, filepath):
        from convlayers.datasets.pickled_arrays import read_npz

        try:
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            content = io.BytesIO(file.read(size))
            check_expansion_of(zipfile.ZipFile(content), filepath)
            groups = read_npz(content)
            self._groups = {path: group.item() if hasattr(group, "item") else group for path, group in groups.items()}
        except Exception as error:  # There is nothing that a damaged pickle may not raise.
            raise ValueError(f"The weights in {filepath} are damaged: {error}") from error

    def read_ahead(self):
        return None

    def group(self, path):
        return _LoadedArrays(self._groups.get(path or "__root__", {}))

    def __contains__(self, path):
        return any(f"{known}/".startswith(f"{path}/") for known in self._groups)


class _LoadedArrays(dict):
    """A dict of arrays."""

    def shape(self, key):
        return self[key].shape

    def read_into(self, key, array, is_new=False):
        array[...] = self[key]
