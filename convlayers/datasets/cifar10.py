"""CIFAR-10: small photographs of 10 classes of things, by Alex Krizhevsky, Vinod Nair and Geoffrey Hinton."""

import os

from convlayers.datasets.cifar import read_batches
from convlayers.datasets.downloads import fetch

_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load_data():
    """Returns CIFAR-10: 50,000 color images to train with and 10,000 to test with.

    It is read from `~/.keras/datasets`, where Keras keeps it, and downloaded if it is not there.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, arrays of uint8: images of shapes (50000, 32, 32, 3) and (10000, 32, 32, 3)
        with values from 0 to 255, and labels of shapes (50000, 1) and (10000, 1): 0 airplane, 1 automobile, 2 bird, 3 cat,
        4 deer, 5 dog, 6 frog, 7 horse, 8 ship, 9 truck.

    Raises:
        OSError: if it has to be downloaded and cannot be.
    """
    path = fetch("CIFAR-10", "cifar-10-batches-py-target", _URL, extract=True, file_hash=_SHA256)
    folder = os.path.join(path, "cifar-10-batches-py")
    train = [os.path.join(folder, f"data_batch_{number}") for number in range(1, 6)]
    parts = [read_batches(paths, "labels") for paths in (train, [os.path.join(folder, "test_batch")])]
    return tuple((images, labels.astype("uint8")) for images, labels in parts)
