"""Whether a file may be what a command needs, and what to say if it is not."""

import os

from convlayers.saving.other_files import what_it_is


def check_is_there(filepath):
    """Raises an error if there is nothing at a path that could be read.

    Raises:
        FileNotFoundError: if there is nothing.
        PermissionError: if it may not be read.
        ValueError: if it is neither a file nor a folder.
    """
    if not os.path.exists(filepath):
        raise FileNotFoundError(f"There is no file {filepath}.")
    if os.path.isdir(filepath):
        return
    if not os.path.isfile(filepath):
        raise ValueError(f"{filepath} is a device or a pipe. Expected: a file, which can be read more than once.")
    if not os.access(filepath, os.R_OK):
        raise PermissionError(f"There is no permission to read {filepath}. Its owner can give it: chmod +r {filepath}")


def not_a_model(filepath):
    """Returns the `ValueError` for what is neither an archive nor an HDF5 file."""
    return ValueError(
        f"{filepath} is neither a .keras archive nor an HDF5 file, or not all of one. Expected: a .keras or .h5 file of a "
        f"model. Received: {what_it_is(filepath)}."
    )
