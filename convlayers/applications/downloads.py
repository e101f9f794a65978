"""Files from the web that models and their predictions need."""

import os


def fetch(name, url, file_hash=None):
    """Returns the path of a file in the folder `models` of Keras's cache, after downloading it if it is not there.

    Raises:
        OSError: if it is not there and cannot be downloaded.
    """
    from convlayers import config
    from convlayers.utils import get_file

    try:
        return get_file(name, url, cache_subdir="models", file_hash=file_hash)
    except OSError as error:
        folder = os.path.join(os.path.expanduser(config.keras_home()), "models")
        raise OSError(
            f"{error}\nWithout a connection, download {url} elsewhere and put it here as {os.path.join(folder, name)}. "
            "Models can also be made with `weights=None`, or with the path of a file as `weights`."
        ) from error
