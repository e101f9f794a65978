"""Data sets of samples that are made one by one, and what can be made of a data set."""

import math

import numpy as np

from convlayers import nested
from convlayers.data.py_dataset import PyDataset


class DerivableDataset(PyDataset):
    """A data set of known length from which others can be made, with the names of `tf.data.Dataset`.

    To go through it in a loop is an epoch: if it is shuffled, the next one has another order.
    """

    def __iter__(self):
        self.on_epoch_begin()
        yield from super().__iter__()
        self.on_epoch_end()

    def take(self, count):
        """Returns a data set of the first batches."""
        return DerivedDataset(self, range(len(self))[:count])

    def skip(self, count):
        """Returns a data set without the first batches."""
        return DerivedDataset(self, range(len(self))[count:])

    def map(self, function, **kwargs):
        """Returns a data set of what `function` returns for each batch: `function(x)`, `function(x, y)`...

        Args:
            function: the function.
            kwargs: taken for compatibility, without effect.
        """
        return DerivedDataset(self, range(len(self)), function)

    def cache(self):
        """Returns a data set that makes each batch once, and keeps it in memory."""
        return CachedDataset(self, range(len(self)))

    def prefetch(self, buffer_size=None):
        """Returns the data set, which from now on makes batches ahead while a model trains."""
        self.workers = max(self.workers, 2)
        return self


class DerivedDataset(DerivableDataset):
    """Some batches of another data set, changed by a function.

    Args:
        source: the other data set.
        numbers: the numbers of its batches.
        function: gets the parts of a batch, and returns the new ones; None for no change.
    """

    def __init__(self, source, numbers, function=None):
        super().__init__(source.workers, source.use_multiprocessing, source.max_queue_size)
        self._source = source
        self._numbers = numbers
        self._function = function

    def __len__(self):
        return len(self._numbers)

    def __getitem__(self, number):
        batch = self._source[self._numbers[number]]
        if self._function is None:
            return batch
        return self._function(*batch) if isinstance(batch, tuple) else self._function(batch)

    def on_epoch_begin(self):
        self._source.on_epoch_begin()

    def on_epoch_end(self):
        self._source.on_epoch_end()


class CachedDataset(DerivedDataset):
    """The batches of another data set, each of which is made once. They stay in the order of the first epoch."""

    def __init__(self, source, numbers):
        super().__init__(source, numbers)
        self._known = {}

    def __getitem__(self, number):
        if number not in self._known:
            self._known[number] = super().__getitem__(number)
        return self._known[number]

    def on_epoch_end(self):
        """Leaves the source as it is."""


class SampleDataset(DerivableDataset):
    """Samples that are made one by one when they are asked for, as batches.

    Args:
        make_sample: function that returns the sample of a number: an array, or a structure of arrays and numbers.
        count: number of samples.
        batch_size: number of samples in a batch; None for single samples without an axis for the batch.
        shuffle: whether the samples come in a new order in each epoch.
        seed: of that order.
    """

    def __init__(self, make_sample, count, batch_size=None, shuffle=False, seed=None, **kwargs):
        super().__init__(**kwargs)
        self._make_sample = make_sample
        self._order = np.arange(count)
        self._batch_size = batch_size
        self._random = np.random.RandomState(seed) if shuffle else None
        self.on_epoch_end()

    def __len__(self):
        return math.ceil(len(self._order) / (self._batch_size or 1))

    def __getitem__(self, number):
        if not 0 <= number < len(self):
            raise IndexError(f"There are {len(self)} batches. Received: number={number}")
        if self._batch_size is None:
            return self._make_sample(self._order[number])
        numbers = self._order[number * self._batch_size : (number + 1) * self._batch_size]
        samples = [self._make_sample(number) for number in numbers]
        return nested.map_structure(lambda *parts: np.stack(parts), *samples)

    def batch(self, batch_size):
        """Returns a data set of the same samples in batches of another size."""
        if self._batch_size is not None:
            raise ValueError(f"The data set has batches of {self._batch_size} samples already.")
        return SampleDataset(lambda number: self[number], len(self._order), batch_size)

    def shuffle(self, buffer_size=None, seed=None):
        """Returns a data set of the same samples that come in a new order in each epoch.

        Args:
            buffer_size: taken for compatibility: all samples are shuffled.
            seed: of the order.
        """
        return SampleDataset(self._make_sample, len(self._order), self._batch_size, True, seed)

    def on_epoch_end(self):
        if self._random is not None:
            self._random.shuffle(self._order)
