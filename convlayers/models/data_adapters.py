"""From what a user trains on to batches: arrays, generators, data sets that give a batch for its number.

A batch is what `train_step` takes: `x`, `(x, y)` or `(x, y, sample_weight)`. Each class here has `num_batches`, None if it is
not known, and is iterated over once per epoch.
"""

import itertools
import math
import types
import warnings

import numpy as np

from convlayers import nested, validation
from convlayers._native import memory
from convlayers.models.batch_parts import (
    batch_to_arrays,
    count_samples,
    pack_x_y_sample_weight,
    standardize_weights,
    unpack_x_y_sample_weight,
)


def make_batches(x, y=None, sample_weight=None, batch_size=None, steps=None, shuffle=False, class_weight=None):
    """Returns the batches of what is passed to `fit`, `evaluate` or `predict`. They have the arguments.

    Raises:
        ValueError: if the data is of no known kind, or does not go with the other arguments.
    """
    arrays = batch_to_arrays((x, y, sample_weight))
    if x is not None and all(leaf is None or isinstance(leaf, np.ndarray) for leaf in nested.flatten(arrays)):
        return ArrayBatches(*arrays, batch_size, steps, shuffle, class_weight)
    can_be_gone_through = hasattr(x, "__iter__") or hasattr(x, "__getitem__")
    if isinstance(x, (list, tuple, dict, str, bytes)) or not can_be_gone_through:
        raise ValueError(
            f"Unrecognized data type: x={x} (of type {type(x)})\nData is an array, a list of arrays or a dict of arrays, one "
            "for each input of the model; or a generator or iterable of batches, which are tuples of (inputs, targets)."
        )
    kind = "generator" if isinstance(x, types.GeneratorType) else type(x).__name__
    for name, description, value in (("y", "targets", y), ("sample_weights", "sample weights", sample_weight)):
        if value is not None:
            raise ValueError(
                f"When providing `x` as a {kind}, `{name}` should not be passed. Instead, the {description} should be "
                f"included as part of the {kind}."
            )
    if hasattr(x, "__getitem__") and hasattr(x, "__len__"):
        return NumberedBatches(x, shuffle, class_weight)
    if class_weight is not None:
        raise ValueError(
            f"Argument `class_weight` is not supported for Python generator inputs. Received: class_weight={class_weight}\n"
            "Let it yield tuples of (inputs, targets, sample_weights)."
        )
    return IterableBatches(x)


class _Batches:
    num_batches = None

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

    def __init__(self, x, y, sample_weight, batch_size=None, steps=None, shuffle=False, class_weight=None):
        sample_weight = standardize_weights(y, sample_weight, class_weight)
        self.num_samples = count_samples((x, y, sample_weight))
        self.batch_size = _standardize_batch_size(batch_size, steps, self.num_samples)
        # Of no samples there is one batch, which is empty.
        self.num_batches = max(1, math.ceil(self.num_samples / self.batch_size))
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
        return nested.map_structure(lambda array: None if array is None else np.take(array, indices, axis=0), self._data)

    def _cut(self, start, stop):
        def cut(array):
            return None if array is None else np.ascontiguousarray(array[start:stop])

        return nested.map_structure(cut, self._data)


def _standardize_batch_size(batch_size, steps, num_samples):
    if batch_size is None:
        return math.ceil(num_samples / steps) if steps and num_samples else 32
    if not validation.is_integer(batch_size) or batch_size <= 0:
        raise ValueError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
    return int(batch_size)


class NumberedBatches(_Batches):
    """Batches of an object that gives the batch number `i` as `x[i]` and knows how many there are, as a `PyDataset`.

    Args:
        batches: the object. If it has `on_epoch_begin` or `on_epoch_end`, they are called.
        shuffle: whether the batches come in a new order in each epoch.
        class_weight: dict of classes and weights.
    """

    def __init__(self, batches, shuffle=False, class_weight=None):
        self._batches = batches
        self._shuffle = shuffle
        self._class_weight = class_weight
        self.num_batches = getattr(batches, "num_batches", None) or len(batches)

    def __iter__(self):
        order = range(self.num_batches)
        for number in np.random.permutation(self.num_batches) if self._shuffle else order:
            batch = batch_to_arrays(self._batches[int(number)])
            if self._class_weight is not None:
                x, y, sample_weight = unpack_x_y_sample_weight(batch)
                batch = x, y, standardize_weights(y, sample_weight, self._class_weight)
            yield batch

    def on_epoch_begin(self):
        getattr(self._batches, "on_epoch_begin", lambda: None)()

    def on_epoch_end(self):
        getattr(self._batches, "on_epoch_end", lambda: None)()


class IterableBatches(_Batches):
    """Batches of a generator, or of anything that can be iterated over again, as a `DataLoader` of PyTorch.

    Args:
        batches: the generator or iterable.
    """

    def __init__(self, batches):
        self._batches = batches
        self.num_batches = len(batches) if hasattr(batches, "__len__") else None
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
            yield batch_to_arrays(batch)


class Epochs:
    """Batches, epoch by epoch.

    Args:
        batches: one of the classes above.
        steps_per_epoch: number of batches in an epoch, by default as many as there are.
    """

    def __init__(self, batches, steps_per_epoch=None):
        self._batches = batches
        self._steps = steps_per_epoch
        self._known_steps = batches.num_batches
        self._iterator = None
        self._peeked = False
        self._seen = 0

    @property
    def num_batches(self):
        """The number of batches in an epoch, None before the end of the first epoch of a generator."""
        return self._steps or self._known_steps

    def peek(self):
        """Returns the first batch, which stays the first; None if there is none."""
        self._iterator = iter(self._batches)
        first = next(self._iterator, None)
        if first is not None:
            self._iterator = itertools.chain([first], self._iterator)
        self._peeked = True
        return first

    def rewind(self):
        """Lets the next epoch begin where the data begins; a generator goes on."""
        self._iterator, self._seen = None, 0

    def __iter__(self):
        """Yields the batches of one epoch. With `steps_per_epoch`, the next one goes on where this one ended."""
        if not self._peeked and (self._iterator is None or self._steps is None):
            self._iterator = iter(self._batches)
        self._peeked = False
        self._batches.on_epoch_begin()
        steps = 0
        for batch in itertools.islice(self._iterator, self.num_batches):
            steps += 1
            yield batch
        self._seen += steps
        if self._known_steps is None and self._steps is None:
            self._known_steps = steps
        elif steps < self.num_batches:
            warnings.warn(
                "Your input ran out of data; interrupting training. Make sure that your dataset or generator can generate at "
                "least `steps_per_epoch * epochs` batches. You may need to use the `.repeat()` function when building your "
                "dataset.",
                stacklevel=3,
            )
        if self._batches.num_batches and self._seen >= self._batches.num_batches:
            self.rewind()
        self._batches.on_epoch_end()
