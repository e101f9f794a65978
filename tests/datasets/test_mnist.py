"""MNIST: the part that is installed, and the whole that is downloaded (from a folder, here)."""

import numpy as np
import pytest

from convlayers.datasets import mnist
from convlayers.utils.files import hash_file


@pytest.fixture
def home(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("KERAS_HOME", str(home))
    return home


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A small file in the layout of MNIST, in place of the one on the web."""
    path = tmp_path / "mnist.npz"
    arrays = {name: np.arange(4, dtype="uint8") for name in ("x_train", "y_train", "x_test", "y_test")}
    np.savez(path, **arrays)
    monkeypatch.setattr(mnist, "_URL", path.as_uri())
    monkeypatch.setattr(mnist, "_SHA256", hash_file(path))
    return path


def test_sample():
    (x_train, y_train), (x_test, y_test) = mnist.load_sample()
    assert (x_train.shape, x_test.shape) == ((4000, 28, 28), (1000, 28, 28))
    assert (y_train.shape, y_test.shape) == ((4000,), (1000,))
    assert {array.dtype.name for array in (x_train, y_train, x_test, y_test)} == {"uint8"}
    np.testing.assert_array_equal(np.bincount(y_train), [400] * 10)
    np.testing.assert_array_equal(np.bincount(y_test), [100] * 10)
    assert x_train.max() == 255
    # Images of the same digit are more alike than images of different ones.
    means = np.stack([x_train[y_train == digit].mean(0) for digit in range(10)]).reshape(10, -1)
    distances = ((x_test.reshape(-1, 1, 784) / 1.0 - means) ** 2).sum(-1)
    assert (distances.argmin(1) == y_test).mean() > 0.75


def test_the_origin_and_hash_are_those_of_keras(keras):
    import inspect

    from keras.src.datasets import mnist as theirs

    source = inspect.getsource(theirs)
    folder, name = mnist._URL.rsplit("/", 1)
    assert folder in source
    assert name in source
    assert mnist._SHA256 in source


def test_it_is_downloaded_once(home, served, capsys):
    (x_train, _), _ = mnist.load_data()
    np.testing.assert_array_equal(x_train, np.arange(4))
    assert (home / "datasets" / "mnist.npz").exists()
    assert "Downloading data from" in capsys.readouterr().out
    served.unlink()
    mnist.load_data()
    assert capsys.readouterr().out == ""


def test_without_a_network_the_error_names_the_sample(home, served):
    served.unlink()
    with pytest.raises(OSError, match=r"URL fetch failure on file:[\s\S]*mnist\.load_sample\(\)"):
        mnist.load_data()
    assert list((home / "datasets").iterdir()) == []


def test_a_download_with_the_wrong_hash_is_not_kept(home, served, monkeypatch):
    monkeypatch.setattr(mnist, "_SHA256", "0" * 64)
    with pytest.raises(ValueError, match="Incomplete or corrupted file detected"):
        mnist.load_data()
    assert list((home / "datasets").iterdir()) == []


def test_a_file_of_ones_own_is_read_as_it_is(home, served, monkeypatch):
    monkeypatch.setattr(mnist, "_SHA256", "0" * 64)
    for path in (served, str(served)):
        (x_train, _), _ = mnist.load_data(path)
        np.testing.assert_array_equal(x_train, np.arange(4))
    assert list(home.iterdir()) == []


def test_objects_in_a_file_are_not_unpickled(home, tmp_path):
    path = tmp_path / "objects.npz"
    np.savez(path, x_train=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        mnist.load_data(path)
