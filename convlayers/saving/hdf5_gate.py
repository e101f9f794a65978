"""The only way to the objects of an HDF5 file. What may harm is refused here.

Files may come from anywhere, so nothing is opened that leads out of them or that pretends to be larger than it is: no soft or
external links, no external or virtual data sets, no filters but those that come with h5py, no data that unpacks to far more
than is stored. What HDF5 says about a damaged file becomes a `ValueError`.

This speaks to h5py's lower level, which takes a third of the time for the many small arrays of a deep model.
"""

import contextlib
import zlib

import numpy as np
from h5py import h5a, h5d, h5g, h5i, h5l, h5o, h5s, h5t, h5z

from convlayers.saving import limits

# How Keras stores bfloat16, which neither NumPy nor HDF5 has: the upper half of a float32.
BFLOAT16 = np.dtype("V2")

# For any other, HDF5 would look for a library to load.
_FILTERS = {h5z.FILTER_SHUFFLE, h5z.FILTER_DEFLATE, h5z.FILTER_FLETCHER32, h5z.FILTER_LZF}


@contextlib.contextmanager
def reading(place):
    """Inside, whatever HDF5 and h5py say about a damaged file becomes a `ValueError`."""
    try:
        yield
    except (KeyError, OSError, RuntimeError, TypeError, MemoryError, OverflowError, UnicodeDecodeError) as error:
        raise ValueError(f"The HDF5 file is damaged at '{place}': {error}") from error


def open_member(parent, name):
    """Opens the group or data set that a group holds under a name; None if it holds nothing."""
    key = name.encode("utf-8", "surrogateescape")
    with reading(name):
        if key not in parent:
            return None
        kind = parent.links.get_info(key).type
        if kind == h5l.TYPE_HARD:
            return h5o.open(parent, key)
    link = {h5l.TYPE_SOFT: "SoftLink", h5l.TYPE_EXTERNAL: "ExternalLink"}.get(kind, "a link of an unknown kind")
    raise ValueError(f"Not allowed: H5 file with {link}: {place_of(parent, name)} may lead out of the file.")


def open_group(parent, name):
    """Opens a group in a group; None if there is nothing of that name."""
    group = open_member(parent, name)
    if group is not None and not isinstance(group, h5g.GroupID):
        raise ValueError(f"Invalid H5 file, expected Group but received {type(group).__name__}, at {place_of(parent, name)}")
    return group


def open_dataset(parent, name):
    """Opens a data set of numbers in a group."""
    dataset = open_member(parent, name)
    place = place_of(parent, name)
    if not isinstance(dataset, h5d.DatasetID):
        raise ValueError(f"Invalid H5 file, expected Dataset, received {type(dataset).__name__}, at {place}")
    with reading(place):
        dtype, space = dataset.dtype, dataset.get_space()
    if dtype.kind not in "fiub" and dtype != BFLOAT16:
        raise ValueError(f"Expected numbers in the data set {place}. Received: dtype={dtype}.")
    if space.get_simple_extent_type() == h5s.NULL:
        raise ValueError(f"Expected numbers in the data set {place}. Received: a data set without a shape.")
    _check_storage(dataset, place)
    return dataset


def member_names(group):
    """Returns the names of what a group holds."""
    with reading(h5i.get_name(group)):
        return [name.decode() for name in group]


def walk_datasets(group):
    """Yields the path, shape and number type of each data set below a group, without reading any."""
    waiting, seen = [("", group)], set()
    while waiting:
        path, group = waiting.pop()
        for name in member_names(group):
            place = f"{path}/{name}"
            member = open_member(group, name)
            with reading(place):
                if isinstance(member, h5d.DatasetID):
                    yield place, member.shape, str(member.dtype)
                    continue
                address = h5o.get_info(member).addr
            # A group may lie in itself.
            if isinstance(member, h5g.GroupID) and address not in seen:
                seen.add(address)
                waiting.append((place, member))


def place_of(parent, name):
    """Returns a path as it stands in messages, with quotes."""
    return f"'{h5i.get_name(parent).decode(errors='replace').rstrip('/')}/{name}'"


# Data sets ------------------------------------------------------------------------------------------------------------


def size_of(dataset):
    """Returns how many bytes the array of a data set takes up."""
    return dataset.get_space().get_simple_extent_npoints() * dataset.dtype.itemsize


def _check_storage(dataset, place):
    with reading(place):
        creation = dataset.get_create_plist()
        layout, stored = creation.get_layout(), dataset.get_storage_size()
    if creation.get_external_count():
        raise ValueError(f"Not allowed: H5 file with external Dataset: {place}")
    if layout == h5d.VIRTUAL:
        raise ValueError(f"Not allowed: H5 file with virtual Dataset: {place}")
    limits.check_expansion(f"the data set {place}", size_of(dataset), stored)
    if layout == h5d.CHUNKED:
        with reading(place):
            _check_chunks(dataset, creation, place)


def _check_chunks(dataset, creation, place):
    """A chunk is unpacked as a whole, however little of it is asked for."""
    filters = [creation.get_filter(number)[0] for number in range(creation.get_nfilters())]
    unknown = [code for code in filters if code not in _FILTERS]
    if unknown or len(set(filters)) < len(filters):
        raise ValueError(
            f"Not allowed: the data set {place} has the filters {filters}. Expected: each of {sorted(_FILTERS)} at most once."
        )
    size = int(np.prod(creation.get_chunk(), dtype=object)) * dataset.dtype.itemsize
    limits.check_expansion(f"a chunk of the data set {place}", size, dataset.get_storage_size())
    if h5z.FILTER_DEFLATE not in filters:
        return
    for number in range(dataset.get_num_chunks()):
        _check_chunk(dataset, dataset.get_chunk_info(number).chunk_offset, size, place)


def _check_chunk(dataset, offset, size, place):
    """Unpacks a chunk up to the size that it should have: HDF5 would go on for as long as there is more."""
    packed = dataset.read_direct_chunk(offset)[1]
    checksum = 4
    try:
        unpacked = zlib.decompressobj().decompress(packed, size + checksum + 1)
    except zlib.error as error:
        raise OSError(f"a chunk cannot be unpacked: {error}") from error
    if len(unpacked) > size + checksum:
        raise ValueError(f"Not allowed: a chunk of the data set {place} unpacks to more than its {size} bytes.")


# Attributes -----------------------------------------------------------------------------------------------------------


def read_attribute(owner, name, strings):
    """Returns an attribute that holds text.

    Args:
        owner: the group that has it.
        name: its name.
        strings: the `StringReader` of the file.

    Returns:
        A string, a list of strings, or None if there is no such attribute.

    Raises:
        ValueError: if it holds something else, or more text than the file can.
    """
    key = name.encode()
    place = place_of(owner, name)
    with reading(place):
        if not h5a.exists(owner, key):
            return None
        attribute = h5a.open(owner, key)
        kind, space = attribute.get_type(), attribute.get_space()
        count = 0 if space.get_simple_extent_type() == h5s.NULL else space.get_simple_extent_npoints()
        if not count:  # An empty list has any type.
            return []
        if not isinstance(kind, h5t.TypeStringID):
            raise ValueError(f"Expected text in the attribute {place}. Received: dtype={attribute.dtype}.")
        if kind.is_variable_str():
            values = strings.read(h5o.get_info(owner).addr, key)[:count]
        else:
            values = _read_fixed_strings(attribute, kind.get_size() * count, strings.file_size, place)
        texts = [value.decode("utf-8") for value in values]
    return texts if attribute.shape else texts[0]


def _read_fixed_strings(attribute, size, file_size, place):
    if size > file_size:
        raise ValueError(f"Not allowed: the attribute {place} declares {size} bytes in a file of {file_size}.")
    values = np.empty(attribute.shape, attribute.dtype)
    attribute.read(values)
    return [bytes(value) for value in values.ravel()]
