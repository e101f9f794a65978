"""Parts of arrays, by place."""

import builtins
import math

import numpy as np

from convlayers.autograd import differentiable, value_of
from convlayers.ops.add_at import add_at
from convlayers.ops.dtypes import as_array
from convlayers.symbolic import KerasTensor, one_node, with_shapes


@differentiable
def get_item(x, key):
    """Returns `x[key]`.

    Args:
        key: whatever NumPy takes between brackets: ints, slices, `...`, None, arrays of indices or of truth values.
    """
    x = as_array(x)
    if isinstance(key, tuple):
        key = tuple(map(value_of, key))
    shape = x.shape

    def backward(d_y):
        d_x = np.zeros(shape, d_y.dtype)
        if _chooses_once(key):
            d_x[key] = d_y
        elif isinstance(key, np.ndarray) and key.dtype.kind in "iu":
            add_at(d_x, key, d_y)
        else:
            np.add.at(d_x, key, d_y)
        return d_x

    return x[key], backward


def _chooses_once(key):
    """Whether no number can be chosen twice, as an array of indices may."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(part is None or part is ... or isinstance(part, (int, builtins.slice)) for part in parts)


@differentiable
def take(x, indices, axis=None):
    """Returns the entries at `indices` along an axis; without an axis, of the flattened array.

    Args:
        indices: array of ints; negative ones count from the end. Its axes take the place of `axis`.

    Raises:
        IndexError: if an index is out of range.
    """
    x, indices = as_array(x), as_indices(indices)
    shape = x.shape

    def backward(d_y):
        line, along = line_along(shape, axis)
        # The axes of `indices` in front, as `add_at` wants them.
        places = range(along, along + indices.ndim)
        d_x = np.zeros((line[along], *line[:along], *line[along + 1 :]), d_y.dtype)
        add_at(d_x, indices, np.moveaxis(d_y, places, range(indices.ndim)))
        return np.moveaxis(d_x, 0, along).reshape(shape)

    return np.take(x, indices, axis), backward


@differentiable
def take_along_axis(x, indices, axis=None):
    """Returns the numbers at `indices` along an axis, each index for its own line.

    Without an axis, they are those of the flattened array.

    Args:
        indices: array of ints, with as many axes as `x`.
    """
    x, indices = as_array(x), as_indices(indices)
    shape = x.shape

    def backward(d_y):
        line, along = line_along(shape, axis)
        d_x = np.zeros(line, d_y.dtype)
        grid = list(np.ix_(*(np.arange(n) for n in d_y.shape)))
        grid[along] = indices
        np.add.at(d_x, tuple(grid), d_y)
        return d_x.reshape(shape)

    return np.take_along_axis(x, indices, axis), backward


def line_along(shape, axis):
    """Returns the shape of an array and an axis of it; without an axis, those of the flattened array."""
    return ((math.prod(shape),), 0) if axis is None else (shape, axis % len(shape))


def as_indices(indices):
    """Returns indices as an array of integers."""
    array = as_array(indices)
    return array if array.dtype.kind in "iu" else array.astype(np.intp)


def _mend_slice(y, inputs, start_indices, shape):
    # Where a part starts that goes on to the end is not known.
    if isinstance(start_indices, KerasTensor):
        y.shape = tuple(None if wanted == -1 else n for n, wanted in zip(y.shape, shape, strict=True))


@with_shapes(_mend_slice)
@one_node
def slice(inputs, start_indices, shape):
    """Returns the block of `inputs` that starts at `start_indices` and has a shape; -1 in it means up to the end.

    Raises:
        ValueError: if there is not one start and one size for each axis.
    """
    return get_item(inputs, _block(np.ndim(inputs), start_indices, shape))


@differentiable
def slice_update(inputs, start_indices, updates):
    """Returns `inputs` with the block that starts at `start_indices` replaced by `updates`."""
    inputs, updates = as_array(inputs), as_array(updates)
    block = _block(inputs.ndim, start_indices, updates.shape)
    y = inputs.copy()
    y[block] = updates

    def backward(d_y):
        d_inputs = d_y.copy()
        d_inputs[block] = 0
        return d_inputs, None, d_y[block]

    return y, backward


def _block(ndim, start_indices, shape):
    starts = np.asarray(value_of(start_indices)).astype(np.intp).tolist()
    for name, sizes in (("shape", shape), ("start_indices", starts)):
        if len(sizes) != ndim:
            given, other = ("inputs", name) if name == "shape" else (name, "inputs")
            raise ValueError(
                f"The number of dimensions in `{given}` must match the number of dimensions in `{other}`. "
                f"Received: {ndim} axes of `inputs`, shape={tuple(shape)}, start_indices={starts}"
            )
    return tuple(builtins.slice(start, None if n == -1 else start + n) for start, n in zip(starts, shape, strict=True))


def _mend_nonzero(indices, x):
    for of_axis in indices:
        of_axis.shape = (None,)


@with_shapes(_mend_nonzero)
@differentiable
def nonzero(x):
    """Returns where `x` is not 0: a tuple of arrays of indices, one for each axis."""
    return tuple(indices.astype(np.int32) for indices in np.nonzero(as_array(x))), None


@differentiable
def diagonal(x, offset=0, axis1=0, axis2=1):
    """Returns the diagonals of the matrices that lie in two axes; they become the last axis."""
    x = as_array(x)
    shape = x.shape

    def backward(d_y):
        d_x = np.zeros(shape, d_y.dtype)
        rows = np.arange(d_y.shape[-1]) + max(-offset, 0)
        np.moveaxis(d_x, (axis1, axis2), (-2, -1))[..., rows, rows + offset] = d_y
        return d_x

    return np.diagonal(x, offset, axis1, axis2), backward


@differentiable
def tril(x, k=0):
    """Returns `x` with zeros above diagonal `k` of its last two axes."""
    return np.tril(as_array(x), k), lambda d_y: np.tril(d_y, k)


@differentiable
def triu(x, k=0):
    """Returns `x` with zeros below diagonal `k` of its last two axes."""
    return np.triu(as_array(x), k), lambda d_y: np.triu(d_y, k)
