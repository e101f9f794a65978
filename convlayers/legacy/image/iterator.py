"""The base class of what gives batches of samples for ever."""

import threading

import numpy as np

from convlayers.data.py_dataset import PyDataset


class Iterator(PyDataset):
    """Batches of samples by their numbers, and, with `next`, for ever.

    A subclass defines `_get_batches_of_transformed_samples(index_array)`.

    Args:
        n: number of samples.
        batch_size: number of samples in a batch.
        shuffle: whether they come in a new order in each epoch.
        seed: int, of NumPy's random numbers.
        kwargs: arguments of `PyDataset`.
    """

    white_list_formats = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")

    def __init__(self, n, batch_size, shuffle, seed, **kwargs):
        super().__init__(**kwargs)
        self.n = n
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.batch_index = 0
        self.total_batches_seen = 0
        self.lock = threading.Lock()
        self.index_array = None

    def _set_index_array(self):
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def _count_batch(self):
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)
        self.total_batches_seen += 1

    def __len__(self):
        return -(-self.n // self.batch_size)

    def __getitem__(self, idx):
        if idx >= len(self):
            raise ValueError(f"Asked to retrieve element {idx}, but the Sequence has length {len(self)}")
        self._count_batch()
        if self.index_array is None:
            self._set_index_array()
        return self._get_batches_of_transformed_samples(self.index_array[self.batch_size * idx : self.batch_size * (idx + 1)])

    def on_epoch_end(self):
        self._set_index_array()

    def reset(self):
        """Lets `next` begin with the first batch again."""
        self.batch_index = 0

    def __iter__(self):
        return self

    def __next__(self):
        with self.lock:
            self._count_batch()
            if self.batch_index == 0:
                self._set_index_array()
            first = self.batch_index * self.batch_size
            last = first + self.batch_size
            self.batch_index = self.batch_index + 1 if last < self.n else 0
            numbers = self.index_array[first:last]
        return self._get_batches_of_transformed_samples(numbers)

    next = __next__

    def _get_batches_of_transformed_samples(self, index_array):
        """Returns the batch of the samples with these numbers."""
        raise NotImplementedError
