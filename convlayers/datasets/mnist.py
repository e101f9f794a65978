"""MNIST: images of handwritten digits, by Yann LeCun, Corinna Cortes and Christopher Burges (CC BY-SA 3.0)."""

import os

import numpy as np

from convlayers.datasets.downloads import FOLDER, fetch

_URL = f"{FOLDER}mnist.npz"
_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path="mnist.npz"):
    """Returns MNIST: 60,000 images of handwritten digits to train with and 10,000 to test with.

    It is read from `~/.keras/datasets`, where Keras keeps it, and downloaded if it is not there.

    Args:
        path: the name of the file there; or the path of a file of your own, which is read as it is.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, arrays of uint8: images of shapes (60000, 28, 28) and (10000, 28, 28)
        with values from 0 to 255, and labels from 0 to 9.

    Raises:
        OSError: if it has to be downloaded and cannot be.

    Example:

    >>> (x_train, y_train), (x_test, y_test) = mnist.load_data()
    """
    path = os.fspath(path)
    if os.sep in path and os.path.exists(path):
        return _read(path)
    advice = (
        ", pass the path of a file that you have, or use `mnist.load_sample()`: 4,000 + 1,000 digits that are installed with "
        "this package"
    )
    return _read(fetch("MNIST", path, _URL, advice, file_hash=_SHA256))


def load_sample():
    """Returns a part of MNIST that is installed with this package, for tests and first steps without a network.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, as `load_data`, with 4,000 images to train with and 1,000 to test with.
        All are from the training set of the whole.
    """
    return _read(os.path.join(os.path.dirname(__file__), "mnist_5k.npz"))


def _read(path):
    with np.load(path, allow_pickle=False) as file:
        return (file["x_train"], file["y_train"]), (file["x_test"], file["y_test"])
