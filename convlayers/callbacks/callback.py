class Callback:
    """Base class of callbacks: a subclass defines the methods that it wants to be called during `fit` and the like.

    Attributes:
        model: the model that is trained.
        params: dict with what is known of the run: "verbose", "epochs", "steps".

    `logs` is a dict of floats: the loss and the metrics so far, and at the end of an epoch also those of the validation
    data, under names that begin with "val_". Where there is nothing to tell, it is empty or None.

    Example:

    class StopWhenGood(Callback):
        def on_epoch_end(self, epoch, logs=None):
            if logs["accuracy"] > 0.99:
                self.model.stop_training = True
    """

    def __init__(self):
        self.params = None
        self._model = None

    def set_params(self, params):
        self.params = params

    def set_model(self, model):
        self._model = model

    @property
    def model(self):
        return self._model

    def on_train_begin(self, logs=None):
        """Called at the start of `fit`."""

    def on_train_end(self, logs=None):
        """Called at the end of `fit`, with the logs of the last epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        """Called at the start of an epoch of `fit`."""

    def on_epoch_end(self, epoch, logs=None):
        """Called at the end of an epoch of `fit`, after the validation."""

    def on_train_batch_begin(self, batch, logs=None):
        """Called before each batch of `fit`."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch, logs=None):
        """Called after each batch of `fit`."""
        self.on_batch_end(batch, logs=logs)

    def on_batch_begin(self, batch, logs=None):
        """The old name of `on_train_batch_begin`."""

    def on_batch_end(self, batch, logs=None):
        """The old name of `on_train_batch_end`."""

    def on_test_begin(self, logs=None):
        """Called at the start of `evaluate`, and of each validation of `fit`."""

    def on_test_end(self, logs=None):
        """Called at the end of `evaluate`, and of each validation of `fit`."""

    def on_test_batch_begin(self, batch, logs=None):
        """Called before each batch of `evaluate` or of a validation."""

    def on_test_batch_end(self, batch, logs=None):
        """Called after each batch of `evaluate` or of a validation."""

    def on_predict_begin(self, logs=None):
        """Called at the start of `predict`."""

    def on_predict_end(self, logs=None):
        """Called at the end of `predict`."""

    def on_predict_batch_begin(self, batch, logs=None):
        """Called before each batch of `predict`."""

    def on_predict_batch_end(self, batch, logs=None):
        """Called after each batch of `predict`; `logs["outputs"]` are the predictions."""
