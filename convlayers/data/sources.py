"""What a user trains on, as batches: arrays, data sets that give a batch for its number, generators and other iterables.

A batch is what `train_step` takes: `x`, `(x, y)` or `(x, y, sample_weight)`. Each class here has `num_batches`, None if it is
not known, and is iterated over once per epoch.
"""

import itertools
import math
import random
import types
import warnings
from collections.abc import Iterator

import numpy as np

from convlayers import nested, validation
from convlayers._native import memory
from convlayers.data.batch_parts import batch_to_arrays, count_samples, standardize_weights
from convlayers.data.packing import pack_x_y_sample_weight, unpack_x_y_sample_weight
from convlayers.data.py_dataset import PyDataset


def make_batches(x, y=None, sample_weight=None, batch_size=None, steps=None, shuffle=False, class_weight=None):
    """Returns the batches of what is passed to `fit`, `evaluate` or `predict`. They have the arguments.

    Raises:
        ValueError: if the data is of no known kind, or does not go with the other arguments.
    """
    if not isinstance(x, PyDataset):
        arrays = batch_to_arrays((x, y, sample_weight))
        if x is not None and all(leaf is None or isinstance(leaf, np.ndarray) for leaf in nested.flatten(arrays)):
            return ArrayBatches(*arrays, batch_size, steps, shuffle, class_weight)
    kind = _kind_of(x)
    for name, description, value in (("y", "the targets", y), ("sample_weights", "the sample weights", sample_weight)):
        if value is not None:
            raise ValueError(
                f"When providing `x` as a {kind}, `{name}` should not be passed. Instead, {description} should be "
                f"included as part of the {kind}."
            )
    if _is_numbered(x):
        return NumberedBatches(x, shuffle, class_weight)
    if class_weight is not None and kind in _WITHOUT_CLASS_WEIGHT:
        raise ValueError(
            f"Argument `class_weight` is not supported for {_WITHOUT_CLASS_WEIGHT[kind]} inputs. Received: "
            f"class_weight={class_weight}\nLet it yield tuples of (inputs, targets, sample_weights)."
        )
    return IterableBatches(x, class_weight)


_WITHOUT_CLASS_WEIGHT = {"generator": "Python generator", "torch DataLoader": "torch DataLoader"}


def _kind_of(x):
    """Returns what Keras calls a kind of data that is not made of arrays."""
    can_be_gone_through = hasattr(x, "__iter__") or hasattr(x, "__getitem__")
    if isinstance(x, (list, tuple, dict, str, bytes)) or not can_be_gone_through:
        raise ValueError(
            f"Unrecognized data type: x={x} (of type {type(x)})\nData is an array, a list of arrays or a dict of arrays, one "
            "for each input of the model; or a generator or iterable of batches, which are tuples of (inputs, targets)."
        )
    if isinstance(x, types.GeneratorType):
        return "generator"
    if isinstance(x, PyDataset):
        return "PyDataset"
    for parent in type(x).__mro__:
        if parent.__name__ == "DataLoader" and parent.__module__.startswith("torch.utils.data"):
            return "torch DataLoader"
        if parent.__name__ == "DatasetV2" and parent.__module__.startswith("tensorflow"):
            return "tf.data.Dataset"
    return type(x).__name__


def _is_numbered(x):
    return isinstance(x, PyDataset) or (hasattr(x, "__getitem__") and hasattr(x, "__len__"))


class _Batches:
    num_batches = None
    labels = None  # All of them, where they are arrays.
    keeps_first = False  # Whether a batch that was only looked at is taken: from a generator it would be gone.

    def on_epoch_begin(self):
        """Called before the first batch of an epoch."""

    def on_epoch_end(self):
        """Called after the last batch of an epoch."""


class ArrayBatches(_Batches):
    """Batches that are cut out of arrays.

    Args:
        x, y, sample_weight: arrays, or structures of arrays, or None.
        batch_size: int, by default 32, or what `steps` calls for.
        steps: number of batches.
        shuffle: whether the samples come in a new order in each epoch; "batch" for a new order within each batch.
        class_weight: dict of classes and weights.
    """

    keeps_first = True  # Nobody sees how often it is cut out.

    def __init__(self, x, y, sample_weight, batch_size=None, steps=None, shuffle=False, class_weight=None):
        sample_weight = standardize_weights(y, sample_weight, class_weight)
        self.num_samples = count_samples((x, y, sample_weight))
        self.batch_size = _standardize_batch_size(batch_size, steps, self.num_samples)
        # Of no samples there is one batch, which is empty.
        self.num_batches = max(1, math.ceil(self.num_samples / self.batch_size))
        self.labels = y
        self._data = pack_x_y_sample_weight(x, y, sample_weight)
        self._shuffle = shuffle

    def __iter__(self):
        order = np.random.permutation(self.num_samples) if self._shuffle and self._shuffle != "batch" else None
        for start in range(0, max(1, self.num_samples), self.batch_size):
            stop = min(start + self.batch_size, self.num_samples)
            if order is not None:
                yield self._take(order[start:stop])
            elif self._shuffle:
                yield self._take(start + np.random.permutation(stop - start))
            else:
                yield self._cut(start, stop)

    @memory.pooled
    def _take(self, indices):
        return nested.map_structure(lambda array: None if array is None else array.take(indices, 0), self._data)

    def _cut(self, start, stop):
        def cut(array):
            return None if array is None else np.ascontiguousarray(array[start:stop])

        return nested.map_structure(cut, self._data)


def _standardize_batch_size(batch_size, steps, num_samples):
    if batch_size is None:
        return math.ceil(num_samples / steps) if steps and num_samples else 32
    if not validation.is_integer(batch_size) or batch_size <= 0:
        raise ValueError(f"batch_size should be a positive integer value, but got batch_size={validation.brief(batch_size)}")
    return int(batch_size)


class NumberedBatches(_Batches):
    """Batches of a `PyDataset`, or of another object that gives the batch number `i` as `x[i]` and has a length.

    Args:
        batches: the object. If it has `on_epoch_begin` or `on_epoch_end`, they are called.
        shuffle: whether the batches come in a new order in each epoch.
        class_weight: dict of classes and weights.
    """

    def __init__(self, batches, shuffle=False, class_weight=None):
        self._batches = batches
        self._shuffle = shuffle
        self._class_weight = class_weight
        self._has_workers = False
        if isinstance(batches, PyDataset):
            _check_initialized(batches)
            self._has_workers = batches.workers > 1 or (batches.workers > 0 and batches.use_multiprocessing)

    @property
    def num_batches(self):
        # Asked anew for each epoch: the data set may change it between them.
        return self._batches.num_batches if isinstance(self._batches, PyDataset) else len(self._batches)

    def __iter__(self):
        count = self.num_batches
        if count is None:
            numbers = itertools.count()
        else:
            numbers = list(range(count))
            if self._shuffle:
                # Not by NumPy: with the same seed, in the order of Keras.
                random.shuffle(numbers)
        if self._has_workers:
            from convlayers.data.workers import make_ahead

            batches = make_ahead(self._batches, numbers)
        else:
            batches = map(self._batches.__getitem__, numbers)
        for batch in batches:
            yield _weigh_classes(batch_to_arrays(self._check(batch)), self._class_weight)

    def _check(self, batch):
        if isinstance(batch, (list, tuple)) and not 1 <= len(batch) <= 3:
            raise ValueError(
                f"{type(self._batches).__name__}.__getitem__() must return a tuple or a dict. If a tuple, it must be ordered "
                "either (input,) or (inputs, targets) or (inputs, targets, sample_weights). Received: "
                f"{str(batch)[:100]}... of type {type(batch)}"
            )
        return batch

    def on_epoch_begin(self):
        getattr(self._batches, "on_epoch_begin", _do_nothing)()

    def on_epoch_end(self):
        getattr(self._batches, "on_epoch_end", _do_nothing)()


def _check_initialized(dataset):
    if "workers" not in vars(dataset):
        warnings.warn(
            "Your `PyDataset` class should call `super().__init__(**kwargs)` in its constructor. `**kwargs` can include "
            "`workers`, `use_multiprocessing`, `max_queue_size`. Do not pass these arguments to `fit()`, as they will be "
            "ignored.",
            stacklevel=6,
        )


def _do_nothing():
    pass


def _weigh_classes(batch, class_weight):
    if class_weight is None:
        return batch
    x, y, sample_weight = unpack_x_y_sample_weight(batch)
    if sample_weight is not None:
        raise ValueError("You cannot specify `class_weight` and `sample_weight` at the same time.")
    return batch if y is None else (x, y, standardize_weights(y, None, class_weight))


class IterableBatches(_Batches):
    """Batches of a generator, or of anything that can be iterated over again: a `DataLoader` of PyTorch, a `tf.data.Dataset`.

    Args:
        batches: the generator or iterable.
        class_weight: dict of classes and weights.
    """

    def __init__(self, batches, class_weight=None):
        self._batches = batches
        self._class_weight = class_weight
        self.num_batches = _length(batches)
        self.keeps_first = isinstance(batches, Iterator)
        if isinstance(batches, types.GeneratorType):
            self._check_first()

    def _check_first(self):
        name = "When passing a Python generator to a Keras model, the generator must"
        try:
            first = next(self._batches)
        except StopIteration:
            raise ValueError(f"{name} yield at least one batch. Received an empty generator.") from None
        if not isinstance(first, tuple):
            raise ValueError(
                f"{name} return a tuple, either (input,) or (inputs, targets) or (inputs, targets, sample_weights). "
                f"Received: {first}"
            )
        self._batches = itertools.chain([first], self._batches)

    def __iter__(self):
        for batch in self._batches:
            yield _weigh_classes(batch_to_arrays(batch), self._class_weight)


def _length(batches):
    try:
        return len(batches)
    except TypeError:  # It has none, or does not know it: data without an end.
        return None
