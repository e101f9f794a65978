"""From what a user trains on to batches: arrays, generators, data sets that give a batch for its number.

A batch is a tuple `(x, y, sample_weight)`, of which the last two may be None. Each class here has `num_batches`, None if it is
not known, and can be iterated over once per epoch.
"""

import itertools
import math
import types
import warnings

import numpy as np

from convlayers import config, nested, validation
from convlayers.autograd import value_of
from convlayers.layers.layer import lists_to_arrays


def make_batches(x, y=None, sample_weight=None, batch_size=None, steps=None, shuffle=False, class_weight=None):
    """Returns the batches of what is passed to `fit`, `evaluate` or `predict`. They have the arguments.

    Raises:
        ValueError: if the data is of no known kind, or does not go with the other arguments.
    """
    arrays = nested.map_structure(_to_array_if_any, tuple(lists_to_arrays(part) for part in (x, y, sample_weight)))
    if all(leaf is None or isinstance(leaf, np.ndarray) for leaf in nested.flatten(arrays)):
        return ArrayBatches(*arrays, batch_size, steps, shuffle, class_weight)
    if isinstance(x, (list, tuple, dict, str, bytes)) or not hasattr(x, "__iter__") and not hasattr(x, "__getitem__"):
        raise ValueError(
            f"Unrecognized data type: x={x} (of type {type(x)})\nData is an array, a list of arrays or a dict of arrays, one for "
            "each input of the model; or a generator or iterable of batches, which are tuples of (inputs, targets)."
        )
    kind = "generator" if isinstance(x, types.GeneratorType) else type(x).__name__
    for name, description, value in (("y", "targets", y), ("sample_weights", "sample weights", sample_weight)):
        if value is not None:
            raise ValueError(
                f"When providing `x` as a {kind}, `{name}` should not be passed. Instead, the {description} should be included "
                f"as part of the {kind}."
            )
    if hasattr(x, "__getitem__") and hasattr(x, "__len__"):
        return NumberedBatches(x, shuffle, class_weight)
    if class_weight is not None:
        raise ValueError(
            f"Argument `class_weight` is not supported for Python generator inputs. Received: class_weight={class_weight}\n"
            "Let it yield tuples of (inputs, targets, sample_weights)."
        )
    return IterableBatches(x)


class ArrayBatches:
    """Batches that are cut out of arrays.

    Args:
        x, y, sample_weight: arrays, or structures of arrays, or None.
        batch_size: int, by default 32, or what `steps` calls for.
        steps: number of batches.
        shuffle: whether the samples come in a new order in each epoch; "batch" for a new order within each batch.
        class_weight: dict of classes and weights.
    """

    def __init__(self, x, y, sample_weight, batch_size=None, steps=None, shuffle=False, class_weight=None):
        if class_weight is not None:
            sample_weight = _weights_of_classes(y, sample_weight, class_weight)
        elif isinstance(y, (list, tuple, dict)) and isinstance(sample_weight, np.ndarray):
            sample_weight = _repeat_weights(y, sample_weight)
        self._data = (x, y, sample_weight)
        check_cardinality(self._data)
        leaves = [leaf for leaf in nested.flatten(self._data) if leaf is not None]
        self.num_samples = len(leaves[0]) if leaves else 0
        self.batch_size = _standardize_batch_size(batch_size, steps, self.num_samples)
        self.num_batches = math.ceil(self.num_samples / self.batch_size)
        self._shuffle = shuffle

    def __iter__(self):
        order = np.random.permutation(self.num_samples) if self._shuffle and self._shuffle != "batch" else None
        for start in range(0, self.num_samples, self.batch_size):
            stop = min(start + self.batch_size, self.num_samples)
            if order is not None:
                yield self._take(order[start:stop])
            elif self._shuffle:
                yield self._take(start + np.random.permutation(stop - start))
            else:
                yield self._cut(start, stop)

    def _take(self, indices):
        return nested.map_structure(lambda array: None if array is None else np.take(array, indices, axis=0), self._data)

    def _cut(self, start, stop):
        def cut(array):
            return None if array is None else np.ascontiguousarray(array[start:stop])

        return nested.map_structure(cut, self._data)


class NumberedBatches:
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
        self._notify("on_epoch_begin")
        order = range(self.num_batches)
        for number in np.random.permutation(self.num_batches) if self._shuffle else order:
            x, y, sample_weight = unpack_x_y_sample_weight(_batch_to_arrays(self._batches[int(number)]))
            if self._class_weight is not None:
                sample_weight = _weights_of_classes(y, sample_weight, self._class_weight)
            yield x, y, sample_weight
        self._notify("on_epoch_end")

    def _notify(self, event):
        getattr(self._batches, event, lambda: None)()


class IterableBatches:
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
            yield unpack_x_y_sample_weight(_batch_to_arrays(batch))


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

    def __iter__(self):
        """Yields the batches of one epoch. With `steps_per_epoch`, the next one goes on where this one ended."""
        if not self._peeked and (self._iterator is None or self._steps is None):
            self._iterator = iter(self._batches)
        self._peeked = False
        step = 0
        for step, batch in enumerate(itertools.islice(self._iterator, self.num_batches), start=1):
            yield batch
        self._seen += step
        if self._known_steps is None and self._steps is None:
            self._known_steps = step
        elif step < self.num_batches:
            warnings.warn(
                "Your input ran out of data; interrupting training. Make sure that your dataset or generator can generate at "
                "least `steps_per_epoch * epochs` batches. You may need to use the `.repeat()` function when building your "
                "dataset.",
                stacklevel=3,
            )
        if self._batches.num_batches and self._seen >= self._batches.num_batches:
            self._iterator, self._seen = None, 0


# Parts of a batch -----------------------------------------------------------------------------------------------------


def unpack_x_y_sample_weight(data):
    """Returns the three parts of a batch, None for those that are not there.

    Args:
        data: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`.

    Raises:
        ValueError: if it has more parts.
    """
    if not isinstance(data, (list, tuple)):
        return data, None, None
    if len(data) > 3:
        raise ValueError(
            "Data is expected to be in format `x`, `(x,)`, `(x, y)`, or `(x, y, sample_weight)`, "
            f"found: {nested.map_structure(_describe, data)}"
        )
    return (*data, None, None)[:3]


def pack_x_y_sample_weight(x, y=None, sample_weight=None):
    """Returns the parts of a batch as `fit` takes them: without those that are None."""
    if y is None:
        return (x,) if isinstance(x, (list, tuple)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def check_cardinality(data):
    """Checks that all arrays have as many samples.

    Args:
        data: tuple `(x, y, sample_weight)`.

    Raises:
        ValueError: if they do not.
    """
    lengths = {len(leaf) for leaf in nested.flatten(data) if leaf is not None}
    if len(lengths) > 1:
        message = "Data cardinality is ambiguous. Make sure all arrays contain the same number of samples."
        for name, part in zip(("x", "y", "sample_weight"), data, strict=False):
            if part is not None:
                message += f"'{name}' sizes: {', '.join(str(len(leaf)) for leaf in nested.flatten(part) if leaf is not None)}\n"
        raise ValueError(message)


def class_weight_to_sample_weights(y, class_weight):
    """Returns the weight of each sample as an array.

    Args:
        y: array of classes, or of one-hot vectors.
        class_weight: dict of classes and weights. A class that is not in it weighs 1.
    """
    labels = np.asarray(y)
    if labels.ndim > 1:
        labels = labels[..., 0] if labels.shape[-1] == 1 else labels.argmax(axis=-1)
    classes, places = np.unique(np.round(labels).astype("int64"), return_inverse=True)
    weights = np.array([class_weight.get(int(label), 1.0) for label in classes], config.floatx())
    return weights[places].reshape(labels.shape)


def _weights_of_classes(y, sample_weight, class_weight):
    if sample_weight is not None:
        raise ValueError("You cannot `class_weight` and `sample_weight` at the same time.")
    if isinstance(y, (list, tuple, dict)):
        raise ValueError("`class_weight` is only supported for Models with a single output.")
    if y is None:
        raise ValueError("`class_weight` needs the classes of the samples. Received: y=None.")
    return class_weight_to_sample_weights(y, class_weight)


def _repeat_weights(y, sample_weight):
    """Returns one array of weights for all outputs as one for each."""
    if sample_weight.ndim > 2 or (sample_weight.ndim == 2 and sample_weight.shape[1] != 1):
        raise ValueError(
            "For a model with multiple outputs, when providing a single `sample_weight` array, it should only have one scalar "
            "score per sample (i.e. shape `(num_samples,)`). If you want to use non-scalar sample weights, pass a "
            "`sample_weight` argument with one array per model output."
        )
    return nested.map_structure(lambda _: sample_weight, y)


def _standardize_batch_size(batch_size, steps, num_samples):
    if batch_size is None:
        return math.ceil(num_samples / steps) if steps and num_samples else 32
    if not validation.is_integer(batch_size) or batch_size <= 0:
        raise ValueError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
    return int(batch_size)


# Arrays ---------------------------------------------------------------------------------------------------------------


def to_array(x):
    """Returns anything array-like as an array of numbers that a model takes; None for None.

    Floats become `floatx()`. Integers stay as they are: images of bytes become floats batch by batch.

    Raises:
        ValueError: if it is an array of something else than numbers, or a single number.
    """
    if x is None:
        return None
    if hasattr(x, "iloc"):  # of pandas; a single column, as a column
        x = x.to_numpy() if x.ndim > 1 else x.to_numpy()[:, None]
    array = np.asarray(value_of(x))
    if array.dtype.kind not in "fiub":
        raise ValueError(
            f"Invalid dtype: {array.dtype}\nData consists of numbers. Ragged lists, strings and objects become arrays of numbers "
            "with `np.array(x, dtype='float32')` once all parts have the same shape."
        )
    if array.ndim == 0:
        raise ValueError(
            f"When passing a dataset to a Keras model, the arrays must be at least rank 1. Received: {array} of rank 0."
        )
    dtype = config.floatx() if array.dtype.kind == "f" else array.dtype.newbyteorder("=")
    return array.astype(dtype, copy=False)


def _to_array_if_any(x):
    return to_array(x) if hasattr(x, "__array__") or hasattr(x, "iloc") else x


def _batch_to_arrays(batch):
    if isinstance(batch, (list, tuple)):
        return tuple(nested.map_structure(to_array, lists_to_arrays(part)) for part in batch)
    return nested.map_structure(to_array, batch)


def _describe(leaf):
    return f"array of shape {leaf.shape}" if hasattr(leaf, "shape") else leaf


def split(data, fraction):
    """Divides arrays into those to train on and, from the end, those to validate with.

    Args:
        data: tuple `(x, y, sample_weight)` of arrays, structures of arrays, or None.
        fraction: float from 0 to 1, how much the last part is of all.

    Returns:
        Two such tuples.

    Raises:
        ValueError: if they are no arrays, or one of the parts would be empty.
    """
    arrays = nested.map_structure(_to_array_if_any, tuple(lists_to_arrays(part) for part in data))
    unfit = [type(leaf) for leaf in nested.flatten(arrays) if leaf is not None and not isinstance(leaf, np.ndarray)]
    if unfit:
        raise ValueError(
            "Argument `validation_split` is only supported for tensors or NumPy arrays."
            f"Found incompatible type in the input: {unfit}"
        )
    check_cardinality(arrays)
    samples = next(len(leaf) for leaf in nested.flatten(arrays) if leaf is not None)
    at = math.floor(samples * (1.0 - fraction))
    if at in (0, samples):
        raise ValueError(
            f"Training data contains {samples} samples, which is not sufficient to split it into a validation and training set "
            f"as specified by `validation_split={fraction}`. Either provide more data, or a different value for the "
            "`validation_split` argument."
        )
    parts = slice(None, at), slice(at, None)
    return [nested.map_structure(lambda leaf: None if leaf is None else leaf[part], arrays) for part in parts]
