"""The base class of data sets that give a batch for its number."""

import itertools


class PyDataset:
    """Data that is made batch by batch, by Python code.

    A subclass defines `__getitem__(number)`, which returns the batch of that number as `x`, `(x, y)` or
    `(x, y, sample_weight)`, and `__len__()`, the number of batches; in its place, a property `num_batches` that is None
    for data without an end. It may define `on_epoch_begin()` and `on_epoch_end()`.

    Args:
        workers: how many threads or processes make batches while the model trains.
        use_multiprocessing: whether these are processes, each with a copy of the data set. Threads do for code that waits
            for files or leaves the work to NumPy.
        max_queue_size: how many batches are made ahead at most.

    Example:

    class Photos(PyDataset):
        def __init__(self, paths, labels, batch_size, **kwargs):
            super().__init__(**kwargs)
            self.paths, self.labels, self.batch_size = paths, labels, batch_size

        def __len__(self):
            return math.ceil(len(self.paths) / self.batch_size)

        def __getitem__(self, number):
            batch = slice(number * self.batch_size, (number + 1) * self.batch_size)
            return np.stack([load(path) for path in self.paths[batch]]), self.labels[batch]
    """

    # For subclasses whose `__init__` does not call this one.
    workers, use_multiprocessing, max_queue_size = 1, False, 10
    _num_batches = None

    def __init__(self, workers=1, use_multiprocessing=False, max_queue_size=10):
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index):
        raise NotImplementedError

    def __iter__(self):
        try:
            count = self.num_batches
        except NotImplementedError:
            count = None
        for number in itertools.count() if count is None else range(count):
            yield self[number]

    @property
    def num_batches(self):
        """The number of batches in an epoch, None for data without an end."""
        if self._num_batches is not None:
            return self._num_batches
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(
            "You need to implement the `num_batches` property:\n\n@property\ndef num_batches(self):\n  return ..."
        )

    @num_batches.setter
    def num_batches(self, count):
        # Classes from before it was a property have an attribute of that name.
        self._num_batches = count

    def on_epoch_begin(self):
        """Called before the first batch of an epoch."""

    def on_epoch_end(self):
        """Called after the last batch of an epoch."""


# The name that it had in Keras 2.
Sequence = PyDataset
