import os
from collections.abc import Iterable

import numpy as np

from convlayers.callbacks.callback import Callback


class CSVLogger(Callback):
    """Writes the logs of each epoch as a line of a CSV file.

    Args:
        filename: path of the file.
        separator: string between the columns.
        append: whether a file that exists is continued. Otherwise it is overwritten.

    Example:

    model.fit(x, y, callbacks=[CSVLogger("training.csv")])
    """

    def __init__(self, filename, separator=",", append=False):
        super().__init__()
        self.sep = separator
        self.filename = os.fspath(filename)
        self.append = append
        self.append_header = True
        self.writer = None
        self.keys = None
        self.csv_file = None

    def on_train_begin(self, logs=None):
        if self.append and os.path.exists(self.filename):
            self.append_header = os.path.getsize(self.filename) == 0
        self._close()
        self.csv_file = open(self.filename, "a" if self.append else "w", newline="")  # noqa: SIM115 - open until training ends
        self.keys = None

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self.writer is None:
            self._start_table(logs)
        self.writer.writerow({"epoch": epoch, **{key: _to_cell(logs.get(key, "NA")) for key in self.keys}})
        self.csv_file.flush()

    def _start_table(self, logs):
        import csv

        self.keys = sorted(logs)
        if not any(key.startswith("val_") for key in self.keys):
            # The first epoch may be one without validation.
            self.keys += [f"val_{key}" for key in self.keys]
        self.writer = csv.DictWriter(self.csv_file, ["epoch", *self.keys], dialect="excel", delimiter=self.sep)
        if self.append_header:
            self.writer.writeheader()

    def on_train_end(self, logs=None):
        self._close()

    def _close(self):
        if self.csv_file is not None:
            self.csv_file.close()
        self.writer = None


def _to_cell(value):
    if isinstance(value, str) or not isinstance(value, Iterable) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value
    return f'"[{", ".join(map(str, value))}]"'
