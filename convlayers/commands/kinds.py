"""What a file is that is no file of a model, in words that say what to do about it."""

import os

# What files of other kinds begin with.
_BEGINNINGS = {
    b"PK": "a zip archive, or the beginning of one. If it should be a model, it was cut off: copy or download it again",
    b"\x1f\x8b": "what gzip has packed. Unpack it first",
    b"\xff\xd8\xff": "a JPEG image",
    b"\x89PNG": "a PNG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"\x93NUMPY": "an array of NumPy",
    b"\x80": "a pickle. Pickles can run any code, and are not read. Save the model as .keras where it was made",
    b"{": "JSON, maybe an architecture alone. In a script, `models.model_from_json` makes a model of it",
    b"<": "a web page, or other XML. Download the file itself",
}


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
        f"model. Received: {_what_it_is(filepath)}."
    )


def _what_it_is(filepath):
    if os.path.isdir(filepath):
        if os.path.exists(os.path.join(filepath, "saved_model.pb")):
            return "a SavedModel folder of TensorFlow. Load it there, and save it as .h5 or .keras"
        return "a folder without the config.json that an unzipped .keras archive has"
    with open(filepath, "rb") as file:
        start = file.read(64)
    if not start:
        return "an empty file. Copy or download it again"
    for beginning, kind in _BEGINNINGS.items():
        if start.startswith(beginning):
            return kind
    return f"a file that begins with {start[:16]!r}"
