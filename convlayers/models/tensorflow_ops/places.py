"""Functions of TensorFlow that take numbers from places, or bring them there, with its arguments."""

import math

import numpy as np

from convlayers import ops
from convlayers.models.tensorflow_ops.arguments import as_ints, as_number_or_array


def gather(params, indices, validate_indices=None, axis=None, batch_dims=0):
    params, indices = as_number_or_array(params, "float32"), as_number_or_array(indices, "int32")
    rank = len(params.shape)
    batch_dims = batch_dims % (len(np.shape(indices)) + 1)
    axis = batch_dims if axis is None else as_ints(axis) % rank
    if not batch_dims:
        return ops.take(params, indices, axis)
    # The axis behind those that both have, as rows of which each has its own indices.
    batch, before = params.shape[:batch_dims], params.shape[batch_dims:axis]
    behind, wanted = params.shape[axis + 1 :], indices.shape[batch_dims:]
    rows = ops.moveaxis(params, axis, batch_dims)
    rows = ops.reshape(rows, _sizes((*_flat(batch), params.shape[axis], math.prod((*before, *behind)))))
    taken = ops.take_along_axis(rows, ops.reshape(indices, _sizes((*_flat(batch), math.prod(wanted), 1))), axis=1)
    taken = ops.reshape(taken, _sizes((*batch, *wanted, *before, *behind)))
    order = list(range(batch_dims))
    order += [batch_dims + len(wanted) + n for n in range(len(before))]
    order += [batch_dims + n for n in range(len(wanted))]
    return ops.transpose(taken, order + list(range(len(order), len(order) + len(behind))))


def _flat(batch):
    return (None if None in batch else math.prod(batch),)


def _sizes(shape):
    """Returns a shape as an argument: an unknown size finds itself."""
    return [-1 if size is None else size for size in shape]


def gather_nd(params, indices, batch_dims=0):
    params, indices = as_number_or_array(params, "float32"), as_number_or_array(indices, "int32")
    depth = indices.shape[-1]
    searched = params.shape[batch_dims : batch_dims + depth]
    steps = np.array([math.prod(searched[n + 1 :]) for n in range(depth)], "int32")
    places = ops.sum(ops.multiply(ops.cast(indices, "int32"), steps), axis=-1)
    count = None if None in searched else math.prod(searched)
    rows = ops.reshape(params, _sizes((*params.shape[:batch_dims], count, *params.shape[batch_dims + depth :])))
    return gather(rows, places, axis=batch_dims, batch_dims=batch_dims)


def scatter_nd(indices, updates, shape):
    return ops.scatter(*_rows(indices, updates), tuple(as_ints(shape)))


class ScatterUpdate:
    """A function that brings numbers to places of a tensor.

    Args:
        reduction: an argument of `ops.scatter_update`.
    """

    def __init__(self, reduction):
        self.reduction = reduction
        self.__name__ = f"tensor_scatter_nd_{reduction or 'update'}"

    def __call__(self, tensor, indices, updates):
        return ops.scatter_update(tensor, *_rows(indices, updates), reduction=self.reduction)


tensor_scatter_nd_add = ScatterUpdate("add")
tensor_scatter_nd_max = ScatterUpdate("max")
tensor_scatter_nd_min = ScatterUpdate("min")
tensor_scatter_nd_update = ScatterUpdate(None)


def tensor_scatter_nd_sub(tensor, indices, updates):
    return tensor_scatter_nd_add(tensor, indices, ops.negative(as_number_or_array(updates)))


def _rows(indices, updates):
    """Returns places and what belongs there, with one axis for all places."""
    indices, updates = as_number_or_array(indices, "int32"), as_number_or_array(updates)
    axes = len(indices.shape) - 1
    return ops.reshape(indices, (-1, indices.shape[-1])), ops.reshape(updates, _sizes((None, *updates.shape[axes:])))


def where(condition, x=None, y=None):
    condition = as_number_or_array(condition, "bool")
    if x is None:
        return ops.cast(ops.stack(ops.nonzero(condition), -1), "int64")
    dtype = getattr(x, "dtype", getattr(y, "dtype", "float32"))
    return ops.where(condition, as_number_or_array(x, dtype), as_number_or_array(y, dtype))


class Segments:
    """A function of rows that are numbered by the group that they belong to.

    Args:
        function: an op.
    """

    def __init__(self, function):
        self.function = function
        self.__name__ = function.__name__

    def __call__(self, data, segment_ids, num_segments=None):
        ids = as_number_or_array(segment_ids, "int32")
        data = ops.reshape(data, _sizes((None, *data.shape[len(ids.shape) :])))
        if num_segments is None and isinstance(ids, np.ndarray):
            num_segments = int(ids.max()) + 1
        return self.function(data, ops.reshape(ids, (-1,)), as_ints(num_segments))


def segment_mean(data, segment_ids, num_segments=None):
    add = Segments(ops.segment_sum)
    counts = add(ops.ones_like(data), segment_ids, num_segments)
    return ops.divide(add(data, segment_ids, num_segments), ops.maximum(counts, 1.0))


# Blocks of pixels -----------------------------------------------------------------------------------------------------


def space_to_batch_nd(input, block_shape, paddings):
    blocks, sides = as_ints(block_shape), [as_ints(pair) for pair in paddings]
    x = ops.pad(input, [(0, 0), *sides, *[(0, 0)] * (len(input.shape) - 1 - len(blocks))])
    parts = [part for size, block in zip(x.shape[1:], blocks, strict=False) for part in (size // block, block)]
    rank, rest = len(blocks), x.shape[1 + len(blocks) :]
    x = ops.reshape(x, (-1, *parts, *rest))
    order = [*range(2, 2 * rank + 1, 2), 0, *range(1, 2 * rank + 1, 2), *range(2 * rank + 1, len(x.shape))]
    return ops.reshape(ops.transpose(x, order), (-1, *parts[::2], *rest))


def space_to_batch(input, paddings, block_size):
    return space_to_batch_nd(input, [block_size, block_size], paddings)


def batch_to_space(input, block_shape, crops):
    blocks, sides = as_ints(block_shape), [as_ints(pair) for pair in crops]
    if isinstance(blocks, int):
        blocks = [blocks, blocks]
    rank, sizes, rest = len(blocks), input.shape[1 : 1 + len(blocks)], input.shape[1 + len(blocks) :]
    x = ops.reshape(input, (*blocks, -1, *sizes, *rest))
    order = [rank, *(axis for n in range(rank) for axis in (rank + 1 + n, n)), *range(2 * rank + 1, len(x.shape))]
    sizes = [size * block for size, block in zip(sizes, blocks, strict=True)]
    x = ops.reshape(ops.transpose(x, order), (-1, *sizes, *rest))
    kept = [slice(front, size - behind) for size, (front, behind) in zip(sizes, sides, strict=True)]
    return x if not np.any(sides) else ops.get_item(x, (slice(None), *kept))
