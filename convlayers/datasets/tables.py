"""Data sets that are tables of numbers."""

import numpy as np

from convlayers.datasets.downloads import fetch


def load_table(title, path, origin, file_hash, test_split, seed, rows=None):
    """Returns a table as `(x_train, y_train), (x_test, y_test)`.

    Args:
        title, path, origin, file_hash: as in `fetch`.
        test_split: how much of the data is to test with.
        seed: of the order of the rows.
        rows: how many of them are used, by default all.
    """
    if not 0 <= test_split < 1:
        raise ValueError(f"Invalid `test_split` argument: {test_split}. It must be between 0 and 1 (exclusive of 1).")
    with np.load(fetch(title, path, origin, file_hash=file_hash), allow_pickle=False) as file:
        x, y = file["x"][:rows], file["y"][:rows]
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    train, test = np.split(order, [int(len(x) * (1 - test_split))])
    return (x[train], y[train]), (x[test], y[test])
