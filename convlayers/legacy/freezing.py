"""Models that are frozen after they were compiled: `discriminator.trainable = False`, as scripts with two models have it.

In Keras 1 and 2, what is trained was settled when a model was compiled. One that was frozen for the model around it was still
trained by itself. In Keras 3, nothing in it is.
"""

import functools
import weakref

from convlayers.legacy.old_spelling import warn_once
from convlayers.models import Model
from convlayers.models.compiled import Compiled

# Which parts of a model were trained when it was compiled. No attribute: what attributes hold is written to files.
_when_compiled = weakref.WeakKeyDictionary()


def train_as_compiled():
    """Lets models that have nothing left to be trained be trained as they were when they were compiled."""
    Compiled.compile = _noting(Compiled.compile)
    for name in ("fit", "train_on_batch"):
        setattr(Model, name, _thawing(getattr(Model, name)))


def _noting(compile):
    @functools.wraps(compile)
    def noting(self, *args, **kwargs):
        compile(self, *args, **kwargs)
        _when_compiled[self] = _switches(self)

    return noting


def _thawing(method):
    @functools.wraps(method)
    def thawing(self, *args, **kwargs):
        if self not in _when_compiled or self.trainable_weights:
            return method(self, *args, **kwargs)
        now = _switches(self)
        _switch(self, *_when_compiled[self])
        if self.trainable_weights:
            warn_once(
                "trainable",
                "`model.trainable = False` after `compile` holds for the models around it. By itself, it is trained, as in "
                "Keras 1 and 2. Today, write `model.trainable = True` before that.",
            )
        try:
            return method(self, *args, **kwargs)
        finally:
            _switch(self, *now)

    return thawing


def _switches(model):
    """Returns whether a model is trained, and of each layer in it, whether that is."""
    return model._trainable, [(layer, layer._trainable) for layer in model._flatten_layers(include_self=False)]


def _switch(model, is_trained, layers):
    for layer, trainable in [(model, is_trained), *layers]:
        layer._trainable = trainable
        for variable in layer._trainable_variables:
            variable.trainable = trainable
