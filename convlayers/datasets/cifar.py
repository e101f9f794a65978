"""What CIFAR-10 and CIFAR-100 have in common."""

import numpy as np

from convlayers import config
from convlayers.datasets.pickled_arrays import ArrayUnpickler


def read_batches(paths, label_key):
    """Returns images of shape (n, 32, 32, 3), or (n, 3, 32, 32) by `image_data_format()`, and labels of shape (n, 1)."""
    batches = [_read(path) for path in paths]
    images = np.concatenate([batch[b"data"] for batch in batches]).reshape(-1, 3, 32, 32)
    labels = np.concatenate([np.asarray(batch[label_key.encode()]) for batch in batches]).reshape(-1, 1)
    if config.image_data_format() == "channels_last":
        images = images.transpose(0, 2, 3, 1)
    return images, labels


def _read(path):
    with open(path, "rb") as file:
        return ArrayUnpickler(file, encoding="bytes").load()
