"""Small files that pretend to be large, or that would take all memory or time. None may do anything but be refused."""

import json
import zipfile
import zlib

import h5py
import numpy as np
import pytest

import convlayers as k
from convlayers.saving import hdf5, limits
from tests.saving.attack_files import config_of_model, h5_file, keras_file, refused, sequential, weights

pytestmark = pytest.mark.usefixtures("everything_imported")


@pytest.mark.parametrize("options", [{"chunks": (1 << 16,), "compression": "gzip"}, {"chunks": (1 << 16,)}, {}])
def test_cve_2026_0897_a_data_set_that_declares_far_more_than_there_is(tmp_path, options):
    path = keras_file(
        tmp_path / "model.keras",
        config_of_model(),
        weights(lambda group: group.create_dataset("0", (1 << 38,), "float32", **options)),
    )
    assert path.stat().st_size < 20_000
    refused(path, "declares 1099511627776 bytes, but only 0 are stored")


def test_a_chunk_that_is_larger_than_its_data_set(tmp_path):
    content = weights(lambda group: group.create_dataset("0", (4, 3), "float32", maxshape=(None, 3), chunks=(1 << 28, 3)))
    refused(keras_file(tmp_path / "model.keras", config_of_model(), content), "a chunk of the data set .* declares")


def packed_chunk(packed, **options):
    def make(group):
        dataset = group.create_dataset("0", (4, 3), "float32", chunks=(4, 3), **options)
        dataset.id.write_direct_chunk((0, 0), packed)

    return weights(make)


def test_a_chunk_that_unpacks_to_more_than_it_should(tmp_path):
    content = packed_chunk(zlib.compress(bytes(1 << 24), 9), compression="gzip")
    refused(keras_file(tmp_path / "model.keras", config_of_model(), content), "unpacks to more than its 48 bytes")


def test_filters_for_which_hdf5_would_load_a_library(tmp_path):
    content = packed_chunk(bytes(48), compression=32015, allow_unknown_filter=True)
    refused(keras_file(tmp_path / "model.keras", config_of_model(), content), r"has the filters \[32015\]")


def test_one_array_under_many_names(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "LARGE", 50_000)
    monkeypatch.setattr(limits, "EXPANSION", 1)
    array = np.ones(5000, "float32")
    path = tmp_path / "many.h5"
    with h5py.File(path, "w") as raw:
        raw["layers/dense/vars/0"] = array
        for number in range(1, 20):
            raw[f"layers/dense/vars/{number}"] = raw["layers/dense/vars/0"]
    with open(path, "rb") as file, hdf5.open_file(file, "many.h5") as reader:
        arrays = reader.group("layers/dense")
        with pytest.raises(ValueError, match="Not allowed: the HDF5 file declares"):
            dict(arrays.items())


def test_a_member_of_an_archive_that_unpacks_to_more_than_it_declares(tmp_path):
    path = keras_file(tmp_path / "model.keras", " " * (1 << 24) + "{}", compression=zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    # Both headers of the member say that it has two bytes.
    size = ((1 << 24) + 2).to_bytes(4, "little")
    while (place := content.find(size)) >= 0:
        content[place : place + 4] = (2).to_bytes(4, "little")
    path.write_bytes(content)
    refused(path, "damaged")


@pytest.mark.parametrize(
    "mark, offset, value", [(b"PK\1\2", 42, 2**32 - 2), (b"PK\5\6", 16, 2**32 - 2), (b"PK\5\6", 12, 2**31)]
)
def test_members_that_are_not_in_the_file(tmp_path, mark, offset, value):
    path = keras_file(tmp_path / "model.keras", config_of_model())
    content = bytearray(path.read_bytes())
    place = content.rindex(mark) + offset
    content[place : place + 4] = value.to_bytes(4, "little")
    path.write_bytes(content)
    refused(path, "damaged|not all of one|not where the archive says")


def test_an_archive_of_several_disks(tmp_path):
    path = keras_file(tmp_path / "model.keras", config_of_model())
    content = bytearray(path.read_bytes())
    end = content.rindex(b"PK\5\6")
    content[end:end] = b"PK\6\7" + bytes(12) + b"\2\0\0\0"
    path.write_bytes(content)
    refused(path, "zipfiles that span multiple disks are not supported")


def test_methods_of_compression_that_take_memory(tmp_path):
    for compression in (zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):
        path = keras_file(tmp_path / "model.keras", config_of_model(), compression=compression)
        refused(path, f"is packed by method {compression}")


def test_large_json(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "LARGEST_JSON", 10_000)
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        path = keras_file(tmp_path / "model.keras", " " * 20_000 + "{}", compression=compression)
        refused(path, "Not allowed: 'config.json' of .* bytes of JSON")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("[" * 100_000, "too deep"),
        ('{"a":' * 100_000, "too deep"),
        ("[" * 100_000 + "]" * 100_000, "too deep"),
        ('{"class_name": ' + "9" * 5000 + "}", "an integer has 5000 digits|An integer has 5000 digits"),
        ('{"class_name": "Sequential", "class_name": "Functional"}', "The key 'class_name' is in one object twice"),
        ("\x80", "no JSON"),
        ("{}{}", "no JSON"),
    ],
)
def test_json_made_to_harm(tmp_path, config, message):
    refused(keras_file(tmp_path / "model.keras", config), message)


def nested_model(depth):
    """The config of models in models, as text: Python could not write so deep a one."""
    start, end = json.dumps(sequential({"INNER": 0})).split('{"INNER": 0}')
    return start * depth + json.dumps(sequential()) + end * depth


@pytest.mark.parametrize("make, name", [(keras_file, "model.keras"), (h5_file, "model.h5")])
@pytest.mark.parametrize("depth", [300, 5000])
def test_models_in_models_without_end(tmp_path, make, name, depth):
    refused(make(tmp_path / name, nested_model(depth)), "deep|RecursionError")


def test_layers_of_impossible_sizes(tmp_path):
    for units in (10**12, 10**18, 10**90, -1, 1e300):
        config = config_of_model()
        config["config"]["layers"][1]["config"]["units"] = units
        refused(keras_file(tmp_path / "model.keras", config))


def graph_of_keras_2(shape, function, arguments):
    """The config of a model that calls a function of TensorFlow."""
    x = {"class_name": "InputLayer", "name": "x", "config": {"batch_input_shape": shape, "name": "x"}, "inbound_nodes": []}
    node = ["x", 0, 0, arguments]
    call = {"class_name": "TFOpLambda", "name": "f", "config": {"name": "f", "function": function}, "inbound_nodes": [node]}
    config = {"name": "m", "layers": [x, call], "input_layers": [["x", 0, 0]], "output_layers": [["f", 0, 0]]}
    return {"class_name": "Functional", "config": config}


def test_more_axes_than_there_are(tmp_path):
    """A list of them was made before they were counted."""
    model = graph_of_keras_2([None, 3], "tensordot", {"b": [[1.0], [2.0], [3.0]], "axes": 10**9})
    refused(h5_file(tmp_path / "model.h5", model), "`axes` must be at most the number of axes of both arrays")


def test_an_op_whose_result_would_take_all_memory(tmp_path):
    """Shapes are found by computing with zeros."""
    graph = graph_of_keras_2([None, 4, 4, 3], "image.resize", {"size": [8, 1 << 30]})
    refused(h5_file(tmp_path / "model.h5", graph), "Unable to allocate")
    x = k.Input((4,))
    config = json.loads(json.dumps(k.saving.serialize_keras_object(k.Model(x, k.ops.tile(x, [1, 3])))))
    config["config"]["layers"][1]["config"]["repeats"] = [1, 1 << 32]
    refused(keras_file(tmp_path / "model.keras", config), "There is no memory to find the shapes")
