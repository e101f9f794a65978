"""Names of files of weights in scripts of Keras 1 and 2: `model.save_weights("model.h5")`, `ModelCheckpoint("best.hdf5")`."""

import functools

from convlayers.callbacks import ModelCheckpoint
from convlayers.legacy.spelling import warn_of
from convlayers.models import Model

_ENDINGS = (".h5", ".hdf5")
_ENDING_TODAY = ".weights.h5"


def accept_old_file_names():
    """Lets weights, and what `ModelCheckpoint` writes, have the names of files of Keras 1 and 2."""
    Model.save_weights = _choosing_format(Model.save_weights)
    ModelCheckpoint.__init__ = _accepting_names(ModelCheckpoint.__init__)


def _choosing_format(save_weights):
    @functools.wraps(save_weights)
    def save(self, filepath, *args, **kwargs):
        name = str(filepath)
        if not name.endswith(_ENDINGS) or name.endswith(_ENDING_TODAY):
            return save_weights(self, filepath, *args, **kwargs)
        from convlayers.saving import save_weights as save_weights_as

        today = f"a name that ends in `{_ENDING_TODAY}`. This file is written as Keras 2 did"
        warn_of(f"save_weights('...{_ending(name)}')", today)
        return save_weights_as(self, filepath, *args, format="keras2", **kwargs)

    return save


def _accepting_names(init):
    @functools.wraps(init)
    def __init__(self, filepath, *args, **kwargs):
        name = str(filepath)
        if not name.endswith(_ENDINGS) or name.endswith(_ENDING_TODAY):
            return init(self, filepath, *args, **kwargs)
        warn_of(f"ModelCheckpoint('...{_ending(name)}')", f"a name that ends in `.keras`, or in `{_ENDING_TODAY}` for weights")
        init(self, name + _ENDING_TODAY, *args, **kwargs)
        self.filepath = name

    return __init__


def _ending(name):
    return next(ending for ending in _ENDINGS if name.endswith(ending))
