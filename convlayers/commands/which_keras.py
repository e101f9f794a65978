"""Which versions of Keras can read a file, and why others cannot.

The rules were found by giving files of Keras 2.21 (tf_keras), 3.0 to 3.15 and convlayers to Keras 2.15, 3.0.5 and 3.15.1.
"""

import collections

from convlayers import losses, nested
from convlayers.commands.file_facts import config_of, layers_in, name_of
from convlayers.models.model import Model
from convlayers.saving.compatibility import newer_arguments, newer_than_3_0
from convlayers.saving.encodings import map_ends, objects_in
from convlayers.saving.for_keras import beyond_keras
from convlayers.saving.shared_calls import has_all_calls, with_calls_of_each_model
from convlayers.serialization import LAMBDA

READERS = ("2.15", "3.0", "3.15")
# Arguments that Keras 3.0 had, and later versions do not have.
_WENT_LATER = "RandomRotation: value_range="


def obstacles(facts, reader, model=None):
    """Returns why a version of Keras cannot read a file: a list of strings, empty if it can.

    Args:
        facts: `FileFacts` of a model.
        reader: one of `READERS`.
        model: what was made of it here, if that was possible.
    """
    rules = {"2.15": _for_keras_2, "3.0": _for_keras_3_0, "3.15": _for_keras_3}[reader]
    if facts.is_older and str(facts.keras_version).startswith("1"):
        return ["arguments have the names of Keras 1, as `nb_filter`, which later versions do not know"]
    return list(dict.fromkeys([*_whatever_the_version(facts, reader), *rules(facts), *_shared_layers(facts, reader, model)]))


def _shared_layers(facts, reader, model):
    """Layers in several models, which Keras writes to `.keras` files once, and looks for as often as they are there."""
    if model is None or facts.in_hdf5 or facts.is_older or reader == "2.15" or has_all_calls(objects_in(facts.encoding)):
        return
    models = [part for part in model._flatten_layers() if isinstance(part, Model)]
    uses = collections.Counter(layer for part in models for layer in part.layers if layer.weights)
    weights = [path for path, *_ in facts.arrays if not path.startswith("/optimizer")]
    if max(uses.values(), default=0) > 1 or len(model.weights) > len(weights) > 0:
        yield "layers that are in several models have their weights there once"


def _for_keras_2(facts):
    yield from _beyond_keras(facts)
    for part in objects_in(facts.encoding):
        config = config_of(part)
        yield from _other_package(facts, part, "keras.src.models", "tf_keras")
        if part["class_name"] == "InputLayer":
            yield from (f"InputLayer has `{key}`, which came later" for key in ("batch_shape", "optional") if key in config)
        if isinstance(config.get("dtype"), dict):
            yield "number types are written as a `DTypePolicy`, which came later"
        yield from (f"{part['class_name']} has `{key}`, which came later" for key in newer_arguments(part) if key in config)


def _for_keras_3_0(facts):
    yield from (reason for reason in _for_keras_3(facts) if not reason.startswith(_WENT_LATER))
    yield from _optimizer_for_3_0(facts)
    encoding = with_calls_of_each_model(facts.encoding, list(objects_in(facts.encoding)))
    for part in objects_in(encoding):
        yield from newer_than_3_0(part)
        if not facts.is_older and isinstance(config_of(part).get("layers"), list) and "output_layers" in config_of(part):
            yield from _graph_for_3_0(config_of(part))


def _optimizer_for_3_0(facts):
    """Optimizers of which Keras 3.10 changed the order of what they remember. A file that has it as before is of that."""
    optimizer = facts.optimizer if isinstance(facts.optimizer, dict) else {}
    shapes = {path: shape for path, shape, _ in facts.arrays}
    third, fourth = (shapes.get(f"/optimizer/vars/{index}") for index in (2, 3))
    in_turn = all(config_of(optimizer).get(key) for key in ("use_ema", "gradient_accumulation_steps")) and third != fourth
    if in_turn or (optimizer.get("class_name") == "Nadam" and third):
        yield "what the optimizer remembers is in another order since Keras 3.10"


def _graph_for_3_0(config):
    ends = [config.get(key) for key in ("input_layers", "output_layers")]
    if any(isinstance(end, list) and end and isinstance(end[0], str) for end in ends):
        yield "a functional model has a single input or output in the form of Keras 3.11, which 3.4 and later read"
    layers = {name_of(layer): layer for layer in config["layers"] if isinstance(layer, dict)}
    if any(call and "output_layers" in config_of(layers.get(name, {})) for name, call in _calls_in(ends[1])):
        yield "an output of a functional model is that of a functional model in it, which later versions read"
    if _some_call_waits(layers):
        yield "layers are called in turns, several times each, which later versions read"


def _calls_in(ends):
    calls = []
    map_ends(lambda name, call, _: calls.append((name, call)), ends)
    return calls


def _some_call_waits(layers):
    """Whether a call needs the result of a later one, where all calls of a layer are made before those of the next."""
    made = dict.fromkeys((name for name, layer in layers.items() if layer.get("class_name") == "InputLayer"), 1)
    for name, layer in layers.items():
        for node in layer.get("inbound_nodes") or ():
            for tensor in objects_in(node):
                source, call, *_ = config_of(tensor).get("keras_history") or (None, 0)
                if source is not None and made.get(source, 0) <= call:
                    return True
            made[name] = made.get(name, 0) + 1
    return False


def _for_keras_3(facts):
    yield from _beyond_keras(facts)
    if facts.in_hdf5:
        for loss in nested.flatten(facts.loss):
            if isinstance(loss, str) and losses.long_name(loss) != loss:
                yield f"the loss '{loss}' has another name in .h5 files (`load_model(path, compile=False)` does without it)"
    if not facts.is_older:
        return
    yield from (f"{name} has `batch_input_shape`, and no InputLayer before it" for name in _first_layers(facts.encoding))
    for part in objects_in(facts.encoding):
        config = config_of(part)
        yield from _other_package(facts, part, "tf_keras", "keras.src.engine")
        if not facts.in_hdf5 and "batch_input_shape" in config and part["class_name"] != "InputLayer":
            yield f"{part['class_name']} has `batch_input_shape`, which Keras 3 reads in .h5 files only"
        if config.get("activation") == "hard_sigmoid":
            yield "the activation 'hard_sigmoid' is another function there"
        if part["class_name"].startswith("Depthwise") and "groups" in config:
            yield f"{part['class_name']} has `groups`, which it lost in Keras 3"
    if any(layers_in(layer) for layer in layers_in(facts.encoding)) and "input_layers" in config_of(facts.encoding):
        yield "a model is in a functional model, and its calls were counted in another way in Keras 2"


def _whatever_the_version(facts, reader):
    is_guarded = not (facts.in_hdf5 and reader == "2.15")
    if is_guarded and any(part["class_name"] == LAMBDA for part in objects_in(facts.modern)):
        yield "it has a Python lambda (`load_model(path, safe_mode=False)` runs code that is in the file)"
    if facts.in_hdf5 and facts.arrays and not layers_in(facts.encoding):
        yield f"layers of {facts.encoding['class_name']} have no weights before it is called (`load_weights` reads them then)"


def _first_layers(encoding):
    """Yields the classes of layers that say the shape of what a stack takes, as in Keras before 2.3."""
    for stack in objects_in(encoding):
        layers = layers_in(stack) if stack["class_name"] == "Sequential" else ()
        if layers and "batch_input_shape" in config_of(layers[0]) and layers[0].get("class_name") != "InputLayer":
            yield layers[0].get("class_name")


def _other_package(facts, part, *packages):
    module = str(part.get("module"))
    if not facts.in_hdf5 and module.startswith(packages):
        yield f"{part['class_name']} is looked for in `{module}`, which is not there"


def _beyond_keras(facts):
    if not facts.is_older:
        for part in objects_in(facts.encoding):
            yield from (f"{part['class_name']}: {reason}" for reason in beyond_keras(part))
