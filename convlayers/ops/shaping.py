"""Other shapes and orders for the same numbers."""

import functools
import math

import numpy as np

from convlayers.autograd import differentiable
from convlayers.ops.arithmetic import unbroadcast
from convlayers.ops.cutting import unstack
from convlayers.ops.dtypes import as_array, promote, widen
from convlayers.ops.indexing import line_along
from convlayers.ops.layout import contiguous
from convlayers.ops.merging import join
from convlayers.ops.places import FILLER, take_places
from convlayers.shapes import hashable
from convlayers.symbolic import one_node


def as_axes(axis):
    """Returns an argument `axis` as NumPy takes it: of several, in a list or an array, a tuple."""
    axis = axis.tolist() if isinstance(axis, np.ndarray) else axis
    return tuple(axis) if isinstance(axis, list) else axis


@differentiable
def reshape(x, newshape):
    """Returns the same numbers in another shape. One size may be -1 (or None): it is what remains."""
    x = as_array(x)
    if not isinstance(newshape, int):
        newshape = tuple([-1 if size is None else size for size in newshape])
        if min(newshape, default=0) < -1:
            raise ValueError(
                "Each dimension in `newshape` must be a non-negative integer, or `-1` for a single unknown dimension. "
                f"Received: newshape={newshape}."
            )
        if newshape.count(-1) > 1:
            raise ValueError(f"There must be at most one unknown dimension (-1) in `newshape`. Received: newshape={newshape}.")
    shape = x.shape

    def backward(d_y):
        return d_y.reshape(shape)

    return contiguous(x).reshape(newshape), backward


@differentiable
def ravel(x):
    """Returns the numbers in one row."""
    x = as_array(x)
    shape = x.shape

    def backward(d_y):
        return d_y.reshape(shape)

    return contiguous(x).reshape(-1), backward


@differentiable
def squeeze(x, axis=None):
    """Removes axes of length 1: `axis`, an int or several, or all of them."""
    x = as_array(x)
    shape = x.shape
    axis = as_axes(axis)
    try:
        y = np.squeeze(x, axis)
    except np.exceptions.AxisError:
        raise
    except ValueError:
        raise ValueError(f"Cannot squeeze axis {axis}, because the dimension is not 1.\nReceived x.shape={shape}") from None

    def backward(d_y):
        return d_y.reshape(shape)

    return y, backward


@differentiable
def expand_dims(x, axis):
    """Inserts an axis of length 1, or several, at these places of the result."""
    x = as_array(x)
    shape = x.shape

    def backward(d_y):
        return d_y.reshape(shape)

    return np.expand_dims(x, as_axes(axis)), backward


@differentiable
def broadcast_to(x, shape):
    """Repeats `x` along axes of length 1 and along new axes in front, up to a shape."""
    x = as_array(x)
    before = x.shape

    def backward(d_y):
        return unbroadcast(d_y, before)

    return np.broadcast_to(x, shape), backward


# Orders of axes -------------------------------------------------------------------------------------------------------


@differentiable
def transpose(x, axes=None):
    """Returns `x` with its axes in another order, by default reversed."""
    x = as_array(x)
    axes = tuple(range(x.ndim))[::-1] if axes is None else tuple(axes)
    try:
        y = x.transpose(axes)
    except ValueError:
        raise _no_permutation(list(axes), x.ndim) from None

    def backward(d_y):
        return d_y.transpose(np.argsort([axis % d_y.ndim for axis in axes]))

    return y, backward


def _no_permutation(axes, ndim):
    """Returns the error for axes that are not all axes, each once."""
    if len(axes) != ndim:
        return ValueError(
            f"axis must be a list of the same length as the input shape, expected {ndim}, but received {len(axes)}."
        )
    if not all(-ndim <= axis < ndim for axis in axes):
        return ValueError(f"Each axis in `axes` must be an integer in [-{ndim}, {ndim}). Received: axes={axes}.")
    return ValueError(
        "`axes` must be a valid permutation of the input dimensions (no duplicates). Received: "
        f"axes={axes} for input of rank {ndim}."
    )


@differentiable
def moveaxis(x, source, destination):
    """Moves axes to other places, and leaves the others in their order."""

    def backward(d_y):
        return np.moveaxis(d_y, destination, source)

    return np.moveaxis(as_array(x), source, destination), backward


@differentiable
def swapaxes(x, axis1, axis2):
    """Exchanges two axes."""

    def backward(d_y):
        return d_y.swapaxes(axis1, axis2)

    return as_array(x).swapaxes(axis1, axis2), backward


# Orders along an axis -------------------------------------------------------------------------------------------------


@differentiable
def flip(x, axis=None):
    """Reverses the order along an axis, several, or all."""
    axis = as_axes(axis)

    def backward(d_y):
        return np.flip(d_y, axis)

    return np.flip(as_array(x), axis), backward


def fliplr(x):
    """Reverses the order along the second axis."""
    return flip(x, 1)


def flipud(x):
    """Reverses the order along the first axis."""
    return flip(x, 0)


@differentiable
def rot90(array, k=1, axes=(0, 1)):
    """Turns the plane of two axes by `k` times 90 degrees, from the first axis towards the second.

    Raises:
        ValueError: if there are not two axes, or they are the same one.
    """
    array = as_array(array)
    if array.ndim < 2:
        raise ValueError(f"Input array must have at least 2 dimensions. Received: array.ndim={array.ndim}")
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ValueError(f"Invalid axes: {axes}. Axes must be a tuple of two different dimensions.")
    return np.rot90(array, k, axes), lambda d_y: np.rot90(d_y, -k, axes)


@differentiable
def roll(x, shift, axis=None):
    """Moves everything by `shift` places along an axis; what falls off the end comes in at the front."""

    def backward(d_y):
        return np.roll(d_y, np.negative(shift), axis)

    return np.roll(as_array(x), shift, axis), backward


# Repetition -----------------------------------------------------------------------------------------------------------


@differentiable
def repeat(x, repeats, axis=None):
    """Repeats each entry along an axis; without an axis, of the flattened array.

    Args:
        repeats: how often: an int, or one for each entry.
    """
    x = as_array(x)
    shape = x.shape

    def backward(d_y):
        line, along = line_along(shape, axis)
        sources = np.repeat(np.arange(line[along]), repeats)
        d_x = np.zeros(line, d_y.dtype)
        np.add.at(np.moveaxis(d_x, along, 0), sources, np.moveaxis(d_y, along, 0))
        return d_x.reshape(shape)

    return np.repeat(x, repeats, axis), backward


@differentiable
def tile(x, repeats):
    """Repeats the whole array along its axes.

    Args:
        repeats: how often: an int, or one for each of the last axes.
    """
    x = as_array(x)
    shape = x.shape

    def backward(d_y):
        lengths = (1,) * (d_y.ndim - len(shape)) + shape
        # Each axis as two: which copy, and where in it.
        split = [size for n, length in zip(d_y.shape, lengths, strict=True) for size in (n // (length or 1), length)]
        return np.add.reduce(widen(d_y).reshape(split), axis=tuple(range(0, len(split), 2))).reshape(shape)

    return np.tile(x, repeats), backward


@differentiable(overwrites=True)
def pad(x, pad_width, mode="constant", constant_values=None):
    """Adds numbers at the border.

    Args:
        pad_width: how many before and after each axis: an int, a pair, or a pair for each axis.
        mode: "constant", "edge" (the outermost number), "reflect" (mirrored at it), "symmetric" (mirrored at the
            border) or "wrap" (from the opposite side).
        constant_values: the number for mode "constant", by default 0.

    Raises:
        ValueError: if `constant_values` is given with another mode, or for an unknown mode.
    """
    x = as_array(x)
    if constant_values is not None and mode != "constant":
        raise ValueError(f"Argument `constant_values` can only be provided when `mode == 'constant'`. Received: mode={mode}")
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        raise ValueError(
            f"Argument `mode` must be one of 'constant', 'edge', 'reflect', 'symmetric', 'wrap'. Received: mode={mode}"
        )
    widths = _widths_of_axes(hashable(pad_width), x.ndim)
    shape, filler = x.shape, constant_values or 0
    padded = {axis: functools.partial(_places_with_border, width, mode) for axis, width in enumerate(widths) if any(width)}
    y = take_places(x, padded, filler)
    if y is None and mode == "constant":
        y = np.full([sum(width) + length for width, length in zip(widths, shape, strict=True)], filler, x.dtype)
        y[tuple([slice(front, front + length) for (front, _), length in zip(widths, shape, strict=True)])] = x
    elif y is None:
        y = x if padded else x.copy()
        for axis, of_length in padded.items():
            y = y.take(of_length(shape[axis]), axis)

    def backward(d_y, owned):
        d_x = d_y if owned or mode == "constant" else d_y.copy()
        for axis, of_length in padded.items():
            d_x = _fold_border(d_x.swapaxes(0, axis), of_length(shape[axis]), widths[axis][0], shape[axis]).swapaxes(0, axis)
        return d_x

    return y, backward


@functools.lru_cache(maxsize=4096)
def _widths_of_axes(pad_width, ndim):
    """Returns how many numbers are added before and after each axis: a pair for each."""
    return tuple(map(tuple, np.broadcast_to(np.asarray(pad_width, np.intp), (ndim, 2)).tolist()))


@functools.lru_cache(maxsize=4096)
def _places_with_border(width, mode, length):
    """Returns from which entry of its axis each entry of the padded axis is taken, `FILLER` for none."""
    fillers = {"constant_values": FILLER} if mode == "constant" else {}
    places = np.pad(np.arange(length), width, mode, **fillers)
    places.flags.writeable = False  # All who ask get the same.
    return places


def _fold_border(d_y, places, front, length):
    """Returns the gradient for what was padded along the first axis, to which that for each copy is added in place."""
    d_x = d_y[front : front + length]
    for copy in (*range(front), *range(front + length, len(places))):
        if places[copy] != FILLER:
            d_x[places[copy]] += d_y[copy]
    return d_x


# Several arrays -------------------------------------------------------------------------------------------------------


@differentiable
def concatenate(xs, axis=0):
    """Joins arrays along an axis.

    Args:
        xs: list of arrays, of equal lengths along all other axes.
        axis: int; None for flattened arrays.
    """
    arrays = promote(*xs)
    shapes = [array.shape for array in arrays]
    try:
        y = join(arrays, axis)
    except np.exceptions.AxisError:
        raise
    except ValueError:
        raise _different_shapes("xs", shapes, axis) from None

    def backward(d_y):
        lengths = [math.prod(shape) if axis is None else shape[axis] for shape in shapes]
        parts = np.split(d_y, np.cumsum(lengths[:-1]), 0 if axis is None else axis)
        return tuple([part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)])

    return y, backward


def stack(x, axis=0):
    """Joins arrays of one shape along a new axis.

    Args:
        x: list of arrays.
        axis: the place of the new axis in the result.
    """
    return _stack(x if isinstance(x, (list, tuple)) else unstack(x), axis)


@differentiable
def _stack(xs, axis):
    def backward(d_y):
        return tuple(np.moveaxis(d_y, axis, 0))

    arrays = promote(*xs)
    shapes = [array.shape for array in arrays]
    if len(set(shapes)) > 1:
        raise _different_shapes("x", shapes)
    return np.stack(arrays, axis), backward


def _different_shapes(argument, shapes, free_axis=None):
    """Returns the error to raise for arrays of different shapes, which may differ along one axis."""

    def rest(shape):
        return [n for axis, n in enumerate(shape) if free_axis is None or axis != free_axis % len(shape)]

    other = next((shape for shape in shapes if rest(shape) != rest(shapes[0])), None)
    exception, comma = (" except on the `axis` dim", ",") if free_axis is not None else ("", ", ")
    return ValueError(
        f"Every value in `{argument}` must have the same shape{exception}. But found element of shape {other}{comma} which is "
        f"different from the first element's shape {shapes[0]}."
    )


@one_node
def dstack(xs):
    """Joins arrays along their third axis, which arrays with fewer get."""
    return concatenate([_with_depth(x) for x in xs], axis=2)


def _with_depth(x):
    shape = np.shape(x)
    return x if len(shape) > 2 else reshape(x, (*(1,) * (2 - len(shape)), *shape, 1))


def append(x1, x2, axis=None):
    """Joins two arrays along an axis; without one, both flattened."""
    return concatenate([x1, x2], axis)


@one_node
def hstack(xs):
    """Joins arrays along their second axis, vectors along their only one."""
    xs = [reshape(x, (1,)) if not np.shape(x) else x for x in xs]
    return concatenate(xs, axis=1 if len(np.shape(xs[0])) > 1 else 0)


def vstack(xs):
    """Joins arrays along their first axis; vectors as rows."""
    return concatenate([reshape(x, (1, -1)) if len(np.shape(x)) < 2 else x for x in xs])
