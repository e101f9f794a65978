"""Weights in several HDF5 files, none larger than wanted, and a JSON file that says which has what."""

import contextlib
import io
import json
import math
import os
import warnings

import numpy as np

from convlayers.models.summary import format_bytes
from convlayers.narrow_types import size_of
from convlayers.saving.files import replacing
from convlayers.saving.places import places

_ENDING = ".weights.json"


def path_of_map(filepath):
    """Returns the path of the JSON file, for a path that ends in ".weights.json" or ".weights.h5".

    Raises:
        ValueError: if it has another ending.
    """
    if filepath.endswith(_ENDING):
        return filepath
    if not filepath.endswith(".weights.h5"):
        raise ValueError(
            f"The filename must end in `.weights.json` when `max_shard_size` is specified. Received: filepath={filepath}"
        )
    renamed = filepath.removesuffix(".h5") + ".json"
    warnings.warn(
        "Saving sharded weights requires `*.json` as the extension. "
        f"The original path: {filepath} will be renamed to {renamed}.",
        stacklevel=4,
    )
    return renamed


def write_shards(model, filepath, max_shard_size, objects_to_skip=()):
    """Writes all variables of a model, and of its optimizer if it has been compiled, to files beside one another.

    They appear under their names only once all are whole.

    Args:
        model: a `Model`.
        filepath: of the JSON file.
        max_shard_size: size of the largest file, in units of 2**30 bytes.
        objects_to_skip: layers that are left out.

    Raises:
        ValueError: if a variable is larger.
    """
    shards = _divide(model, max_shard_size * 2**30, objects_to_skip)
    base = os.path.basename(filepath).removesuffix(_ENDING)
    names = [f"{base}_{number:05}.weights.h5" for number in range(len(shards))]
    with contextlib.ExitStack() as files:
        # It takes its place last.
        table = files.enter_context(replacing(filepath))
        for name, shard in zip(names, shards, strict=True):
            files.enter_context(replacing(os.path.join(os.path.dirname(filepath), name))).write(_as_bytes(shard))
        table.write(json.dumps(_map(names, shards), indent=4).encode())


def _divide(model, limit, objects_to_skip):
    """Returns a list of lists of variables, each with the path and name of its owner, and its key there."""
    shards, size = [[]], 0
    for path, owner in places(model, objects_to_skip):
        variables = {}
        owner.save_own_variables(variables)
        for key, variable in variables.items():
            new = _size(variable)
            if new > limit:
                raise ValueError(
                    f"The size of {key} is {format_bytes(new)} which exceeds the maximum shard size {format_bytes(limit)}. "
                    "You can increase the `max_shard_size` parameter to accommodate the size.\n"
                    f"It is the variable number {key} of '{owner.name}'."
                )
            if size + new > limit:
                shards.append([])
                size = 0
            size += new
            shards[-1].append((path, owner.name, key, variable))
    return shards


def _map(names, shards):
    places_of = {}
    for name, shard in zip(names, shards, strict=True):
        for path, *_ in shard:
            known = places_of.setdefault(f"/{path}/vars" if path else "/vars", [])
            if name not in known:
                known.append(name)
    total = sum(_size(variable) for shard in shards for *_, variable in shard)
    weight_map = {place: known if len(known) > 1 else known[0] for place, known in places_of.items()}
    return {"metadata": {"total_size": total}, "weight_map": weight_map}


def _as_bytes(shard):
    from convlayers.saving import hdf5

    file = io.BytesIO()
    with hdf5.create(file) as writer:
        for path, name, key, variable in shard:
            writer.group(path, name)[key] = variable
    return file.getbuffer()


def _size(variable):
    return math.prod(np.shape(variable)) * size_of(str(getattr(variable, "dtype", "float32")))
