"""CIFAR-100: small photographs of 100 classes of things, by Alex Krizhevsky, Vinod Nair and Geoffrey Hinton."""

import os

from convlayers.datasets.cifar import read_batches
from convlayers.datasets.downloads import fetch

_URL = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
_SHA256 = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


def load_data(label_mode="fine"):
    """Returns CIFAR-100: 50,000 color images to train with and 10,000 to test with.

    It is read from `~/.keras/datasets`, where Keras keeps it, and downloaded if it is not there.

    Args:
        label_mode: "fine" for 100 classes, "coarse" for the 20 groups that they belong to.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images as arrays of uint8 of shapes (50000, 32, 32, 3) and (10000, 32, 32, 3)
        with values from 0 to 255, and labels as arrays of int64 of shapes (50000, 1) and (10000, 1).

    Raises:
        OSError: if it has to be downloaded and cannot be.
        ValueError: if `label_mode` is none of these.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f'`label_mode` must be one of `"fine"`, `"coarse"`. Received: label_mode={label_mode}.')
    path = fetch("CIFAR-100", "cifar-100-python-target", _URL, extract=True, file_hash=_SHA256)
    folder = os.path.join(path, "cifar-100-python")
    return tuple(read_batches([os.path.join(folder, part)], f"{label_mode}_labels") for part in ("train", "test"))
