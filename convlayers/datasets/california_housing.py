"""Prices of houses in California, of 1990, by R. Kelley Pace and Ronald Barry."""

from convlayers.datasets.downloads import FOLDER
from convlayers.datasets.tables import load_table

_URL = f"{FOLDER}california_housing.npz"
_SHA256 = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"


def load_data(version="large", path="california_housing.npz", test_split=0.2, seed=113):
    """Returns 20,640 districts with 8 attributes each, and the median price of a house in dollars.

    Args:
        version: "large" for all, "small" for the first 600.
        path: the name of the file in `~/.keras/datasets`.
        test_split: how much of the data is to test with.
        seed: of the order of the samples.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, arrays of float32 of shapes (n, 8) and (n,). The attributes are longitude,
        latitude, median age of the houses, rooms, bedrooms, people, households, and median income.

    Raises:
        OSError: if it has to be downloaded and cannot be.
        ValueError: if an argument is none of these.
    """
    if version not in ("small", "large"):
        raise ValueError(f"Argument `version` must be one of 'small', 'large'. Received: version={version}")
    rows = 600 if version == "small" else None
    return load_table("The California housing data set", path, _URL, _SHA256, test_split, seed, rows)
