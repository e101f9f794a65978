"""Prices of houses in Boston, of 1978: a data set that is kept for old scripts.

One of its columns is made of the share of Black people in a town, on the assumption that segregation raises prices.
`california_housing` is as easy to begin with.
"""

from convlayers.datasets.downloads import FOLDER
from convlayers.datasets.tables import load_table

_URL = f"{FOLDER}boston_housing.npz"
_SHA256 = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path="boston_housing.npz", test_split=0.2, seed=113):
    """Returns 506 towns with 13 attributes each, and the median price of a house in thousands of dollars.

    Args:
        path: the name of the file in `~/.keras/datasets`.
        test_split: how much of the data is to test with.
        seed: of the order of the samples.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, arrays of float64 of shapes (n, 13) and (n,).

    Raises:
        OSError: if it has to be downloaded and cannot be.
        ValueError: if `test_split` is not between 0 and 1.
    """
    return load_table("The Boston housing data set", path, _URL, _SHA256, test_split, seed)
