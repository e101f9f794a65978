import json
import os

from convlayers.callbacks.callback import Callback
from convlayers.callbacks.save_schedule import SaveSchedule


class BackupAndRestore(Callback):
    """Goes on with a training that was interrupted: `fit`, called again, starts where the last backup was made.

    Weights and the state of the optimizer are written to files at the end of each epoch. They are deleted when training is
    complete.

    Args:
        backup_dir: path of a folder for these files alone.
        save_freq: "epoch", or the number of batches after which to write them.
        double_checkpoint: whether to keep the backup before the last one too, in case that the last one is damaged.
        delete_checkpoint: whether the files are deleted in the end.

    Raises:
        ValueError: if `backup_dir` is empty or `save_freq` something else; at the start of training, if the model is not built.

    Example:

    model.fit(x, y, epochs=100, callbacks=[BackupAndRestore("backup")])
    """

    def __init__(self, backup_dir, save_freq="epoch", double_checkpoint=False, delete_checkpoint=True):
        super().__init__()
        if not backup_dir:
            raise ValueError("Empty `backup_dir` argument passed")
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(
                f"Invalid value for argument `save_freq`. Received: save_freq={save_freq}. "
                "Expected either 'epoch' or an integer value."
            )
        self.backup_dir = backup_dir
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._weights_path = os.path.join(backup_dir, "latest.weights.h5")
        self._training_metadata_path = os.path.join(backup_dir, "training_metadata.json")
        self._schedule = SaveSchedule(save_freq)
        self._current_epoch = 0
        self._last_batch_seen = 0

    def on_train_begin(self, logs=None):
        try:
            self._load_model()
        except (OSError, ValueError):
            # A training that is stopped while it writes leaves half a file, which cannot be read, or is found to be damaged.
            if not os.path.exists(_previous(self._weights_path)):
                raise
            self._restore_previous()
            self._load_model()

    def on_train_batch_end(self, batch, logs=None):
        is_due = self._schedule.is_due(batch)
        if self.save_freq != "epoch":
            self._last_batch_seen = batch
        if is_due:
            self._save_model()

    def on_epoch_end(self, epoch, logs=None):
        self._current_epoch = epoch + 1
        self._last_batch_seen = 0
        self._schedule.start_epoch()
        if self.save_freq == "epoch":
            self._save_model()

    def on_train_end(self, logs=None):
        if self.delete_checkpoint and os.path.exists(self.backup_dir):
            import shutil

            shutil.rmtree(self.backup_dir)

    def _load_model(self):
        if not self.model.built:
            raise ValueError(
                "To use the BackupAndRestore callback, you model must be built before you call `fit()`. "
                f"Model {self.model} is unbuilt. You can build it beforehand by calling it on a batch of data."
            )
        if os.path.exists(self._weights_path):
            optimizer = self.model.optimizer
            if optimizer is not None and not optimizer.built:
                # What is read needs its variables.
                optimizer.build(self.model.trainable_variables)
            self.model.load_weights(self._weights_path)
        if os.path.exists(self._training_metadata_path):
            with open(self._training_metadata_path) as file:
                self.model._initial_epoch = json.load(file)["epoch"]

    def _save_model(self):
        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint:
            for path in (self._weights_path, self._training_metadata_path):
                if os.path.exists(path):
                    _copy(path, _previous(path))
        self.model.save_weights(self._weights_path, overwrite=True)
        with open(self._training_metadata_path, "w") as file:
            json.dump({"epoch": self._current_epoch, "batch": self._last_batch_seen}, file)

    def _restore_previous(self):
        _copy(_previous(self._weights_path), self._weights_path)
        if os.path.exists(_previous(self._training_metadata_path)):
            _copy(_previous(self._training_metadata_path), self._training_metadata_path)
        elif os.path.exists(self._training_metadata_path):
            os.remove(self._training_metadata_path)


def _copy(path, new_path):
    import shutil

    shutil.copy(path, new_path)


def _previous(path):
    return f"{path}.bkp"
