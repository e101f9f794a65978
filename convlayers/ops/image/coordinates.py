"""Arrays of any rank read at places between their numbers."""

import functools
import itertools
import operator

import numpy as np

from convlayers.autograd import differentiable
from convlayers.ops.dtypes import as_array, as_float
from convlayers.ops.image.checks import FILL_MODES


@differentiable
def map_coordinates(inputs, coordinates, order, fill_mode="constant", fill_value=0):
    """Reads an array of any rank at places between its numbers.

    Args:
        inputs: array.
        coordinates: array of shape (rank of the inputs, ...): for each axis, where along it.
        order: 0, for the nearest number, or 1, to interpolate linearly.
        fill_mode, fill_value: what lies outside, as for `affine_transform`.

    Returns:
        Array of the shape of the coordinates without their first axis, and the dtype of the inputs. Integers are rounded.

    Raises:
        ValueError: if an argument is none of these.

    Example:

    >>> map_coordinates(np.array([0.0, 10.0, 20.0]), [[0.5, 1.25]], order=1)
    [5.0, 12.5]
    """
    inputs, coordinates = as_array(inputs), as_float(coordinates)
    _check_coordinates(inputs.shape, coordinates.shape, order, fill_mode)
    axes = [_neighbours(along, order) for along in coordinates]
    fixed = [
        [(_inside(index, length, fill_mode), weight, slope) for index, weight, slope in axis]
        for axis, length in zip(axes, inputs.shape, strict=True)
    ]
    corners = [_corner(nodes) for nodes in itertools.product(*fixed)]

    def numbers(indices, valid):
        return np.where(valid, inputs[indices], np.asarray(fill_value, inputs.dtype))

    total = sum(functools.reduce(operator.mul, weights) * numbers(*where) for *where, weights, _ in corners)
    y = total if inputs.dtype.kind == "f" else np.rint(total)

    def d_inputs(d_y):
        d_x = np.zeros(inputs.shape, d_y.dtype)
        for indices, valid, weights, _ in corners:
            np.add.at(d_x, indices, np.where(valid, functools.reduce(operator.mul, weights) * d_y, 0))
        return d_x

    def d_coordinates(d_y):
        d_places = np.zeros(coordinates.shape, d_y.dtype)
        for indices, valid, weights, slopes in corners:
            values = d_y * numbers(indices, valid)
            for axis, slope in enumerate(slopes):
                others = [weight for other, weight in enumerate(weights) if other != axis]
                d_places[axis] += functools.reduce(operator.mul, others, slope * values)
        return d_places

    def backward(d_y):
        return functools.partial(d_inputs, d_y), functools.partial(d_coordinates, d_y)

    return y.astype(inputs.dtype, copy=False), backward


def _check_coordinates(shape, coordinates_shape, order, fill_mode):
    if coordinates_shape[:1] != (len(shape),):
        raise ValueError(
            "First dim of `coordinates` must be the same as the rank of `inputs`. "
            f"Received inputs with shape: {shape} and coordinate leading dim of {coordinates_shape[0]}"
        )
    if len(coordinates_shape) < 2:
        raise ValueError(f"Invalid coordinates rank: expected at least rank 2. Received input with shape: {coordinates_shape}")
    if fill_mode not in FILL_MODES:
        raise ValueError(
            f"Invalid value for argument `fill_mode`. Expected one of {set(FILL_MODES)}. Received: fill_mode={fill_mode}"
        )
    if order not in (0, 1):
        raise ValueError(f"Invalid value for argument `order`. Expected one of [0, 1]. Received: order={order}")


def _neighbours(places, order):
    """Returns the indices that are read for places along an axis, each with its weight and the derivative of that."""
    if order == 0:
        return [(np.floor(places + 0.5).astype(np.intp), np.ones_like(places), 0)]
    lower = np.floor(places)
    index, share = lower.astype(np.intp), places - lower
    return [(index, 1 - share, -1), (index + 1, share, 1)]


def _inside(index, length, fill_mode):
    """Returns, for indices along an axis, those that stand for them, and whether there are any."""
    if fill_mode == "constant":
        return np.clip(index, 0, length - 1), (index >= 0) & (index < length)
    if fill_mode == "nearest":
        index = np.clip(index, 0, length - 1)
    elif fill_mode == "wrap":
        index = index % length
    elif fill_mode == "mirror":
        last = max(length - 1, 1)
        index = np.minimum(last - np.abs(index % (2 * last) - last), length - 1)
    else:
        index = index % (2 * length)
        index = np.minimum(index, 2 * length - 1 - index)
    return index, True


def _corner(nodes):
    """Returns what there is to know of one of the numbers around each place: indices, whether it is inside, weights, slopes."""
    places, weights, slopes = zip(*nodes, strict=True)
    indices, valid = zip(*places, strict=True)
    return indices, functools.reduce(operator.and_, valid), weights, slopes
