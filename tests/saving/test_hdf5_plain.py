"""HDF5 files of the plain kind are read without the HDF5 library, and all others by it. The oracle is h5py."""

import io
import struct

import h5py
import numpy as np
import pytest
from h5py import h5d, h5p

from convlayers.saving import hdf5
from convlayers.saving.hdf5_walk import NotPlainError, open_plain

NUMBERS = ["float16", "float32", "float64", *(f"{sign}int{8 * size}" for sign in ("", "u") for size in (1, 2, 4, 8))]


def written(make, **options):
    """Returns a file that a function of a `h5py.File` made."""
    file = io.BytesIO()
    with h5py.File(file, "w", **options) as raw:
        make(raw)
    return file


def everything(file):
    """Returns all arrays of a file by their paths, as h5py reads them."""
    arrays = {}

    def note(path, member):
        if isinstance(member, h5py.Dataset):
            arrays[f"/{path}"] = member[()]

    with h5py.File(file, "r") as raw:
        raw.visititems(note)
    return arrays


def read(reader):
    """Returns all arrays of an open file by their paths."""
    arrays = {}
    for path, shape, dtype in reader.walk():
        group, _, key = path[1:].rpartition("/")
        array = arrays[path] = reader.arrays(group)[key]
        assert (array.shape, str(array.dtype)) == (shape, dtype)
        assert reader.arrays(group).shape(key) == shape
    return arrays


def assert_read_as_by_h5py(file, is_plain):
    expected = everything(file)
    with hdf5.open_file(file, "test.h5") as reader:
        assert reader.is_plain == is_plain
        found = read(reader)
    assert found.keys() == expected.keys()
    for path, array in found.items():
        assert array.dtype == expected[path].dtype
        np.testing.assert_array_equal(array, expected[path])


# What is plain --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("shape", [(), (1,), (3, 4), (2, 3, 1, 5)])
def test_numbers_of_all_types_and_shapes(dtype, shape):
    array = np.random.default_rng(0).uniform(0, 100, shape).astype(dtype)
    assert_read_as_by_h5py(written(lambda raw: raw.create_dataset("layers/dense/vars/0", data=array)), is_plain=True)


@pytest.mark.parametrize("dtype", NUMBERS)
def test_numbers_are_converted_to_those_of_the_variable(dtype):
    array = np.arange(12).reshape(3, 4).astype(dtype)
    with hdf5.open_file(written(lambda raw: raw.create_dataset("a/0", data=array)), "test.h5") as reader:
        for target in (np.zeros((3, 4), "float32"), np.zeros((4, 3), "float32").T, np.zeros((3, 4), "int64")):
            reader.arrays("a").read_into("0", target)
            np.testing.assert_array_equal(target, array)


@pytest.mark.parametrize("count", [1, 8, 9, 300, 9000])
def test_groups_of_any_size(count):
    names = [f"name {number}" for number in range(count)]
    file = written(lambda raw: [raw.create_group(name) for name in names])
    with hdf5.open_file(file, "test.h5") as reader:
        assert reader.is_plain
        assert reader.names("") == sorted(names)
        assert names[-1] in reader and "name" not in reader


def test_a_file_with_much_in_it():
    rng = np.random.default_rng(0)

    def make(raw):
        for number in range(200):
            group = raw.create_group(f"layers/dense {number}/vars")
            for attribute in range(number % 9):  # more than fit into one block of a header
                group.attrs[f"attribute {attribute}"] = "x" * attribute
            for index in range(number % 5):
                group[str(index)] = rng.normal(size=(number, index + 1)).astype("float32")

    assert_read_as_by_h5py(written(make), is_plain=True)


def test_what_the_layers_of_a_file_are_called():
    file = written(lambda raw: raw.create_dataset("dense/vars/0", data=[1.0]))
    with hdf5.open_file(file, "test.h5") as reader:
        assert reader.is_plain
        with pytest.raises(ValueError, match="expected Group but received DatasetID, at '/dense/vars/0'"):
            reader.arrays("dense/vars/0")
        with pytest.raises(ValueError, match="expected Dataset, received GroupID, at '/dense/vars'"):
            reader.arrays("dense")["vars"]
        with pytest.raises(KeyError):
            reader.arrays("dense/vars")["1"]
        assert reader.attribute("dense", "missing") is None


# What is not ------------------------------------------------------------------------------------------------------------


ARRAY = np.arange(12.0).reshape(3, 4)
COMPACT = h5p.create(h5p.DATASET_CREATE)
COMPACT.set_layout(h5d.COMPACT)
OTHERS = {
    "chunked": {"data": ARRAY, "chunks": (2, 2)},
    "compressed": {"data": ARRAY, "compression": "gzip"},
    "shuffled": {"data": ARRAY, "chunks": (2, 2), "shuffle": True},
    "with checksums": {"data": ARRAY, "chunks": (2, 2), "fletcher32": True},
    "that can grow": {"data": ARRAY, "maxshape": (None, 4)},
    "in the header": {"data": ARRAY, "dcpl": COMPACT},
    "big-endian": {"data": ARRAY.astype(">f4")},
    "truth values": {"data": ARRAY > 3},
    "empty": {"shape": (0, 4), "dtype": "float32"},
    "never written": {"shape": (3, 4), "dtype": "float32"},
}


@pytest.mark.parametrize("options", OTHERS.values(), ids=OTHERS)
def test_other_arrays_are_read_by_the_library(options):
    def make(raw):
        raw["plain"] = np.ones(3)
        raw.create_dataset("other", **options)

    assert_read_as_by_h5py(written(make), is_plain=False)


@pytest.mark.parametrize("options", [{"libver": "latest"}, {"libver": "v108"}, {"userblock_size": 512}], ids=str)
def test_other_files_are_read_by_the_library(options):
    file = written(lambda raw: raw.create_dataset("layers/dense/vars/0", data=[1.0, 2.0]), **options)
    assert_read_as_by_h5py(file, is_plain=False)


def linked(link):
    def make(raw):
        raw["a/0"] = np.ones(3)
        raw["b"] = link if link is not None else raw["a"]

    return written(make)


LINKS = {"hard": None, "soft": h5py.SoftLink("/a"), "external": h5py.ExternalLink("other.h5", "/a")}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_links_are_left_to_the_library(link):
    with pytest.raises(NotPlainError):
        open_plain(linked(link))


def test_a_group_in_itself():
    file = written(lambda raw: raw.create_group("a").__setitem__("b", raw["a"]))
    with pytest.raises(NotPlainError):
        open_plain(file)


def test_attributes_of_numbers_are_no_text_and_others_are_left_to_the_library():
    file = written(lambda raw: raw.attrs.__setitem__("number", np.int64(3)))
    with hdf5.open_file(file, "test.h5") as reader:
        assert reader.is_plain
        with pytest.raises(ValueError, match=r"Expected text in the attribute '/number'. Received: dtype=int64"):
            reader.attribute("", "number")
    with pytest.raises(NotPlainError):
        open_plain(written(lambda raw: raw.attrs.__setitem__("truth", True)))


# What is damaged --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small():
    def make(raw):
        raw.attrs["text"] = "hello"
        raw.attrs["texts"] = [b"a", b"bc"]
        raw["layers/dense/vars/0"] = np.arange(4, dtype="float32")
        raw["layers/dense/vars/1"] = np.arange(3, dtype="float32")

    return written(make).getvalue()


def test_arrays_that_lie_over_one_another(small):
    content = bytearray(small)
    marks = [place for place in range(len(content)) if content[place : place + 2] == b"\3\1"]
    layouts = [place for place in marks if content[place + 10] in (12, 16)]  # bytes of the arrays
    assert len(layouts) == 2
    first, second = layouts
    content[second + 2 : second + 10] = content[first + 2 : first + 10]
    with pytest.raises(NotPlainError):
        open_plain(io.BytesIO(content))


def test_every_byte_may_be_another(small):
    plain = 0
    for place in range(len(small)):
        for byte in {0, 255, small[place] ^ 1, small[place] ^ 128} - {small[place]}:
            content = bytearray(small)
            content[place] = byte
            try:
                root = open_plain(io.BytesIO(content))
            except NotPlainError:
                continue
            plain += 1
            for group in (root, root.group("layers")):
                for name in ("text", "texts"):
                    try:
                        group and group.attribute(name)
                    except ValueError as error:
                        assert "damaged" in str(error) or "Expected text" in str(error)
            assert sum(np.prod(shape, dtype=object) for _, shape, _ in root.walk()) <= len(small)
    assert plain


def test_long_paths_are_left_to_the_library():
    path = "/".join(["x" * 200] * 6)
    file = written(lambda raw: raw.create_dataset(f"{path}/0", data=[1.0]))
    assert_read_as_by_h5py(file, is_plain=False)


def test_names_that_lie_over_one_another():
    long_name = "abcdefgh" + "z" * 1000
    content = bytearray(written(lambda raw: [raw.create_group(name) for name in [long_name, *"bcdefgh"]]).getvalue())
    assert open_plain(io.BytesIO(content)).names()[1:] == list("bcdefgh")
    entries = content.index(b"SNOD") + 8
    (first,) = struct.unpack_from("<Q", content, entries)
    for number in range(8):
        struct.pack_into("<Q", content, entries + 40 * number, first + number)
    with pytest.raises(NotPlainError):
        open_plain(io.BytesIO(content))


def test_a_file_that_is_cut(small):
    for size in range(len(small)):
        with pytest.raises(NotPlainError):
            open_plain(io.BytesIO(small[:size]))


def test_a_file_that_is_cut_while_it_is_read(small):
    file = io.BytesIO(small)
    root = open_plain(file)
    file.truncate(200)
    with pytest.raises(ValueError, match=r"damaged at '/layers/dense/vars/0': it ended while it was read"):
        root.group("layers").group("dense").group("vars").arrays()["0"]
