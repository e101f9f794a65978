"""What is no file of Keras is named, with what to do about it."""

import gzip
import io
import os
import pickle
import zipfile

import numpy as np
import pytest

import convlayers as k
from convlayers import layers

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"


def small():
    return k.Sequential([k.Input((4, 4, 1)), layers.Conv2D(2, 3, name="conv")])


def zipped(*names):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "content")
    return content.getvalue()


@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5", ".hdf5"])
@pytest.mark.parametrize(
    ("content", "received"),
    [
        (LFS, "a pointer of Git LFS, which stands for the file: `git lfs pull`"),
        (b"\n<!DOCTYPE html><html>", "a web page, or other XML. Download the file itself"),
        (b"\xef\xbb\xbf<html>", "a web page"),
        (b"", "an empty file. Copy or download it again"),
        (bytes(5000), "nothing but zeros"),
        (b"\x89HDF", "the beginning of an HDF5 file. It was cut off"),
        (gzip.compress(b"\x89HDF\r\n\x1a\n"), "what gzip has packed. Unpack it first"),
        (pickle.dumps({"a": 1}), "a pickle. Pickles can run any code"),
        (b"\x1c\0\0\0TFL3" + bytes(20), "a model of TensorFlow Lite"),
        (b'{"format": "layers-model", "modelTopology": {}}', "a model of TensorFlow.js. `tensorflowjs_converter"),
        (b"backend: tensorflow\nclass_name: Sequential\n", "YAML of an architecture"),
        (b"something else", "a file that begins with b'something else'"),
        (zipped("model/data.pkl", "model/version"), "a file of PyTorch"),
        (zipped("arr_0.npy", "arr_1.npy"), "arrays of NumPy. `model.set_weights`"),
        (zipped("keras_model.h5", "labels.txt"), "other files in it. Unpack it, and load 'keras_model.h5'"),
        (zipped("my/config.json", "my/model.weights.h5"), "in a folder. Unpack it, and load the folder 'my'"),
    ],
)
def test_what_a_file_is(tmp_path, ending, content, received):
    path = tmp_path / f"model{ending}"
    path.write_bytes(content)
    for load in (k.models.load_model, small().load_weights):
        with pytest.raises(ValueError, match="model") as error:
            load(path)
        assert "\nReceived: " in str(error.value) and received in str(error.value)


@pytest.mark.parametrize(
    ("name", "received"),
    [
        ("model.onnx", "a model of ONNX"),
        ("frozen.pb", "a graph of TensorFlow"),
        ("saved_model.pb", "a part of a SavedModel folder"),
        ("yolov3.weights", "weights of Darknet"),
        ("cp.index", "a checkpoint of TensorFlow"),
        ("cp", "a checkpoint of TensorFlow"),
        ("missing/model", "nothing. There is no such file in "),
        ("https://example.com/model", "an address. `keras.utils.get_file(origin=address)`"),
        ("~/model", "`os.path.expanduser` makes"),
    ],
)
def test_what_is_known_by_its_name(tmp_path, monkeypatch, name, received):
    monkeypatch.chdir(tmp_path)
    for known in ("model.onnx", "frozen.pb", "saved_model.pb", "yolov3.weights", "cp.index"):
        (tmp_path / known).write_bytes(b"\x08\x07 anything")
    for load in (k.models.load_model, small().load_weights):
        with pytest.raises(ValueError, match=r"File format not supported: filepath=") as error:
            load(name)
        assert received in str(error.value).partition("\nReceived: ")[2]


@pytest.mark.parametrize("ending", ["", ".keras", ".h5"])
@pytest.mark.parametrize(
    ("member", "received"),
    [
        ("saved_model.pb", "a SavedModel folder of TensorFlow"),
        ("checkpoint", "a checkpoint of TensorFlow"),
        ("model.json", "a model of TensorFlow.js"),
        ("inner.keras", "a folder without the config.json that an unzipped .keras archive has. It has 'inner.keras'"),
        ("labels.txt", "a folder without the config.json that an unzipped .keras archive has."),
    ],
)
def test_what_a_folder_is(tmp_path, ending, member, received):
    path = tmp_path / f"folder{ending}"
    path.mkdir()
    (path / member).touch()
    for load in (k.models.load_model, small().load_weights):
        with pytest.raises(ValueError, match="\nReceived: ") as error:
            load(path)
        assert received in str(error.value)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="there are no links")
def test_a_link_to_nothing(tmp_path):
    (tmp_path / "model.keras").symlink_to("moved.keras")
    with pytest.raises(ValueError, match="Received: a link to 'moved.keras', where nothing is"):
        k.models.load_model(tmp_path / "model.keras")


@pytest.mark.parametrize("name", ["model.h5", "model.weights.h5"])
def test_an_hdf5_file_that_was_cut_off(tmp_path, name):
    path, model = tmp_path / name, small()
    (model.save_weights if "weights" in name else model.save)(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="The file was cut off: copy or download it again"):
        model.load_weights(path)


@pytest.mark.parametrize("filepath", [None, 3, b"PK\x03\x04" * 1000, np.zeros(3)])
def test_what_is_no_path(filepath):
    for load in (k.models.load_model, small().load_weights):
        with pytest.raises(ValueError, match="Expected: a path, as 'model.keras'") as error:
            load(filepath)
        assert len(str(error.value)) < 300


@pytest.mark.parametrize("written", ["model.keras", "model.h5", "model.weights.h5"])
@pytest.mark.parametrize("renamed", ["MODEL.KERAS", "MODEL.H5", "model", "model.zip", "other.keras", "other.h5"])
def test_weights_are_known_by_what_is_in_the_file(tmp_path, written, renamed):
    model = small()
    (model.save_weights if "weights" in written else model.save)(tmp_path / written)
    os.replace(tmp_path / written, tmp_path / renamed)
    other = small()
    other.load_weights(tmp_path / renamed)
    for weight, expected in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)


def test_weights_of_a_folder(tmp_path):
    model, other = small(), small()
    model.save(tmp_path / "folder", zipped=False)
    other.load_weights(tmp_path / "folder")
    np.testing.assert_array_equal(other.layers[0].kernel, model.layers[0].kernel)
