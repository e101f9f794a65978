from convlayers import nested
from convlayers.autograd import value_of
from convlayers.callbacks.callback import Callback
from convlayers.callbacks.history import History
from convlayers.callbacks.progbar_logger import ProgbarLogger


class CallbackList(Callback):
    """Several callbacks as one.

    Args:
        callbacks: a callback or a list of them.
        add_history: whether to add a `History`, unless there is one.
        add_progbar: whether to add a `ProgbarLogger`, unless there is one.
        model: the model that they are for.
        params: what is known of the run, for their `set_params`.
    """

    def __init__(self, callbacks=None, add_history=False, add_progbar=False, model=None, **params):
        super().__init__()
        self.callbacks = nested.flatten(callbacks) if callbacks else []
        for callback in self.callbacks:
            if isinstance(callback, type):
                raise TypeError(
                    "Callback.set_model() missing 1 required positional argument: 'model'\n"
                    f"That is a class. A callback is made by calling it: `{callback.__name__}(...)`."
                )
        self._history = self._find_or_add(History, add_history)
        self._find_or_add(ProgbarLogger, add_progbar)
        self.set_model(model)
        self.set_params(params)

    def _find_or_add(self, kind, add):
        for callback in self.callbacks:
            if isinstance(callback, kind):
                return callback
        if not add:
            return None
        self.callbacks.append(kind())
        return self.callbacks[-1]

    def append(self, callback):
        self.callbacks.append(callback)

    def set_params(self, params):
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    def set_model(self, model):
        if model is None:
            return
        super().set_model(model)
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    def _call(self, method, logs, *number):
        logs = to_floats(logs)
        for callback in self.callbacks:
            getattr(callback, method)(*number, logs)

    def on_train_begin(self, logs=None):
        self._call("on_train_begin", logs)

    def on_train_end(self, logs=None):
        self._call("on_train_end", logs)

    def on_epoch_begin(self, epoch, logs=None):
        self._call("on_epoch_begin", logs, epoch)

    def on_epoch_end(self, epoch, logs=None):
        self._call("on_epoch_end", logs, epoch)

    def on_train_batch_begin(self, batch, logs=None):
        self._call("on_train_batch_begin", logs, batch)

    def on_train_batch_end(self, batch, logs=None):
        self._call("on_train_batch_end", logs, batch)

    def on_batch_begin(self, batch, logs=None):
        self._call("on_batch_begin", logs, batch)

    def on_batch_end(self, batch, logs=None):
        self._call("on_batch_end", logs, batch)

    def on_test_begin(self, logs=None):
        self._call("on_test_begin", logs)

    def on_test_end(self, logs=None):
        self._call("on_test_end", logs)

    def on_test_batch_begin(self, batch, logs=None):
        self._call("on_test_batch_begin", logs, batch)

    def on_test_batch_end(self, batch, logs=None):
        self._call("on_test_batch_end", logs, batch)

    def on_predict_begin(self, logs=None):
        self._call("on_predict_begin", logs)

    def on_predict_end(self, logs=None):
        self._call("on_predict_end", logs)

    def on_predict_batch_begin(self, batch, logs=None):
        self._call("on_predict_batch_begin", logs, batch)

    def on_predict_batch_end(self, batch, logs=None):
        self._call("on_predict_batch_end", logs, batch)


def to_floats(logs):
    """Returns logs with the names in order and the numbers as floats. A dict among the values gives its own items."""
    plain = {}
    for name, value in sorted((logs or {}).items()):
        if isinstance(value, dict):
            plain.update(to_floats(value))
            continue
        try:
            plain[name] = float(value_of(value))
        except (TypeError, ValueError):  # not a number, such as the outputs of `predict`
            plain[name] = value
    return plain
