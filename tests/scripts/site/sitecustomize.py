"""What Python imports by itself when a program of the tests begins: data sets without a network, and a look at what it imports.

The digits are those that are installed with the package; other images are made of noise. Most of the programs set no seed:
they begin with the same random numbers every time, so that what a test says of them does not hang on luck.
"""

import atexit
import os
import sys

import numpy as np

from convlayers.datasets import cifar10, mnist
from convlayers.utils import set_random_seed

set_random_seed(0)


def _first(count):
    (x_train, y_train), (x_test, y_test) = mnist.load_sample()
    return (x_train[:count], y_train[:count]), (x_test[: count // 4], y_test[: count // 4])


def _colours():
    """Images of 10 colours."""
    random = np.random.RandomState(0)

    def some(count):
        labels = np.arange(count) % 10
        colours = np.random.RandomState(1).randint(0, 200, (10, 1, 1, 3))[labels]
        return (colours + random.randint(0, 50, (count, 32, 32, 3))).astype("uint8"), labels[:, None].astype("uint8")

    return some(200), some(60)


mnist.load_data = lambda path="mnist.npz": _first(600)
cifar10.load_data = _colours


@atexit.register
def _check_imports():
    """Ends the process with status 99 if a Keras or TensorFlow that is installed was imported."""
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None) or ""
        if name.split(".")[0] in ("keras", "tensorflow", "tf_keras", "torch") and f"convlayers{os.sep}" not in path and path:
            os._exit(99)
