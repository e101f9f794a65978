"""Numbers brought to places of an array: one by one, or in groups."""

import numpy as np

from convlayers.autograd import differentiable, value_of
from convlayers.ops.add_at import add_at
from convlayers.ops.dtypes import as_array, as_number
from convlayers.ops.indexing import as_indices, take
from convlayers.symbolic import one_node, with_shapes
from convlayers.validation import check_choice

_REDUCTIONS = {"add": np.add, "max": np.maximum, "min": np.minimum, "mul": np.multiply}


@one_node
def scatter(indices, values, shape):
    """Returns zeros of a shape, with `values` added at `indices`.

    Args:
        indices: array of ints of shape (updates, k), with k up to the number of axes: one place for each update.
        values: array of shape (updates, *shape[k:]).
        shape: the shape of the result.
    """
    values = values if hasattr(values, "dtype") else as_array(values)
    return scatter_update(np.zeros(shape, values.dtype), indices, values, "add")


@differentiable
def scatter_update(inputs, indices, updates, reduction=None):
    """Returns `inputs` with `updates` at `indices`.

    Args:
        inputs: array.
        indices: array of ints of shape (updates, k), with k up to the number of axes: one place for each update.
        updates: array of shape (updates, *inputs.shape[k:]).
        reduction: None, for updates in the place of what was there, the last one where there are several; or "add", "max",
            "min" or "mul", of all updates of a place and of what was there. Only None and "add" have a gradient.

    Raises:
        ValueError: for another `reduction`.
    """
    if reduction is not None:
        check_choice(reduction.lower(), _REDUCTIONS, "scatter_update", "reduction")
    inputs = as_array(inputs)
    updates = as_array(updates).astype(inputs.dtype, copy=False)
    places = tuple(np.moveaxis(as_indices(indices), -1, 0))
    y = inputs.copy()
    if reduction is None:
        y[places] = updates
        last = np.zeros(inputs.shape, np.intp)
        numbers = np.arange(len(updates)).reshape(-1, *[1] * (updates.ndim - 1))
        last[places] = numbers
        visible = last[places] == numbers
    elif reduction.lower() == "add" and len(places) == 1:
        add_at(y, places[0], updates)
    else:
        _REDUCTIONS[reduction.lower()].at(y, places, updates)

    def backward(d_y):
        if reduction is None:
            d_inputs = d_y.copy()
            d_inputs[places] = 0
            return d_inputs, None, d_y[places] * visible
        if reduction.lower() == "add":
            return d_y, None, d_y[places]
        raise NotImplementedError(f"scatter_update(reduction='{reduction}') has no gradient. Only None and 'add' have one.")

    return y, backward


def _mend_segments(y, data, segment_ids, num_segments=None, sorted=False):
    y.shape = (num_segments, *data.shape[1:])


def _of_segments(function):
    return with_shapes(_mend_segments)(one_node(function))


@_of_segments
def segment_sum(data, segment_ids, num_segments=None, sorted=False):
    """Returns the sums of the entries of `data`, along its first axis, that have the same number in `segment_ids`.

    Args:
        data: array.
        segment_ids: array of ints, as many as `data` has entries. Those with a number below 0 are left out.
        num_segments: how many sums there are; by default, one more than the largest number.
        sorted: taken for compatibility.
    """
    return _segments(data, segment_ids, num_segments, "add", 0)


@_of_segments
def segment_prod(data, segment_ids, num_segments=None, sorted=False):
    """Returns the products of entries: `segment_sum` tells which. It has no gradient."""
    return _segments(data, segment_ids, num_segments, "mul", 1)


@_of_segments
def segment_max(data, segment_ids, num_segments=None, sorted=False):
    """Returns the largest of entries: `segment_sum` tells which. It has no gradient."""
    return _segments(data, segment_ids, num_segments, "max", -np.inf)


@_of_segments
def segment_min(data, segment_ids, num_segments=None, sorted=False):
    """Returns the smallest of entries: `segment_sum` tells which. It has no gradient."""
    return _segments(data, segment_ids, num_segments, "min", np.inf)


def _segments(data, segment_ids, num_segments, reduction, start):
    data = data if hasattr(data, "dtype") else as_number(data)
    numbers = as_indices(value_of(segment_ids))
    if numbers.ndim != 1:
        raise ValueError(f"Argument `segment_ids` should be an 1-D vector, got shape: {numbers.shape}.")
    if data.shape[0] != len(numbers):
        raise ValueError(
            f"Argument `segment_ids` and `data` should have same leading dimension. Got {numbers.shape} v.s. {data.shape}."
        )
    if numbers.min(initial=0) < 0:  # As in Keras, these belong to no segment.
        kept = np.flatnonzero(numbers >= 0)
        data, numbers = take(data, kept, axis=0), numbers[kept]
    if num_segments is None:
        num_segments = int(numbers.max(initial=-1)) + 1
    if np.isinf(start) and np.dtype(data.dtype).kind in "iu":
        limits = np.iinfo(data.dtype)
        start = limits.max if start > 0 else limits.min
    return scatter_update(np.full((num_segments, *data.shape[1:]), start, data.dtype), numbers[:, np.newaxis], data, reduction)
