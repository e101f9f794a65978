"""`tf.data.Dataset`: samples that are made, changed, ordered and stacked one after the other."""

import itertools
import math

import numpy as np

from convlayers import nested
from convlayers.data.py_dataset import PyDataset


class Dataset(PyDataset):
    """Numbered elements, each of them made when it is asked for.

    The methods of `tf.data.Dataset` return new ones. Elements are arrays, and structures of arrays; what TensorFlow makes of
    a function that is given to `map` is not done: it is called.

    Args:
        make: function that returns the element of a number. It is called with numbers beyond `count` where the data is gone
            through again.
        count: how many there are, None for no end.
    """

    def __init__(self, make, count):
        super().__init__()
        self._make = make
        self._count = count
        self._epoch = -1

    @staticmethod
    def from_tensor_slices(tensors):
        """Returns a data set of what is in arrays along their first axis."""
        arrays = nested.map_structure(np.asarray, tensors)
        counts = {len(array) for array in nested.flatten(arrays)}
        if len(counts) != 1:
            raise ValueError(f"All arrays must have the same number of elements. Received: {sorted(counts)}")
        count = counts.pop()
        return Dataset(lambda number: nested.map_structure(lambda array: array[number % count], arrays), count)

    @staticmethod
    def from_tensors(tensors):
        """Returns a data set of one element."""
        return Dataset(lambda number: tensors, 1)

    @staticmethod
    def from_generator(generator, *args, **kwargs):
        """Returns a data set of what a function's generator yields; all of it is kept in memory."""
        elements = list(generator())
        return Dataset(lambda number: elements[number % len(elements)], len(elements))

    @staticmethod
    def range(*args):
        """Returns a data set of integers."""
        return Dataset.from_tensor_slices(np.arange(*args, dtype="int64"))

    @staticmethod
    def zip(*datasets):
        """Returns a data set of tuples of elements."""
        datasets = datasets[0] if len(datasets) == 1 else datasets
        counts = [dataset._count for dataset in datasets if dataset._count is not None]
        return Dataset(lambda number: tuple(dataset._make(number) for dataset in datasets), min(counts, default=None))

    def map(self, map_func, num_parallel_calls=None, **kwargs):
        """Returns a data set of what a function returns for the parts of each element."""

        def make(number):
            element = self._make(number)
            return map_func(*element) if isinstance(element, tuple) else map_func(element)

        return Dataset(make, self._count)

    def shuffle(self, buffer_size=None, seed=None, reshuffle_each_iteration=True):
        """Returns a data set in a random order, another one each time that it is gone through. All elements are shuffled."""
        self._check_end("shuffle")
        start, count, orders = np.random.randint(2**31) if seed is None else seed, self._count, {}

        def make(number):
            turn, place = divmod(number, count)
            turn *= bool(reshuffle_each_iteration)
            if turn not in orders:
                orders.clear()
                orders[turn] = np.random.RandomState((start + turn) % 2**32).permutation(count)
            return self._make(turn * count + orders[turn][place])

        return Dataset(make, count)

    def batch(self, batch_size, drop_remainder=False, **kwargs):
        """Returns a data set of batches: elements behind one another along a new first axis."""
        count, size = self._count, batch_size
        batches = None if count is None else count // size if drop_remainder else math.ceil(count / size)

        def make(number):
            turn, number = divmod(number, batches) if batches else (0, number)
            first = number * size
            last = first + size if count is None else min(first + size, count)
            elements = [self._make((count or 0) * turn + place) for place in range(first, last)]
            return nested.map_structure(lambda *parts: np.stack(parts), *elements)

        return Dataset(make, batches)

    def repeat(self, count=None):
        """Returns a data set that goes on from the start, so many times, or without end."""
        endless = count is None or count < 0 or self._count is None
        return Dataset(self._make, None if endless else self._count * count)

    def take(self, count):
        """Returns a data set of the first elements."""
        self_count = math.inf if self._count is None else self._count
        return self._part(0, min(count, self_count) if count >= 0 else self_count)

    def skip(self, count):
        """Returns a data set without the first elements."""
        return self._part(count, None if self._count is None else max(0, self._count - count))

    def _part(self, first, count):
        def make(number):
            turn, place = divmod(number, count) if count else (0, number)
            return self._make(turn * (self._count or 0) + first + place)

        return Dataset(make, count)

    def cache(self, filename=None):
        """Returns a data set that keeps its elements in memory once they are made."""
        known = {}

        def make(number):
            place = number if self._count is None else number % self._count
            if place not in known:
                known[place] = self._make(place)
            return known[place]

        return Dataset(make, self._count)

    def prefetch(self, buffer_size=None):
        """Returns the data set, which makes batches ahead while a model trains."""
        self.workers = 2
        return self

    def cardinality(self):
        """Returns how many elements there are, -1 for no end."""
        return -1 if self._count is None else self._count

    def as_numpy_iterator(self):
        """Returns an iterator over the elements."""
        return iter(self)

    def _check_end(self, method):
        if self._count is None:
            raise ValueError(f"`{method}` of a data set without end. Call it before `repeat()`.")

    # As a PyDataset ---------------------------------------------------------------------------------------------------

    def __len__(self):
        if self._count is None:
            raise TypeError("The dataset is infinite.")
        return self._count

    @property
    def num_batches(self):
        return self._count

    def on_epoch_begin(self):
        self._epoch += 1

    def __getitem__(self, number):
        return self._make(number + max(0, self._epoch) * (self._count or 0))

    def __iter__(self):
        self.on_epoch_begin()
        return (self[number] for number in (itertools.count() if self._count is None else range(self._count)))
