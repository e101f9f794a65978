"""Fashion-MNIST: images of clothes, by Zalando Research (MIT license)."""

import gzip
import os

import numpy as np

from convlayers.datasets.downloads import FOLDER, fetch

_URL = FOLDER


def load_data():
    """Returns Fashion-MNIST: 60,000 images of clothes to train with and 10,000 to test with.

    It is read from `~/.keras/datasets/fashion-mnist`, where Keras keeps it, and downloaded if it is not there.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, arrays of uint8: images of shapes (60000, 28, 28) and (10000, 28, 28) with
        values from 0 to 255, and labels: 0 T-shirt/top, 1 trouser, 2 pullover, 3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker,
        8 bag, 9 ankle boot.

    Raises:
        OSError: if it has to be downloaded and cannot be.
    """
    return _read("train"), _read("t10k")


def _read(part):
    labels = np.frombuffer(_unzip(f"{part}-labels-idx1-ubyte.gz"), np.uint8, offset=8)
    images = np.frombuffer(_unzip(f"{part}-images-idx3-ubyte.gz"), np.uint8, offset=16)
    return images.reshape(len(labels), 28, 28), labels


def _unzip(name):
    folder = os.path.join("datasets", "fashion-mnist")
    with gzip.open(fetch("Fashion-MNIST", name, _URL + name, cache_subdir=folder)) as file:
        return file.read()
