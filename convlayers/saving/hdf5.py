"""Arrays by path in an HDF5 file, as Keras lays them out: `<path>/vars/<number>`.

Files may come from anywhere, so nothing is read that leads out of them or that pretends to be larger than it is: no soft or
external links, no external or virtual data sets, no data set that its stored bytes cannot fill.
"""

import numpy as np

# A data set that declares more bytes than this, and this many times what it stores, is taken for a trap (as Keras does).
LARGE = 4 << 30
EXPANSION = 1000


class ArrayWriter:
    """Writes arrays into an open `h5py.File`."""

    def __init__(self, file):
        self._file = file

    def group(self, path, name):
        """Makes the group of one object, even if it will stay empty, and returns it as a dict to be filled with arrays."""
        group = self._file.create_group(f"{path}/vars" if path else "vars")
        group.attrs["name"] = name
        return _WrittenGroup(group)


class _WrittenGroup:
    def __init__(self, group):
        self._group = group

    def __setitem__(self, key, value):
        self._group.create_dataset(key, data=np.asarray(value))


class ArrayReader:
    """Reads arrays from an open `h5py.File`."""

    def __init__(self, file):
        self._file = file

    def group(self, path):
        """Returns the arrays of one object as a dict, empty where the file has none."""
        group = self._file
        for part in [*path.split("/"), "vars"]:
            if part:
                group = self._child(group, part)
            if group is None:
                return {}
        return {key: self._read(group, key) for key in group}

    def _child(self, group, name):
        import h5py

        link = group.get(name, getlink=True)
        if link is None and name == "layers":
            # What Keras 2.12 and 2.13 called it.
            return self._child(group, "_layer_checkpoint_dependencies")
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            raise ValueError(f"Not allowed: '{group.name}/{name}' of the HDF5 file is a link, which may lead out of the file.")
        return group[name]

    def _read(self, group, key):
        import h5py

        dataset = self._child(group, key)
        where = f"'{group.name}/{key}' of the HDF5 file"
        if not isinstance(dataset, h5py.Dataset):
            raise ValueError(f"Expected a data set at {where}. Received: {type(dataset).__name__}.")
        if dataset.external or dataset.is_virtual:
            raise ValueError(f"Not allowed: the data set {where} has its data in another file.")
        stored = dataset.id.get_storage_size()
        if dataset.nbytes > LARGE and dataset.nbytes > EXPANSION * stored:
            raise ValueError(f"Not allowed: the data set {where} declares {dataset.nbytes} bytes but stores {stored}.")
        if dataset.dtype.kind not in "fiub":
            raise ValueError(f"Expected numbers in the data set {where}. Received: dtype={dataset.dtype}.")
        return dataset[()]
