import os
import warnings

import numpy as np

from convlayers.callbacks.monitor_callback import MonitorCallback
from convlayers.callbacks.save_schedule import SaveSchedule
from convlayers.utils.messages import print_message


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, every epoch or every so many batches.

    Args:
        filepath: path that ends in ".keras", or in ".weights.h5" with `save_weights_only`. It may have fields for the number of
            the epoch and for the logs, as in "{epoch:02d}-{val_loss:.2f}.keras". Folders are made where there are none.
        monitor: name of a number in the logs, as "val_loss".
        verbose: 1 to tell when it acts, 0 for silence.
        save_best_only: whether to save only when that number is better than ever before.
        save_weights_only: whether to save the weights only, and the state of the optimizer with them.
        mode: "min" or "max", what is better; "auto" to tell it by the metric.
        save_freq: "epoch", or the number of batches after which to save.
        initial_value_threshold: float, what the first value is compared with.

    Raises:
        ValueError: if the path ends in something else, or `save_freq` is something else. When training begins, if the model has
            what Keras does not have: such a one is saved by its weights only.
        KeyError: when it saves, if the path has a field that is not in the logs.

    Example:

    model.fit(x, y, validation_split=0.1, epochs=10, callbacks=[ModelCheckpoint("best.keras", save_best_only=True)])
    """

    def __init__(
        self,
        filepath,
        monitor="val_loss",
        verbose=0,
        save_best_only=False,
        save_weights_only=False,
        mode="auto",
        save_freq="epoch",
        initial_value_threshold=None,
    ):
        super().__init__(monitor, mode, initial_value_threshold)
        self.verbose = verbose
        self.filepath = os.fspath(filepath)
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(f"Unrecognized save_freq: {save_freq}. Expected save_freq are 'epoch' or integer values")
        if save_weights_only and not self.filepath.endswith(".weights.h5"):
            raise ValueError(
                "When using `save_weights_only=True` in `ModelCheckpoint`, the filepath provided must end in `.weights.h5` "
                f"(Keras weights format). Received: filepath={self.filepath}"
            )
        if not self.filepath.endswith((".keras", ".h5")):
            raise ValueError(
                f"The filepath provided must end in `.keras` (Keras model format). Received: filepath={self.filepath}"
            )
        self._schedule = SaveSchedule(save_freq)

    def on_train_begin(self, logs=None):
        if not self.save_weights_only:
            from convlayers.saving.model_files import check_can_be_saved

            check_can_be_saved(self.model)  # An epoch later it would be a pity.

    def on_epoch_begin(self, epoch, logs=None):
        self._current_epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self._schedule.is_due(batch):
            self._save_model(self._current_epoch, batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        self._set_monitor_op()
        if self.save_freq == "epoch":
            self._save_model(epoch, None, logs)

    def _save_model(self, epoch, batch, logs):
        logs = logs or {}
        path = self._get_file_path(epoch, batch, logs)
        if self._should_save_model(epoch, batch, logs, path):
            self._write(path)
            self._tell(epoch, f"finished saving model to {path}")

    def _write(self, path):
        if os.path.isdir(path):
            raise OSError(
                f"Please specify a non-directory filepath for ModelCheckpoint. Filepath used is an existing directory: {path}"
            )
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)

    def _should_save_model(self, epoch, batch, logs, filepath):
        if not self.save_best_only:
            self._tell(epoch, f"saving model to {filepath}")
            return True
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(f"Can save best model only with {self.monitor} available.", stacklevel=2)
            return True
        if np.ndim(current) > 0:
            warnings.warn(
                f"Can save best model only when `monitor` is a scalar value. Received: {current}. "
                "Falling back to `save_best_only=False`.",
                stacklevel=2,
            )
            return True
        best = "None" if self.best is None else f"{self.best:.5f}"
        if not self._is_improvement(current, self.best):
            self._tell(epoch, f"{self.monitor} did not improve from {best}")
            return False
        self._tell(epoch, f"{self.monitor} improved from {best} to {current:.5f}, saving model to {filepath}")
        self.best = current
        return True

    def _tell(self, epoch, what):
        if self.verbose > 0:
            print_message(f"\nEpoch {epoch + 1}: {what}")

    def _get_file_path(self, epoch, batch, logs):
        fields = {} if batch is None or "batch" in logs else {"batch": batch + 1}
        try:
            return self.filepath.format(epoch=epoch + 1, **fields, **logs)
        except KeyError as error:
            raise KeyError(
                f'Failed to format this callback filepath: "{self.filepath}". Reason: {error}\n'
                f"It may name epoch, {', '.join([*fields, *logs])}."
            ) from error
