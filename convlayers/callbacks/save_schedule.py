"""When to save: at the end of each epoch, or after so many batches."""


class SaveSchedule:
    """Counts batches.

    Args:
        save_freq: "epoch" or the number of batches.
    """

    def __init__(self, save_freq):
        self._save_freq = save_freq
        self._seen = 0  # batches since the last time
        self._last_batch = None

    def start_epoch(self):
        self._last_batch = None

    def is_due(self, batch):
        """Returns whether to save after a batch, given by its number in the epoch. Some may have been skipped."""
        if self._save_freq == "epoch":
            return False
        is_new_epoch = self._last_batch is None or batch <= self._last_batch
        self._seen += batch + 1 if is_new_epoch else batch - self._last_batch
        self._last_batch = batch
        if self._seen < self._save_freq:
            return False
        self._seen = 0
        return True
