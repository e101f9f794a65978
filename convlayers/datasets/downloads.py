"""Files of data sets, downloaded where Keras keeps them."""

import os

from convlayers.utils.files import get_file

FOLDER = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def fetch(title, fname, origin, advice="", cache_subdir="datasets", **kwargs):
    """Returns the path of a file of a data set. It is downloaded unless it is there.

    Args:
        title: what the data set is called in messages.
        fname, origin, cache_subdir, kwargs: arguments of `get_file`.
        advice: a sentence for those without a network.

    Raises:
        OSError: if it has to be downloaded and cannot be.
    """
    try:
        return get_file(fname=fname, origin=origin, cache_subdir=cache_subdir, **kwargs)
    except OSError as error:
        kept_as = f"{os.fspath(fname)}_archive" if kwargs.get("extract") else os.fspath(fname)
        raise OSError(
            f"{error}\n{title} has to be downloaded once. Without a network, put the file {origin} into "
            f"~/.keras/{cache_subdir} as {kept_as}{advice}."
        ) from error
