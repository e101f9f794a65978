"""What a file of a model or of weights says about itself, without its weights being read."""

import dataclasses
import math
import os

from convlayers.commands.file_checks import check_is_there, not_a_model
from convlayers.models.layer_entries import damage_as_value_error
from convlayers.registry import find
from convlayers.saving.formats import is_of_older_keras


@dataclasses.dataclass
class FileFacts:
    """What is known of a file.

    Attributes:
        kind: what it is, in words.
        whole: whether there is a model in it, and not weights alone.
        in_hdf5: whether that is in the old form, in one HDF5 file.
        keras_version: of the Keras that wrote it; None if it does not say.
        backend: that this Keras had; None if it does not say.
        encoding: the model as it stands in the file; None if there is none.
        is_older: whether Keras 1 or 2 wrote it.
        optimizer: the encoding of the optimizer, or its name; None if there is none.
        loss: as it stands in the file; None if there is none.
        arrays: list of paths, shapes and number types.
    """

    kind: str
    whole: bool = False
    in_hdf5: bool = False
    keras_version: str | None = None
    backend: str | None = None
    encoding: dict | None = None
    is_older: bool = False
    optimizer: object = None
    loss: object = None
    arrays: list = dataclasses.field(default_factory=list)

    @property
    def modern(self):
        """The encoding in the form of Keras 3."""
        if not self.is_older:
            return self.encoding
        from convlayers.saving.legacy.configs import modern_encoding

        with damage_as_value_error("The model"):
            modern = modern_encoding(self.encoding)
        if not isinstance(modern, dict):
            raise ValueError(f"There is no model in the file, but an object of {type(modern)}.")
        return modern

    @property
    def parameters(self):
        """How many numbers there are in the arrays of the layers: what the optimizer remembers is left out."""
        total = 0
        for path, shape, _ in self.arrays:
            if path.split("/")[1] not in ("optimizer", "optimizer_weights", "metrics"):
                total += math.prod(shape)
        return total


def read_facts(filepath):
    """Returns the `FileFacts` of a file.

    Raises:
        ValueError: if it is nothing that is known here, or damaged.
        OSError: if it cannot be read.
    """
    from convlayers.saving.archive import is_archive
    from convlayers.saving.hdf5 import is_hdf5

    check_is_there(filepath)
    if is_archive(filepath):
        return _read_archive(filepath)
    if is_hdf5(filepath):
        return _read_hdf5(filepath)
    raise not_a_model(filepath)


def _read_archive(filepath):
    from convlayers.saving.archive import CONFIG, METADATA, open_archive
    from convlayers.saving.weight_stores import open_arrays_of

    kind = "model, folder of an unzipped .keras archive" if os.path.isdir(filepath) else "model, .keras archive"
    with open_archive(filepath) as archive:
        encoding = archive.read_json(CONFIG)
        metadata = archive.read_json(METADATA) if METADATA in archive.names() else {}
        version = metadata.get("keras_version") if isinstance(metadata, dict) else None
        with open_arrays_of(archive, filepath) as arrays:
            stored = list(arrays.walk()) if hasattr(arrays, "walk") else []
    if not isinstance(encoding, dict):
        raise ValueError(f"The file is damaged: '{CONFIG}' of {filepath} describes no model.")
    compile_config = encoding.get("compile_config")
    compiled = compile_config if isinstance(compile_config, dict) else {}
    return FileFacts(
        kind,
        whole=True,
        keras_version=version,
        encoding=encoding,
        is_older=is_of_older_keras(version),
        optimizer=compiled.get("optimizer"),
        loss=compiled.get("loss"),
        arrays=stored,
    )


def _read_hdf5(filepath):
    from convlayers.saving import hdf5
    from convlayers.saving.files import Window
    from convlayers.saving.json_text import parse_json

    names = ("keras_version", "backend", "model_config", "training_config")
    with Window(filepath) as file, hdf5.open_file(file, filepath) as reader:
        texts = {name: reader.text("", name) for name in names}
        facts = FileFacts("weights, .weights.h5 of Keras 3", arrays=list(reader.walk()))
        facts.backend, facts.keras_version = texts["backend"], texts["keras_version"]
        if texts["model_config"] is not None:
            facts.kind, facts.whole, facts.in_hdf5 = "model, HDF5", True, True
            facts.encoding = parse_json(texts["model_config"].encode(), f"'model_config' of {filepath}")
            facts.keras_version = facts.keras_version or "1"
            facts.is_older = is_of_older_keras(facts.keras_version)
            if texts["training_config"] is not None:
                training = parse_json(texts["training_config"].encode(), f"'training_config' of {filepath}")
                if isinstance(training, dict):
                    facts.optimizer, facts.loss = training.get("optimizer_config"), training.get("loss")
        elif reader.attribute("", "layer_names") is not None:
            facts.kind, facts.in_hdf5 = "weights, HDF5 of Keras 1 and 2", True
        return facts


def layers_in(encoding):
    """Returns the encodings of the layers of a model, with those of models in it, in their order."""
    config = encoding.get("config")
    layers = config.get("layers") if isinstance(config, dict) else config
    found = []
    for layer in layers if isinstance(layers, list) else ():
        if isinstance(layer, dict):
            found += [layer, *layers_in(layer)]
    return found


def config_of(encoding):
    """Returns the config in the encoding of an object, an empty dict if there is none."""
    config = encoding.get("config")
    return config if isinstance(config, dict) else {}


def is_known(encoding):
    """Whether the class or function of an object's encoding is known here."""
    name = encoding["class_name"]
    if name.startswith("__") or str(encoding.get("module")).startswith(("keras.src.ops.", "keras.ops")):
        return True
    registered_name = encoding.get("registered_name")
    if name == "function":
        name, registered_name = encoding["config"], None
    return isinstance(name, str) and find(name, encoding.get("module") or "", registered_name) is not None


def name_of(encoding):
    """Returns the name of an object in a file, or of its class."""
    return encoding.get("name") or config_of(encoding).get("name") or encoding.get("class_name")
