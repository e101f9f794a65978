"""`tf.data.Dataset`: samples that are made, changed, ordered and stacked one after the other."""

import functools
import glob
import itertools
import math

import numpy as np

from convlayers import nested
from convlayers.autograd import value_of
from convlayers.data.py_dataset import PyDataset
from convlayers.scripts.tensorflow.eager import NumpyIterator, as_eager
from convlayers.scripts.tensorflow.graphs import TensorSpec

AUTOTUNE = -1
INFINITE_CARDINALITY = -1
UNKNOWN_CARDINALITY = -2


def cardinality(dataset):
    """Returns how many elements there are, -1 for no end."""
    return dataset.cardinality()


def count_up(start=0, step=1, dtype="int64"):
    """Returns a data set of numbers without end."""
    return Dataset(lambda number: np.asarray(start + step * number, dtype), None)


def read_lines(filenames, **kwargs):
    """Returns a data set of the lines of a text file, or of several, one after the other."""
    paths = [filenames] if isinstance(filenames, str) else filenames
    lines = []
    for path in paths:
        with open(str(path), encoding="utf-8") as file:
            lines += file.read().splitlines()
    return Dataset.from_tensor_slices(lines)


def _arrays_in(structure):
    """Returns a structure of arrays. As in TensorFlow, a list is an array, and only tuples and dicts have parts."""
    if isinstance(structure, dict):
        return {key: _arrays_in(part) for key, part in structure.items()}
    return tuple(map(_arrays_in, structure)) if isinstance(structure, tuple) else np.asarray(value_of(structure))


def _call(function, element):
    """Returns what a function returns for an element, whose parts are its arguments if it is a tuple."""
    element = as_eager(element)
    return function(*element) if isinstance(element, tuple) else function(element)


class _Shape:
    """A shape, as a leaf of a structure."""

    def __init__(self, shape):
        self.sizes = shape


def _fill_up(arrays, wanted, value):
    """Returns arrays behind one another, filled up to a `_Shape`, or to the largest of them, with a number."""
    arrays = [np.asarray(array) for array in arrays]
    shape = np.max([array.shape for array in arrays], axis=0)
    if wanted is not None:
        shape = [largest if size in (None, -1) else size for size, largest in zip(wanted.sizes, shape, strict=True)]
    batch = np.full((len(arrays), *shape), value, arrays[0].dtype)
    for number, array in enumerate(arrays):
        batch[(number, *map(slice, array.shape))] = array
    return batch


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
        arrays = _arrays_in(tensors)
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
        return _of_list(list(generator()))

    @staticmethod
    def list_files(file_pattern, shuffle=True, seed=None):
        """Returns a data set of the paths of files that fit a pattern, or one of several."""
        patterns = [file_pattern] if isinstance(file_pattern, str) else file_pattern
        paths = Dataset.from_tensor_slices(sorted({path for pattern in patterns for path in glob.glob(str(pattern))}))
        return paths.shuffle(seed=seed) if shuffle else paths

    @staticmethod
    def range(*args):
        """Returns a data set of integers."""
        return Dataset.from_tensor_slices(np.arange(*args, dtype="int64"))

    @staticmethod
    def zip(*datasets):
        """Returns a data set of tuples of elements; of elements in the structure in which the data sets are, if it is one."""
        datasets = nested.map_structure(numbered, datasets[0] if len(datasets) == 1 else datasets)
        counts = [dataset._count for dataset in nested.flatten(datasets) if dataset._count is not None]

        def make(number):
            return nested.map_structure(lambda dataset: dataset._make(number), datasets)

        return Dataset(make, min(counts, default=None))

    def map(self, map_func, num_parallel_calls=None, **kwargs):
        """Returns a data set of what a function returns for the parts of each element."""

        def make(number):
            return _call(map_func, self._make(number))

        return Dataset(make, self._count)

    def filter(self, predicate, name=None):
        """Returns a data set of the elements for which a function returns true. All of them are looked at right away."""
        self._check_end("filter")
        kept = [number for number in range(self._count) if _call(predicate, self._make(number))]
        return Dataset(lambda number: self._make(kept[number % len(kept)]), len(kept))

    def enumerate(self, start=0, name=None):
        """Returns a data set of pairs: the number of an element, and the element."""
        return Dataset(lambda number: (start + number % (self._count or math.inf), self._make(number)), self._count)

    def concatenate(self, dataset, name=None):
        """Returns a data set of the elements of this one, then those of another."""
        self._check_end("concatenate")
        dataset = numbered(dataset)
        first, both = self._count, None if dataset._count is None else self._count + dataset._count

        def make(number):
            turn, place = divmod(number, both) if both else (0, number)
            if place < first:
                return self._make(turn * first + place)
            return dataset._make(turn * (dataset._count or 0) + place - first)

        return Dataset(make, both)

    def flat_map(self, map_func, name=None):
        """Returns a data set of the elements of the data sets that a function makes of elements, one after the other.

        All of them are made right away.
        """
        return self.interleave(map_func, cycle_length=1)

    def interleave(self, map_func, cycle_length=None, block_length=1, **kwargs):
        """Returns a data set of the elements of the data sets that a function makes of elements, of several in turn.

        All of them are made right away.

        Args:
            map_func: function of the parts of an element.
            cycle_length: among how many it goes around; 2 by default. At the end of one, the next one takes its place.
            block_length: how many elements of each come in a row.
        """
        self._check_end("flat_map" if cycle_length == 1 else "interleave")
        waiting = (iter(_call(map_func, self._make(number))) for number in range(self._count))
        elements, places = [], list(itertools.islice(waiting, 2 if cycle_length in (None, -1) else cycle_length))
        while places:
            for place, part in enumerate(places):
                block = list(itertools.islice(part, block_length))
                elements += block
                if len(block) < block_length:
                    places[place] = next(waiting, None)
            places = [part for part in places if part is not None]
        return _of_list(elements)

    def window(self, size, shift=None, stride=1, drop_remainder=False, name=None):
        """Returns a data set of data sets: for every `shift` elements so many, `stride` apart; tuples of them for tuples."""
        self._check_end("window")
        shift = size if shift is None else shift
        last = self._count - (size - 1) * stride if drop_remainder else self._count
        count = max(0, math.ceil(last / shift))

        def make(number):
            first = number % count * shift
            places = range(first, min(first + size * stride, self._count), stride)
            elements = [self._make(place) for place in places]
            return nested.map_structure(lambda *parts: _of_list(parts), *elements)

        return Dataset(make, count)

    def padded_batch(self, batch_size, padded_shapes=None, padding_values=None, drop_remainder=False, name=None):
        """Returns a data set of batches of arrays that are filled up behind, to the largest of them along each axis.

        Args:
            batch_size: how many in a batch.
            padded_shapes: sizes to fill up to, None or -1 in it for the largest one; in the structure of the elements.
            padding_values: numbers to fill up with, 0 by default; in the same structure, or one for all.
            drop_remainder: whether to leave out a last batch with fewer.
        """
        self._check_end("padded_batch")
        first, size = self._make(0), batch_size
        count = self._count // size if drop_remainder else math.ceil(self._count / size)
        leaves = len(nested.flatten(first))
        wanted = nested.flatten(nested.map_shapes(_Shape, padded_shapes)) if padded_shapes is not None else [None] * leaves
        fill = [0 if padding_values is None else padding_values] * leaves
        fill = nested.flatten(padding_values) if isinstance(padding_values, (tuple, dict)) else fill

        def make(number):
            places = range(number % count * size, min((number % count + 1) * size, self._count))
            columns = zip(*(nested.flatten(self._make(place)) for place in places), strict=True)
            filled = [_fill_up(*column) for column in zip(columns, wanted, fill, strict=True)]
            return nested.pack_like(first, filled)

        return Dataset(make, count)

    def shard(self, num_shards, index, name=None):
        """Returns a data set of every element whose number leaves the remainder `index`."""
        self._check_end("shard")
        count = len(range(index, self._count, num_shards))
        return Dataset(lambda number: self._make(index + number % count * num_shards), count)

    def rebatch(self, batch_size, drop_remainder=False, name=None):
        """Returns a data set of batches of another size. All of them are made right away."""
        return self.unbatch().batch(batch_size, drop_remainder)

    def with_options(self, options, name=None):
        """Returns the data set: the settings have no effect."""
        return self

    def reduce(self, initial_state, reduce_func, name=None):
        """Returns what a function makes of a state and each element in turn."""
        return functools.reduce(reduce_func, self, initial_state)

    def apply(self, transformation_func):
        """Returns what a function makes of the data set."""
        return transformation_func(self)

    def shuffle(self, buffer_size=None, seed=None, reshuffle_each_iteration=True):
        """Returns a data set in a random order, another one each time that it is gone through.

        All elements are shuffled; of a data set without end, those of one buffer after the other.
        """
        start, orders = np.random.randint(2**31) if seed is None else seed, {}
        count, other_orders = (self._count, reshuffle_each_iteration) if self._count is not None else (int(buffer_size), True)

        def make(number):
            turn, place = divmod(number, count)
            turn *= bool(other_orders)
            if turn not in orders:
                orders.clear()
                orders[turn] = np.random.RandomState((start + turn) % 2**32).permutation(count)
            return self._make(turn * count + orders[turn][place])

        return Dataset(make, self._count)

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

    def unbatch(self, name=None):
        """Returns a data set of what is in each element along its first axis. All of them are made right away."""
        self._check_end("unbatch")
        elements = []
        for batch in map(self._make, range(self._count)):
            places = range(len(nested.flatten(batch)[0]))
            elements += [nested.map_structure(lambda array, place=place: array[place], batch) for place in places]
        return _of_list(elements)

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

    @property
    def element_spec(self):
        """The shape and number type of each part of an element, of the first one."""
        return nested.map_structure(lambda x: TensorSpec(np.shape(x), np.asarray(x).dtype.name), self._make(0))

    def cardinality(self):
        """Returns how many elements there are, -1 for no end."""
        return as_eager(np.int64(INFINITE_CARDINALITY if self._count is None else self._count))

    def as_numpy_iterator(self):
        """Returns an iterator over the elements."""
        return NumpyIterator(nested.map_structure(np.asarray, element) for element in self)

    def get_single_element(self, name=None):
        """Returns the element of a data set that has one."""
        elements = list(itertools.islice(self, 2))
        if len(elements) != 1:
            raise ValueError(f"Dataset had {'more than one element' if elements else 'no elements'}.")
        return elements[0]

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
        return (as_eager(self[number]) for number in (itertools.count() if self._count is None else range(self._count)))


def _of_list(elements):
    return Dataset(lambda number: elements[number % len(elements)], len(elements))


def numbered(dataset):
    """Returns a data set of Keras as one of these."""
    if isinstance(dataset, Dataset):
        return dataset
    return Dataset(lambda number: dataset[number % len(dataset)], len(dataset))
