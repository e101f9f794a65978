"""Data sets that are downloaded: from a folder of small files here. Keras reads the same files."""

import gzip
import importlib
import inspect
import json
import pickle
import tarfile

import numpy as np
import pytest

from convlayers import datasets
from convlayers.datasets import downloads
from convlayers.utils import files

rng = np.random.default_rng(0)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder in place of `~/.keras`, with Keras's names in it, whose files have any hash."""
    home = tmp_path / "home"
    (home / "datasets").mkdir(parents=True)
    monkeypatch.setenv("KERAS_HOME", str(home))
    monkeypatch.setattr(files, "_has_hash", lambda *arguments: True)
    return home / "datasets"


@pytest.fixture
def keras_reads(keras, home, monkeypatch):
    """Lets Keras read from the same folder."""

    def get_file(fname=None, origin=None, extract=False, cache_subdir="datasets", **kwargs):
        path = home.parent / cache_subdir / fname
        return str(path)

    def module(name):
        theirs = importlib.import_module(f"keras.src.datasets.{name}")
        monkeypatch.setattr(theirs, "get_file", get_file)
        return theirs

    return module


def assert_same(ours, theirs):
    for our_part, their_part in zip(ours, theirs, strict=True):
        for our_array, their_array in zip(our_part, their_part, strict=True):
            assert our_array.dtype == their_array.dtype
            np.testing.assert_array_equal(our_array, their_array)


def test_origins_and_hashes_are_those_of_keras(keras):
    for name in ("boston_housing", "california_housing", "cifar10", "cifar100", "imdb", "reuters"):
        ours = vars(getattr(datasets, name))
        source = inspect.getsource(importlib.import_module(f"keras.src.datasets.{name}"))
        for key in ("_SHA256", "_INDEX_MD5"):
            assert ours.get(key, "") in source
        for key in ("_URL", "_INDEX_URL"):
            folder, _, last = ours.get(key, "/").rpartition("/")
            assert folder in source
            assert last in source
    assert downloads.FOLDER in inspect.getsource(importlib.import_module("keras.src.datasets.fashion_mnist"))


def test_fashion_mnist(home, keras_reads):
    (home / "fashion-mnist").mkdir()
    for part, count in (("train", 6), ("t10k", 2)):
        images, labels = rng.integers(0, 256, (count, 28, 28), "uint8"), rng.integers(0, 10, count, "uint8")
        for kind, start, array in (("labels-idx1", 8, labels), ("images-idx3", 16, images)):
            data = gzip.compress(bytes(start) + array.tobytes())
            (home / "fashion-mnist" / f"{part}-{kind}-ubyte.gz").write_bytes(data)
    ours = datasets.fashion_mnist.load_data()
    assert ours[0][0].shape == (6, 28, 28)
    assert_same(ours, keras_reads("fashion_mnist").load_data())


def write_cifar(home, folder, batches):
    """Writes a folder of pickles."""
    root = home / "written" / folder
    root.mkdir(parents=True)
    for name, content in batches.items():
        (root / name).write_bytes(pickle.dumps(content, protocol=3))
    return root


def cifar_batch(count, **labels):
    return {b"data": rng.integers(0, 256, (count, 3072), "uint8"), **{key.encode(): value for key, value in labels.items()}}


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_cifar10(home, monkeypatch, data_format):
    monkeypatch.setattr("convlayers.config._settings", {**_settings(), "image_data_format": data_format})
    batches = {name: cifar_batch(4, labels=[1, 2, 3, 9]) for name in [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]}
    root = write_cifar(home, "cifar-10-batches-py", batches)
    with tarfile.open(home / "cifar-10-batches-py-target_archive", "w:gz") as archive:
        archive.add(root, "cifar-10-batches-py")
    (x_train, y_train), (x_test, y_test) = datasets.cifar10.load_data()
    assert {array.dtype.name for array in (x_train, y_train, x_test, y_test)} == {"uint8"}
    assert x_train.shape == ((20, 32, 32, 3) if data_format == "channels_last" else (20, 3, 32, 32))
    assert y_train[:4].tolist() == [[1], [2], [3], [9]]
    raw = batches["data_batch_2"][b"data"][1].reshape(3, 32, 32)
    image = x_train[5].transpose(2, 0, 1) if data_format == "channels_last" else x_train[5]
    np.testing.assert_array_equal(image, raw)
    assert x_test.shape[0] == 4


def _settings():
    from convlayers import config

    return config._settings


@pytest.mark.parametrize("label_mode", ["fine", "coarse"])
def test_cifar100(home, keras_reads, label_mode):
    root = home / "cifar-100-python-target"
    contents = {name: cifar_batch(3, fine_labels=[7, 8, 99], coarse_labels=[0, 1, 19]) for name in ("train", "test")}
    written = write_cifar(home, "cifar-100-python", contents)
    with tarfile.open(home / "cifar-100-python-target_archive", "w:gz") as archive:
        archive.add(written, "cifar-100-python")
    ours = datasets.cifar100.load_data(label_mode)
    assert root.exists()
    assert_same(ours, keras_reads("cifar100").load_data(label_mode))
    with pytest.raises(ValueError, match='^`label_mode` must be one of `"fine"`, `"coarse"`. Received: label_mode=medium.'):
        datasets.cifar100.load_data("medium")


def test_a_pickle_with_a_program_is_refused(home):
    import os

    root = write_cifar(home, "cifar-100-python", {"train": {b"data": os.getcwd}})
    with tarfile.open(home / "cifar-100-python-target_archive", "w:gz") as archive:
        archive.add(root, "cifar-100-python")
    with pytest.raises(pickle.UnpicklingError, match="^Refusing to deserialize `posix.getcwd` while loading a Keras dataset"):
        datasets.cifar100.load_data()


@pytest.mark.parametrize("name", ["boston_housing", "california_housing"])
@pytest.mark.parametrize("arguments", [{}, {"test_split": 0.5, "seed": 3}, {"test_split": 0.0}])
def test_tables(home, keras_reads, name, arguments):
    np.savez(home / f"{name}.npz", x=rng.normal(size=(700, 4)), y=rng.normal(size=700))
    ours = getattr(datasets, name)
    assert_same(ours.load_data(**arguments), keras_reads(name).load_data(**arguments))
    with pytest.raises(ValueError, match=r"^Invalid `test_split` argument: 1. It must be between 0 and 1 \(exclusive of 1\)."):
        ours.load_data(test_split=1)


def test_the_small_version_of_a_table(home, keras_reads):
    np.savez(home / "california_housing.npz", x=rng.normal(size=(700, 4)), y=rng.normal(size=700))
    assert_same(datasets.california_housing.load_data("small"), keras_reads("california_housing").load_data("small"))
    with pytest.raises(ValueError, match="^Argument `version` must be one of 'small', 'large'. Received: version=tiny"):
        datasets.california_housing.load_data("tiny")


def write_texts(path, names):
    arrays = {}
    for x, y, count in names:
        texts = np.empty(count, object)
        texts[:] = [rng.integers(1, 50, rng.integers(2, 9)).tolist() for _ in range(count)]
        arrays.update({x: texts, y: rng.integers(0, 2, count)})
    np.savez(path, **arrays)


TEXTS = {
    "imdb": [("x_train", "y_train", 20), ("x_test", "y_test", 15)],
    "reuters": [("x", "y", 30)],
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"num_words": 20, "skip_top": 3, "seed": 5},
        {"oov_char": None, "num_words": 20},
        {"start_char": None},
        {"start_char": None, "index_from": 0},
        {"maxlen": 6},
    ],
)
def test_texts(home, keras_reads, name, arguments):
    write_texts(home / f"{name}.npz", TEXTS[name])
    ours, theirs = getattr(datasets, name), keras_reads(name)
    for our_part, their_part in zip(ours.load_data(**arguments), theirs.load_data(**arguments), strict=True):
        assert [list(text) for text in our_part[0]] == [list(text) for text in their_part[0]]
        np.testing.assert_array_equal(our_part[1], their_part[1])


def test_words_and_topics(home, keras_reads):
    for name in TEXTS:
        (home / f"{name}_word_index.json").write_text(json.dumps({"the": 1}))
        assert getattr(datasets, name).get_word_index() == {"the": 1}
    assert datasets.reuters.get_label_names() == keras_reads("reuters").get_label_names()


def test_nothing_is_left_of_short_texts(home):
    write_texts(home / "imdb.npz", TEXTS["imdb"])
    with pytest.raises(ValueError, match="^After filtering for sequences shorter than maxlen=1, no sequence was kept"):
        datasets.imdb.load_data(maxlen=1)


def test_without_a_network_an_error_says_where_to_put_the_file(home, tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.cifar10, "_URL", (tmp_path / "missing.tar.gz").as_uri())
    monkeypatch.setattr(datasets.fashion_mnist, "_URL", f"{tmp_path.as_uri()}/")
    with pytest.raises(OSError, match=r"(?s)URL fetch failure on.*CIFAR-10 has to be downloaded once.*-py-target_archive\.$"):
        datasets.cifar10.load_data()
    with pytest.raises(OSError, match=r"(?s)into ~/.keras/datasets/fashion-mnist as train-labels-idx1-ubyte\.gz\.$"):
        datasets.fashion_mnist.load_data()
