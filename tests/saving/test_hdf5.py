"""Arrays in HDF5 files: what is written is read, and what may harm is refused."""

import io

import h5py
import numpy as np
import pytest

from convlayers.saving import hdf5


def written(**arrays):
    file = io.BytesIO()
    with hdf5.create(file) as writer:
        group = writer.group("layers/dense", "mine")
        for key, array in arrays.items():
            group[key] = array
    return file


@pytest.fixture
def crafted():
    """Returns a function: the reader of a file that a function of `h5py.File` made."""
    opened = []

    def craft(make):
        file = io.BytesIO()
        with h5py.File(file, "w") as raw:
            make(raw)
        manager = hdf5.open_file(file, "crafted.h5")
        opened.append(manager)
        return manager.__enter__()

    yield craft
    for manager in opened:
        manager.__exit__(None, None, None)


ARRAYS = {
    "float32": np.arange(6, dtype="float32").reshape(2, 3),
    "float64": np.arange(6.0),
    "float16": np.array([1.5, 2.5], "float16"),
    "bool": np.array([True, False]),
    "int32": np.array(7, "int32"),
    "scalar": np.float32(3),
    "empty": np.zeros((0, 4), "float32"),
    "big endian": np.arange(3, dtype=">f4"),
    "not contiguous": np.arange(12.0).reshape(3, 4)[::2, ::-1],
    "list": [1.0, 2.0],
}


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_an_array_comes_back(array):
    file = written(**{"0": array})
    with hdf5.open_file(file, "test.h5") as reader:
        stored = reader.group("layers/dense")
        assert list(stored) == ["0"]
        assert stored.shape("0") == np.shape(array)
        np.testing.assert_array_equal(stored["0"], array)
        assert stored["0"].dtype == np.asarray(array).dtype
        target = np.full(np.shape(array), 9, "float32")
        stored.read_into("0", target)
        np.testing.assert_array_equal(target, np.asarray(array, "float32"))


def test_groups_have_names_and_may_be_empty():
    file = io.BytesIO()
    with hdf5.create(file) as writer:
        assert len(writer.group("", "model")) == 0
        writer.group("layers/flatten", "flat")
    with h5py.File(file) as raw:
        assert raw["vars"].attrs["name"] == "model"
        assert raw["layers/flatten/vars"].attrs["name"] == "flat"
        assert len(raw["layers/flatten/vars"]) == 0


def test_what_is_not_there_is_empty():
    with hdf5.open_file(written(**{"0": 1.0}), "test.h5") as reader:
        assert "layers/dense" in reader
        assert "layers/conv2d" not in reader
        assert dict(reader.group("layers/conv2d")) == {}
        with pytest.raises(KeyError):
            reader.group("layers/dense")["1"]


def test_the_name_that_keras_2_12_gave_to_layers(crafted):
    reader = crafted(lambda file: file.create_dataset("_layer_checkpoint_dependencies/dense/vars/0", data=[1.0]))
    assert reader.group("layers/dense")["0"].tolist() == [1.0]


def test_bfloat16(crafted):
    values = np.array([1.0, -2.5, 3e38, 0.0], "float32")
    halves = (values.view("uint32") >> 16).astype("uint16").view("V2")
    reader = crafted(lambda file: file.create_dataset("dense/vars/0", data=halves))
    expected = (values.view("uint32") & 0xFFFF0000).view("float32")
    np.testing.assert_array_equal(reader.group("dense")["0"], expected)
    target = np.zeros(4, "float32")
    reader.group("dense").read_into("0", target)
    np.testing.assert_array_equal(target, expected)


def test_compressed_arrays(crafted):
    array = np.random.default_rng(0).normal(size=(50, 60))
    reader = crafted(lambda file: file.create_dataset("dense/vars/0", data=array, chunks=(7, 11), compression="gzip"))
    np.testing.assert_array_equal(reader.group("dense")["0"], array)


# Files that may harm -----------------------------------------------------------------------------------------------------


@pytest.fixture
def secret(tmp_path):
    """An HDF5 file that no other file may lead to."""
    path = tmp_path / "secret.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("vars/0", data=[1.0, 2.0])
        file.create_dataset("0", data=[1.0, 2.0])
    return path


@pytest.mark.parametrize("place", ["layers", "layers/dense", "layers/dense/vars", "layers/dense/vars/0"])
@pytest.mark.parametrize("kind", ["SoftLink", "ExternalLink"])
def test_links_are_not_followed(crafted, secret, place, kind):
    link = h5py.SoftLink("/elsewhere") if kind == "SoftLink" else h5py.ExternalLink(str(secret), "/0")

    def make(file):
        file.create_dataset("elsewhere", data=[1.0, 2.0])
        file[place] = link

    reader = crafted(make)
    with pytest.raises(ValueError, match=f"Not allowed: H5 file with {kind}"):
        reader.group("layers/dense")["0"]


def test_external_data_is_not_read(crafted, tmp_path):
    (tmp_path / "raw").write_bytes(b"12345678")
    external = [(str(tmp_path / "raw"), 0, 8)]
    reader = crafted(lambda file: file.create_dataset("dense/vars/0", (2,), "float32", external=external))
    with pytest.raises(ValueError, match="Not allowed: H5 file with external Dataset"):
        reader.group("dense")["0"]


def test_virtual_data_is_not_read(crafted, secret):
    layout = h5py.VirtualLayout((2,), "float64")
    layout[:] = h5py.VirtualSource(str(secret), "0", (2,))
    reader = crafted(lambda file: file.create_virtual_dataset("dense/vars/0", layout))
    with pytest.raises(ValueError, match="Not allowed: H5 file with virtual Dataset"):
        reader.group("dense")["0"]


@pytest.mark.parametrize("options", [{"chunks": (1 << 20,), "compression": "gzip"}, {}], ids=["compressed", "never written"])
def test_arrays_larger_than_their_file_are_not_read(crafted, options):
    reader = crafted(lambda file: file.create_dataset("dense/vars/0", (1 << 40,), "float64", **options))
    for read in (lambda arrays: arrays["0"], lambda arrays: arrays.shape("0")):
        with pytest.raises(ValueError, match="declares 8796093022208 bytes, but only 0 are stored"):
            read(reader.group("dense"))


def test_something_else_than_groups_and_numbers(crafted):
    def make(file):
        file.create_dataset("dense", data=[1.0])
        file.create_group("conv2d/vars/0")
        file.create_dataset("flatten/vars/0", data=["text"], dtype=h5py.string_dtype())
        file.create_dataset("record/vars/0", data=np.zeros(2, [("a", "f4"), ("b", "f8")]))

    reader = crafted(make)
    with pytest.raises(ValueError, match="Invalid H5 file, expected Group but received DatasetID, at '/dense'"):
        reader.group("dense")
    with pytest.raises(ValueError, match="Invalid H5 file, expected Dataset, received GroupID, at '/conv2d/vars/0'"):
        reader.group("conv2d")["0"]
    for path in ("flatten", "record"):
        with pytest.raises(ValueError, match=f"Expected numbers in the data set '/{path}/vars/0'"):
            reader.group(path)["0"]


def test_no_hdf5_file():
    with pytest.raises(ValueError, match=r"The weights in model.keras are damaged, or are no HDF5 file"):
        hdf5.open_file(io.BytesIO(b"nothing of the kind" * 100), "model.keras").__enter__()
