"""What a file is that is none of Keras, in words that say what to do about it.

Each description stands behind "Received: ", and has no full stop at its end.
"""

import os

from convlayers.saving.file_endings import MODEL_ENDINGS

# What files of other kinds begin with.
_BEGINNINGS = {
    b"version https://git-lfs": "a pointer of Git LFS, which stands for the file: `git lfs pull` puts the file in its place",
    b"PK": "a zip archive, or the beginning of one. If it should be a model, it was cut off: copy or download it again",
    b"\x89HDF": "the beginning of an HDF5 file. It was cut off: copy or download it again",
    bytes(16): "a file that begins with nothing but zeros, as after a copy that was broken off: copy or download it again",
    b"\x1f\x8b": "what gzip has packed. Unpack it first",
    b"BZh": "what bzip2 has packed. Unpack it first",
    b"\xfd7zXZ": "what xz has packed. Unpack it first",
    b"7z\xbc\xaf": "what 7-Zip has packed. Unpack it first",
    b"Rar!": "what RAR has packed. Unpack it first",
    b"\xff\xd8\xff": "a JPEG image",
    b"\x89PNG": "a PNG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"\x93NUMPY": "an array of NumPy",
    b"\x80": "a pickle. Pickles can run any code, and are not read. Save the model as .keras where it was made",
    b"{": "JSON, maybe an architecture alone. In a script, `models.model_from_json` makes a model of it",
    b"backend:": "YAML of an architecture, which Keras no longer reads. Save it where it was made: `model.to_json()`",
    b"class_name:": "YAML of an architecture, which Keras no longer reads. Save it where it was made: `model.to_json()`",
    b"<": "a web page, or other XML. Download the file itself",
}

_OF_TENSORFLOW_LITE = "a model of TensorFlow Lite, which has no layers any more. Take the model that it was made of"
_OF_TENSORFLOW_JS = (
    "a model of TensorFlow.js. `tensorflowjs_converter --input_format=tfjs_layers_model --output_format=keras model.json "
    "model.h5` makes a file of Keras of it"
)
_CHECKPOINT = (
    "a checkpoint of TensorFlow. Load it where it was made, and save it again: "
    "`model.load_weights(path); model.save_weights('model.weights.h5')`"
)
_SAVED_MODEL = (
    "a SavedModel folder of TensorFlow. Load it there, with Keras 2 or the package tf_keras, and save it as .h5 or .keras"
)

# Files that are known by their names alone.
_ENDINGS = {
    ".onnx": "a model of ONNX, which has no layers of Keras",
    ".pb": "a graph of TensorFlow, which has no layers. Take the .h5 or .keras file that it was made of",
    ".safetensors": "arrays of safetensors. `layer.set_weights` takes them one by one",
    ".weights": "weights of Darknet. Programs that turn them into an .h5 file are made for one network each, as YOLO",
    ".index": _CHECKPOINT,
}


def what_it_is(filepath):
    """Describes what is at a path, which is neither an archive of Keras nor an HDF5 file.

    Raises:
        OSError: if it may not be read.
    """
    if os.path.isdir(filepath):
        return _what_folder(filepath)
    if not os.path.exists(filepath):
        return _what_nothing(filepath)
    with open(filepath, "rb") as file:
        start = file.read(1 << 16)
    if not start:
        return "an empty file. Copy or download it again"
    if os.path.basename(filepath) == "saved_model.pb":
        return f"a part of {_SAVED_MODEL}"
    if start[4:8] == b"TFL3":
        return _OF_TENSORFLOW_LITE
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{") and b'"modelTopology"' in text:
        return _OF_TENSORFLOW_JS
    for beginning, kind in _BEGINNINGS.items():
        if start.startswith(beginning) or text.startswith(beginning):
            return kind
    for ending, kind in _ENDINGS.items():
        if filepath.endswith(ending):
            return kind
    return f"a file that begins with {start[:16]!r}"


def what_archive_it_is(names):
    """Describes a zip archive, or a folder, that is not one of Keras; None if nothing is known about it.

    Args:
        names: of its members.
    """
    if any(os.path.basename(name) == "data.pkl" for name in names):
        return "a file of PyTorch, which has no layers of Keras"
    if names and all(name.endswith(".npy") for name in names):
        return "arrays of NumPy. `model.set_weights` takes a list of them: `list(numpy.load(path).values())`"
    for name in names:
        folder, _, last = name.rpartition("/")
        if last == "config.json" and folder:
            return f"an archive in which the model is in a folder. Unpack it, and load the folder '{folder}'"
        if name.endswith(MODEL_ENDINGS) and last != "model.weights.h5":
            return f"an archive with other files in it. Unpack it, and load '{name}'"
    return None


def _what_folder(filepath):
    names = sorted(os.listdir(filepath))
    if "saved_model.pb" in names:
        return _SAVED_MODEL
    if "model.json" in names:
        return _OF_TENSORFLOW_JS
    if "checkpoint" in names or any(name.endswith(".index") for name in names):
        return _CHECKPOINT
    found = [name for name in names if name.endswith(MODEL_ENDINGS)]
    hint = f". It has '{found[0]}'" if found else ""
    return f"a folder without the config.json that an unzipped .keras archive has{hint}"


def _what_nothing(filepath):
    if os.path.exists(f"{filepath}.index"):
        return _CHECKPOINT
    if os.path.islink(filepath):
        return f"a link to '{os.readlink(filepath)}', where nothing is"
    if "://" in filepath:
        return "an address. `keras.utils.get_file(origin=address)` returns the path of what it downloads"
    if filepath.startswith("~"):
        return f"nothing. There is no such file: `os.path.expanduser` makes {os.path.expanduser(filepath)!r} of it"
    return f"nothing. There is no such file in {os.path.dirname(os.path.abspath(filepath))}"
