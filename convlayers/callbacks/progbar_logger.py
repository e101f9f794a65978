from convlayers.callbacks.callback import Callback
from convlayers.utils.messages import print_message
from convlayers.utils.progbar import Progbar


class ProgbarLogger(Callback):
    """Shows how far training, evaluation or prediction is, with the logs. `fit` adds one unless `verbose=0`."""

    def __init__(self):
        super().__init__()
        self.seen = 0
        self.target = None
        self.verbose = 1
        self.epochs = 1
        self._bar = None
        # Validation within `fit` has no bar of its own.
        self._in_fit = False

    def set_params(self, params):
        super().set_params(params)
        self.verbose = 1 if params["verbose"] == "auto" else params["verbose"]
        self.epochs = params["epochs"]
        self.target = params["steps"]

    def on_train_begin(self, logs=None):
        self._in_fit = True

    def on_train_end(self, logs=None):
        self._in_fit = False

    def on_epoch_begin(self, epoch, logs=None):
        if self.verbose and self.epochs > 1:
            print_message(f"Epoch {epoch + 1}/{self.epochs}")
        self._start()

    def on_test_begin(self, logs=None):
        if not self._in_fit:
            self._start()

    def on_predict_begin(self, logs=None):
        self._start()

    def on_train_batch_end(self, batch, logs=None):
        self._advance(batch, logs)

    def on_test_batch_end(self, batch, logs=None):
        if not self._in_fit:
            self._advance(batch, logs)

    def on_predict_batch_end(self, batch, logs=None):
        self._advance(batch, None)

    def on_epoch_end(self, epoch, logs=None):
        self._finish(logs)

    def on_test_end(self, logs=None):
        if not self._in_fit:
            self._finish(logs)

    def on_predict_end(self, logs=None):
        self._finish(None)

    def _start(self):
        self.seen = 0
        self._bar = Progbar(self.target, verbose=self.verbose, stateless_metrics=())

    def _advance(self, batch, logs):
        self.seen = batch + 1
        if self.verbose == 1:
            self._bar.update(self.seen, (logs or {}).items(), finalize=False)

    def _finish(self, logs):
        if self.target is None:
            self.target = self._bar.target = self.seen
        self._bar.update(self.seen, (logs or {}).items(), finalize=True)
