"""Layers that are in several models of a file, and were one: what the file lacks tells.

Keras writes such a layer into the config of each model, mostly without saying that it is the same, and its weights once.
"""

import copy
import json

import numpy as np

from convlayers.saving.encodings import map_dicts


def with_shared_layers(encoding, names):
    """Returns the encoding of a model in which layers of the same name and settings are one. None if there are no such layers.

    Args:
        encoding: as it stands in a file of any version of Keras.
        names: of the layers. Models that are there several times with one of these in them are one, too.
    """
    encoding, copies = copy.deepcopy(encoding), {}
    for entry in _layers_in(encoding):
        if any(inner["config"].get("name") in names for inner in (entry, *_layers_in(entry))):
            copies.setdefault(_content(entry), []).append(entry)
    shared = [entries for entries in copies.values() if len(entries) > 1]
    for number, entries in enumerate(shared, 1):
        numbers = [entry["shared_object_id"] for entry in entries if "shared_object_id" in entry]
        for entry in entries:
            entry["shared_object_id"] = numbers[0] if numbers else -number
    return encoding if shared else None


def names_of_copies(model, equal=False):
    """Returns the names that several layers with weights have in a model and in the models in it.

    Args:
        model: the model.
        equal: whether they must have the same weights.
    """
    layers = {}
    for layer in model._flatten_layers():
        if layer._own_variables:
            layers.setdefault((type(layer), layer.name), []).append(layer)
    copies = {name: same for (_, name), same in layers.items() if len(same) > 1}
    return {name for name, same in copies.items() if not equal or all(_weigh_the_same(same[0], other) for other in same[1:])}


def places_of_twins(found, reader):
    """Returns where the weights of layers are that have no place in a file: at the place of one like them.

    JSON does not say that layers are one.

    Args:
        found: list of pairs `(path, object)` of what is in a model.
        reader: of the file.

    Returns:
        A dict of paths, and the paths to read in their place.
    """
    places = {}
    for path, owner in found:
        if path in reader:
            places.setdefault(_look(owner), []).append(path)
    missing = [(path, owner) for path, owner in found if path not in reader and getattr(owner, "_own_variables", None)]
    return {path: places[_look(owner)][0] for path, owner in missing if len(places.get(_look(owner), ())) == 1}


def _look(owner):
    return type(owner), owner.name, tuple(variable.shape for variable in getattr(owner, "_own_variables", ()))


def _weigh_the_same(one, other):
    weights, others = one.get_weights(), other.get_weights()
    return len(weights) == len(others) and all(map(np.array_equal, weights, others))


def _layers_in(encoding):
    """Yields the encodings of the layers of a model, and of the models in it."""
    config = encoding["config"]
    entries = config.get("layers") if isinstance(config, dict) else config  # a list of layers before Keras 2.2.3
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("config"), dict):
            yield entry
            yield from _layers_in(entry)


def _content(entry):
    """Returns what is the same wherever a layer is written: its class and settings, without numbers of objects."""
    config = map_dicts(lambda part: {key: part[key] for key in part if key != "shared_object_id"}, entry["config"])
    return json.dumps([entry.get("class_name"), config], sort_keys=True)
