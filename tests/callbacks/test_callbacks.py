"""Callbacks: who is called with what, and what the history keeps."""

import inspect

import numpy as np
import pytest

from convlayers import callbacks
from convlayers.autograd import Tensor

HOOKS = [name for name in dir(callbacks.Callback) if name.startswith("on_")]


class Recorder(callbacks.Callback):
    """Keeps every call."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def __getattribute__(self, name):
        if name in HOOKS:
            return lambda *args, **kwargs: self.calls.append((name, *args, *kwargs.values()))
        return super().__getattribute__(name)


class Model:
    history = None


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_reaches_every_callback(hook):
    recorders = [Recorder(), Recorder()]
    number = () if hook.count("_") == 2 and "batch" not in hook and "epoch" not in hook else (3,)
    getattr(callbacks.CallbackList(recorders), hook)(*number, logs={"loss": np.float32(0.5)})
    for recorder in recorders:
        assert recorder.calls == [(hook, *number, {"loss": 0.5})]


def test_the_old_names_of_the_batch_hooks_are_called():
    class Old(callbacks.Callback):
        seen = ()

        def on_batch_begin(self, batch, logs=None):
            self.seen += ("begin", batch)

        def on_batch_end(self, batch, logs=None):
            self.seen += ("end", batch, logs)

    old = Old()
    both = callbacks.CallbackList([old])
    both.on_train_batch_begin(7)
    both.on_train_batch_end(7, {"loss": 1.0})
    both.on_test_batch_end(8, {"loss": 2.0})
    assert old.seen == ("begin", 7, "end", 7, {"loss": 1.0})


def test_logs_become_floats_in_the_order_of_their_names():
    recorder = Recorder()
    logs = {"z": np.array(1), "a": Tensor(np.float32(2)), "m": {"b": 3, "c": "text"}, "outputs": np.ones(2)}
    callbacks.CallbackList([recorder]).on_epoch_end(0, logs)
    (_, _, plain) = recorder.calls[0]
    assert list(plain) == ["a", "b", "c", "outputs", "z"]
    assert [type(plain[name]) for name in plain] == [float, float, str, np.ndarray, float]


def test_history():
    history, model = callbacks.History(), Model()
    both = callbacks.CallbackList(history, model=model, epochs=2)
    both.on_train_begin()
    both.on_epoch_end(0, {"loss": 2, "val_loss": 3})
    both.on_epoch_end(1, {"loss": 1})
    assert model.history is history
    assert history.epoch == [0, 1]
    assert history.history == {"loss": [2, 1], "val_loss": [3]}
    both.on_train_begin()
    assert history.epoch == [] and history.history["loss"] == [2, 1], "a second fit goes on with the lists"


def test_a_history_is_added_once():
    model = Model()
    own = callbacks.History()
    with_own = callbacks.CallbackList([Recorder(), own], add_history=True, model=model)
    assert len(with_own.callbacks) == 2 and model.history is own
    added = callbacks.CallbackList(add_history=True, model=model)
    assert [type(callback) for callback in added.callbacks] == [callbacks.History]
    assert model.history is added.callbacks[0]


def test_a_progress_bar_is_added_once():
    params = {"verbose": 0, "epochs": 1, "steps": 1}
    added = callbacks.CallbackList(add_progbar=True, **params)
    assert [type(callback) for callback in added.callbacks] == [callbacks.ProgbarLogger]
    assert callbacks.CallbackList(added.callbacks, add_progbar=True, **params).callbacks == added.callbacks


def test_model_and_params_reach_all():
    one, other, model = Recorder(), Recorder(), Model()
    both = callbacks.CallbackList([one, [other]], model=model, verbose=1, epochs=2, steps=3)
    assert one.model is other.model is both.model is model
    assert one.params == {"verbose": 1, "epochs": 2, "steps": 3}
    both.append(Recorder())
    assert len(both.callbacks) == 3


@pytest.mark.parametrize("name", ["Callback", "History", "CallbackList"])
def test_signatures(keras, name):
    ours, theirs = getattr(callbacks, name), getattr(keras.callbacks, name)
    assert str(inspect.signature(ours)) == str(inspect.signature(theirs))
    for hook in [hook for hook in dir(theirs) if hook.startswith("on_")]:
        assert str(inspect.signature(getattr(ours, hook))) == str(inspect.signature(getattr(theirs, hook)))
