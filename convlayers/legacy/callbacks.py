"""What callbacks had in Keras 1 and 2: the base `BaseLogger`, `self.validation_data`, and TensorBoard wherever Keras was."""

import functools

from convlayers import nested
from convlayers.callbacks import Callback, TensorBoard
from convlayers.legacy.old_spelling import warn_of, warn_once


class BaseLogger(Callback):
    """Does nothing: logs are means over the batches already.

    Args:
        stateful_metrics: taken for compatibility, without effect.
    """

    def __init__(self, stateful_metrics=None):
        super().__init__()


# What old scripts find in `keras.callbacks`.
ADDED = {"BaseLogger": BaseLogger}


def accept_old_callbacks():
    """Lets callbacks do what they did in Keras 1 and 2."""
    Callback.model = Callback.model.setter(Callback.set_model)
    TensorBoard.__init__ = _without_profiler(TensorBoard.__init__)
    TensorBoard._writer = _writing_if_possible(TensorBoard._writer)


def give_validation_data(callback, data):
    """Lets a callback have, as `validation_data`, a list of the inputs and labels that a model is validated with.

    Args:
        callback: a callback of `fit`, or what stands for one.
        data: the argument `validation_data` of `fit`. What comes batch by batch is not given.
    """
    if isinstance(callback, Callback) and isinstance(data, (tuple, list)):
        callback.validation_data = nested.flatten(data)


def _without_profiler(init):
    @functools.wraps(init)
    def __init__(self, *args, **kwargs):
        if kwargs.pop("profile_batch", 0):
            warn_of("TensorBoard(profile_batch=...)", "nothing in its place: it has no effect")
        init(self, *args, **kwargs)

    return __init__


def _writing_if_possible(writer):
    def _writer(self, folder):
        try:
            return writer(self, folder)
        except ImportError:
            warn_once(
                "TensorBoard",
                "The callback `TensorBoard` writes nothing, because neither `tensorboard` nor `tensorboardX` is installed.",
            )
            return _Nowhere()

    return _writer


class _Nowhere:
    """Takes what is written, and writes nothing."""

    def __getattr__(self, name):
        return lambda *args: None
