"""Which versions of Keras can read a file, and why others cannot.

The rules were found by giving files of Keras 2.21 (tf_keras), 3.15 and convlayers to Keras 2.15, 3.0.5 and 3.15.1.
"""

from convlayers.commands.file_facts import config_of, layers_in, objects_in
from convlayers.saving.compatibility import NEWER_ARGUMENTS

READERS = ("2.15", "3.0", "3.15")


def obstacles(facts, reader):
    """Returns why a version of Keras cannot read a file: a list of strings, empty if it can.

    Args:
        facts: `FileFacts` of a model.
        reader: one of `READERS`.
    """
    rules = {"2.15": _for_keras_2, "3.0": _for_keras_3_0, "3.15": _for_keras_3}[reader]
    return list(dict.fromkeys(rules(facts)))


def _for_keras_2(facts):
    for part in objects_in(facts.encoding):
        config = config_of(part)
        yield from _other_package(facts, part, "keras.src.models", "tf_keras")
        if part["class_name"] == "InputLayer":
            yield from (f"InputLayer has `{key}`, which came later" for key in ("batch_shape", "optional") if key in config)
        if isinstance(config.get("dtype"), dict):
            yield "number types are written as a `DTypePolicy`, which came later"
        yield from _newer_arguments(part, config)


def _for_keras_3_0(facts):
    yield from _for_keras_3(facts)
    for part in objects_in(facts.encoding):
        config = config_of(part)
        yield from _newer_arguments(part, config)
        ends = (config.get("input_layers"), config.get("output_layers"))
        if not facts.is_older and any(isinstance(end, list) and end and isinstance(end[0], str) for end in ends):
            yield "a functional model has a single input or output, which is written in another form since Keras 3.4"


def _for_keras_3(facts):
    if not facts.is_older:
        return
    for part in objects_in(facts.encoding):
        config = config_of(part)
        yield from _other_package(facts, part, "tf_keras", "keras.src.engine")
        if not facts.in_hdf5 and "batch_input_shape" in config and part["class_name"] != "InputLayer":
            yield f"{part['class_name']} has `batch_input_shape`, which Keras 3 reads in .h5 files only"
        if part["class_name"].startswith("Depthwise") and "groups" in config:
            yield f"{part['class_name']} has `groups`, which it lost in Keras 3"
    if any(layers_in(layer) for layer in layers_in(facts.encoding)) and "input_layers" in config_of(facts.encoding):
        yield "a model is in a functional model, and its calls were counted in another way in Keras 2"


def _other_package(facts, part, *packages):
    module = str(part.get("module"))
    if not facts.in_hdf5 and module.startswith(packages):
        yield f"{part['class_name']} is looked for in `{module}`, which is not there"


def _newer_arguments(part, config):
    for key in NEWER_ARGUMENTS.get(str(part.get("module")), ()):
        if key in config:
            yield f"{part['class_name']} has `{key}`, which came later"
