"""A data set as two."""

import numbers

import numpy as np

from convlayers import nested
from convlayers.data.py_dataset import PyDataset
from convlayers.data.sample_dataset import SampleDataset


def split_dataset(dataset, left_size=None, right_size=None, shuffle=False, seed=None, preferred_backend=None):
    """Divides samples into a left and a right part, to train with and to test with for instance.

    Args:
        dataset: an array, a list or tuple of arrays, or an object that gives a sample for its number, as a `Dataset` of
            PyTorch.
        left_size, right_size: number of samples (int), or their fraction of all (float); what the other leaves by default.
        shuffle: whether the samples are shuffled before.
        seed: of their order.
        preferred_backend: taken for compatibility, without effect.

    Returns:
        Two data sets of single samples, whose length is the number of samples. `.batch(32)` makes batches of them, and
        `.shuffle()` shuffles them anew in each epoch.

    Raises:
        TypeError: if it is no data set, or a size is no number.
        ValueError: if the sizes do not fit it.

    Example:

    >>> train, test = split_dataset((x, y), left_size=0.8)
    >>> model.fit(train.shuffle().batch(32), validation_data=test.batch(32))
    """
    make_sample, count = _samples_of(dataset)
    if left_size is None and right_size is None:
        raise ValueError(
            "At least one of the `left_size` or `right_size` must be specified. Received: left_size=None and right_size=None"
        )
    left, right = _rescale_sizes(left_size, right_size, count)
    order = np.random.RandomState(seed).permutation(count) if shuffle else np.arange(count)
    return _part(make_sample, order[:left]), _part(make_sample, order[left : left + right])


def _part(make_sample, order):
    return SampleDataset(lambda number: make_sample(order[number]), len(order))


def _samples_of(dataset):
    """Returns a function that gives the sample of a number, and how many there are."""
    if isinstance(dataset, (list, tuple, dict)) and len(nested.flatten(dataset)):
        arrays = nested.map_structure(np.asarray, tuple(dataset) if isinstance(dataset, list) else dataset)
        lengths = {len(array) for array in nested.flatten(arrays)}
        if len(lengths) > 1:
            raise ValueError(f"All arrays in `dataset` must have the same length. Received: lengths {sorted(lengths)}")
        return lambda number: nested.map_structure(lambda array: array[number], arrays), lengths.pop()
    if isinstance(dataset, PyDataset):
        # Batches, as a rule: their samples are kept, as arrays.
        batches = list(dataset)
        return _samples_of(nested.map_structure(lambda *parts: np.concatenate(parts), *batches))
    if hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__") and not isinstance(dataset, (str, bytes, dict)):
        return lambda number: dataset[int(number)], len(dataset)
    raise TypeError(f"Unsupported dataset type: {type(dataset)}")


def _rescale_sizes(left_size, right_size, count):
    """Returns both sizes as numbers of samples."""
    for name, size in (("left_size", left_size), ("right_size", right_size)):
        if size is None:
            continue
        if not isinstance(size, numbers.Real):
            raise TypeError(f"Invalid `{name}` Type. Expected: int or float or None, Received: type({name})={type(size)}.  ")
        if not 0 < size < (1 if isinstance(size, float) else count):
            raise ValueError(
                f"`{name}` should be either a positive integer smaller than {count}, or a float within the range `[0, 1]`. "
                f"Received: {name}={size}"
            )
    if isinstance(left_size, float) and isinstance(right_size, float) and left_size + right_size > 1:
        raise ValueError("The sum of `left_size` and `right_size` is greater than 1. It must be less than or equal to 1.")
    left, right = (round(size * count) if isinstance(size, float) else size for size in (left_size, right_size))
    left = count - right if left is None else left
    right = count - left if right is None else right
    if left + right > count:
        raise ValueError(
            f"The sum of `left_size` and `right_size` should be smaller than the {count}. "
            f"Received: left_size + right_size = {left + right}and total_length = {count}"
        )
    for size, side in ((left, "left"), (right, "right")):
        if size == 0:
            raise ValueError(
                f"With `dataset` of length={count}, `left_size`={left} and `right_size`={right}."
                f"Resulting {side} side dataset split will be empty. Adjust any of the aforementioned parameters"
            )
    return left, right
