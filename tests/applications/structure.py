"""What a model is made of, as plain data, and a digest of it for all models of `keras.applications`.

    python -m tests.applications.structure

writes the digests of the Keras that is installed to keras_models.json.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

DIGESTS = Path(__file__).with_name("keras_models.json")


def names(applications):
    """Returns the names of all functions that make models."""
    return [name for name in dir(applications) if name[0].isupper()]


def structure(model):
    """Returns the configuration of a model, and its weights: their paths, shapes, and whether they are trained."""
    weights = [(weight.path, list(weight.shape), weight.trainable) for weight in model.weights]
    return {"config": _plain(model.get_config()), "weights": _plain(weights)}


def digest(model):
    """Returns the numbers of layers and parameters, and the hash of the structure, of a model that was made first of all."""
    text = json.dumps(structure(model), sort_keys=True)
    return [len(model.layers), model.count_params(), hashlib.sha256(text.encode()).hexdigest()]


def _plain(value):
    if isinstance(value, dict):
        # What a layer without weights was built for is written by Keras only.
        return {key: _plain(part) for key, part in value.items() if key != "build_config"}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def _write_digests():
    import keras
    from keras.src import backend

    # One model is refused where PyTorch computes; nothing is computed here.
    backend.backend = lambda: "none"
    digests = {}
    for name in names(keras.applications):
        keras.utils.clear_session()
        digests[name] = digest(getattr(keras.applications, name)(weights=None))
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in digests.items())
    DIGESTS.write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    _write_digests()
