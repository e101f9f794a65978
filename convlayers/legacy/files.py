"""Names of files in scripts of Keras 1 and 2: `model.save_weights("model.h5")`, `ModelCheckpoint("best.hdf5")`.

What has none of these endings, as "training/cp.ckpt", was for Keras 2 the name of a checkpoint of TensorFlow. Such weights are
in a file of today, with today's ending behind the name, and are found there under the name. A model of such a name was in a
folder, and is in one today: a `.keras` archive, unpacked, or its weights alone where the model has no config.
"""

import functools
import os

from convlayers.callbacks import ModelCheckpoint
from convlayers.layers import Lambda
from convlayers.legacy.old_spelling import warn_of
from convlayers.models import Model
from convlayers.models import load_model as load_model_today
from convlayers.saving.file_endings import HDF5_ENDINGS, MODEL_ENDINGS, WEIGHTS_ENDING

_WEIGHTS_IN_FOLDER = f"model{WEIGHTS_ENDING}"
_ENDINGS_KNOWN = (*MODEL_ENDINGS, ".json")


def accept_old_file_names():
    """Lets models, weights, and what `ModelCheckpoint` writes, have the names of files of Keras 1 and 2."""
    Model.save = _noting_lambdas(_making_folders(Model.save))
    Model.save_weights = _choosing_format(Model.save_weights)
    Model.load_weights = _finding_checkpoints(Model.load_weights)
    ModelCheckpoint.__init__ = _accepting_names(ModelCheckpoint.__init__)


def save_model(model, filepath, *args, **kwargs):
    """`model.save`, as a function."""
    model.save(filepath, *args, **kwargs)


@functools.wraps(load_model_today)
def load_model(filepath, custom_objects=None, **kwargs):
    known = _lambdas.get(os.path.abspath(filepath), {}) if isinstance(filepath, (str, os.PathLike)) else {}
    return load_model_today(filepath, {**known, **(custom_objects or {})}, **kwargs)


# What old scripts find in `keras.models`.
ADDED = {"load_model": load_model, "save_model": save_model}

# By path of a file that this process wrote, and by layer, the lambdas of `Lambda` layers: no file has their code.
_lambdas = {}


class Loaded:
    """What loading a checkpoint returned: scripts tell it that they know what is in the file. All of it was loaded."""

    def assert_consumed(self):
        return self

    def expect_partial(self):
        return self

    assert_existing_objects_matched = assert_consumed


def _noting_lambdas(save):
    @functools.wraps(save)
    def save_and_note(self, filepath, *args, **kwargs):
        save(self, filepath, *args, **kwargs)
        if isinstance(filepath, (str, os.PathLike)):
            lambdas = {layer.name: layer.function for layer in self._flatten_layers() if _has_lambda(layer)}
            _lambdas[os.path.abspath(filepath)] = lambdas

    return save_and_note


def _has_lambda(layer):
    return (
        isinstance(layer, Lambda)
        and getattr(layer.function, "__name__", None) == "<lambda>"
        and not callable(layer._output_shape)
    )


def _making_folders(save):
    @functools.wraps(save)
    def save_as(self, filepath, *args, **kwargs):
        is_name = isinstance(filepath, (str, os.PathLike)) and _has_no_ending(os.fspath(filepath))
        if is_name and kwargs.get("save_format") == "h5":
            warn_of("save('...', save_format='h5')", "a name that ends in `.keras`. This is an HDF5 file, as in Keras 2")
            name = os.fspath(filepath)
            save(self, name + ".h5", *args, **kwargs)
            os.replace(name + ".h5", name)
            return None
        if not is_name or len(args) > 1 or kwargs.get("zipped") is not None or kwargs.get("save_format", "tf") != "tf":
            return save(self, filepath, *args, **kwargs)
        kwargs.pop("save_format", None)
        warn_of("save('...')", "a name that ends in `.keras`. This is a folder, as in Keras 2, with what such a file has in it")
        os.makedirs(os.path.dirname(os.fspath(filepath)) or ".", exist_ok=True)
        try:
            return save(self, filepath, *args, **kwargs, zipped=False)
        except NotImplementedError as error:  # Keras 2 asked for no config where it wrote a folder.
            _write_weights_alone(self, os.fspath(filepath), error)

    return save_as


def _write_weights_alone(model, folder, error):
    what = str(error).partition("\n")[0]
    today = "`save_weights`, or a `get_config`. The weights are in this folder, for `load_weights` of a model that is made anew"
    warn_of(f"save('...') of a model without a config ({what})", today)
    os.makedirs(folder, exist_ok=True)
    model.save_weights(os.path.join(folder, _WEIGHTS_IN_FOLDER))


def _choosing_format(save_weights):
    @functools.wraps(save_weights)
    def save(self, filepath, *args, **kwargs):
        _count_as_built(self)
        name = os.fspath(filepath)
        if _has_no_ending(name):
            warn_of("save_weights('...')", f"a name that ends in `{WEIGHTS_ENDING}`. That is behind the name of this file")
            os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
            return save_weights(self, name + WEIGHTS_ENDING, *args, **kwargs)
        if not name.endswith(HDF5_ENDINGS) or name.endswith(WEIGHTS_ENDING):
            return save_weights(self, filepath, *args, **kwargs)
        from convlayers.saving import save_weights as save_weights_as

        today = f"a name that ends in `{WEIGHTS_ENDING}`. This file is written as Keras 2 did"
        warn_of(f"save_weights('...{_ending(name)}')", today)
        return save_weights_as(self, filepath, *args, format="keras2", **kwargs)

    return save


def _finding_checkpoints(load_weights):
    @functools.wraps(load_weights)
    def load(self, filepath, *args, **kwargs):
        _count_as_built(self)
        name = os.fspath(filepath)
        places = (name + WEIGHTS_ENDING, os.path.join(name, _WEIGHTS_IN_FOLDER)) if _has_no_ending(name) else ()
        place = next(filter(os.path.exists, places), None)
        if place is None:
            return load_weights(self, filepath, *args, **kwargs)
        load_weights(self, place, *args, **kwargs)
        return Loaded()

    return load


def _count_as_built(model):
    """Takes a model that is never called, as of a GAN, for built if the models in it are: it has all its weights."""
    model.built = model.built or (bool(model.layers) and all(layer.built for layer in model.layers))


def _has_no_ending(name):
    return not name.endswith(_ENDINGS_KNOWN)


def _accepting_names(init):
    @functools.wraps(init)
    def __init__(self, filepath, *args, **kwargs):
        name = os.fspath(filepath)
        only_weights = kwargs.get("save_weights_only", any(args[3:4]))
        if only_weights and _has_no_ending(name):
            warn_of("ModelCheckpoint('...')", f"a name that ends in `{WEIGHTS_ENDING}`. That is behind the names of its files")
            return init(self, name + WEIGHTS_ENDING, *args, **kwargs)
        if _has_no_ending(name):
            warn_of("ModelCheckpoint('...')", "a name that ends in `.keras`. What it writes are folders, as in Keras 2")
            init(self, name + ".keras", *args, **kwargs)
            self.filepath = name
            self._write = lambda path: self.model.save(path)  # a model that is not there yet
            self.on_train_begin = lambda logs=None: None  # a folder takes models without a config, too
            return
        if not name.endswith(HDF5_ENDINGS) or name.endswith(WEIGHTS_ENDING):
            return init(self, filepath, *args, **kwargs)
        warn_of(f"ModelCheckpoint('...{_ending(name)}')", f"a name that ends in `.keras`, or in `{WEIGHTS_ENDING}` for weights")
        init(self, name + WEIGHTS_ENDING, *args, **kwargs)
        self.filepath = name

    return __init__


def _ending(name):
    return next(ending for ending in HDF5_ENDINGS if name.endswith(ending))
