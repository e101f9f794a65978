"""Models from files, for commands; what is none is said in words for those who have found it."""

import os

from convlayers.commands.file_checks import check_is_there, not_a_model
from convlayers.commands.output import working


def read_model(filepath, compile=False):
    """Returns the model in a file.

    Raises:
        OSError: if there is no such file, or it may not be read.
        ValueError: if there is no model in it, or it is damaged.
    """
    from convlayers.saving import load_model
    from convlayers.saving.archive import is_archive
    from convlayers.saving.hdf5 import is_hdf5

    check_is_there(filepath)
    if not is_archive(filepath):
        if not is_hdf5(filepath):
            raise not_a_model(filepath)
        if _has_weights_alone(filepath):
            raise ValueError(
                f"There are weights in {filepath}, and no model: that is in the script which made it. Make the model there, "
                f"then `model.load_weights({os.path.basename(filepath)!r})`. `inspect` shows the names and shapes of the "
                "weights."
            )
    with working(f"Reading {filepath}"):
        return load_model(filepath, compile=compile)


def _has_weights_alone(filepath):
    from convlayers.saving import hdf5
    from convlayers.saving.files import Window

    with Window(filepath) as file, hdf5.open_file(file, filepath) as reader:
        return reader.text("", "model_config") is None
