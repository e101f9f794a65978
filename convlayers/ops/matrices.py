"""Vectors and matrices: diagonals, products, powers."""

import numpy as np

from convlayers.autograd import differentiable, value_of
from convlayers.narrow_types import array_dtype
from convlayers.ops.arithmetic import multiply, power, subtract, where
from convlayers.ops.comparison import not_equal
from convlayers.ops.core import cast, dtype, shape
from convlayers.ops.creation import arange
from convlayers.ops.dtypes import as_array
from convlayers.ops.indexing import diagonal
from convlayers.ops.linear import tensordot
from convlayers.ops.reductions import sum
from convlayers.ops.shaping import concatenate, expand_dims, moveaxis, ravel, reshape, stack
from convlayers.symbolic import one_node, with_shapes


def _mend_diagonal(y, x, k=0):
    if None in x.shape:
        y.shape = (None,) * len(y.shape)


@with_shapes(_mend_diagonal)
@differentiable
def diag(x, k=0):
    """Returns a matrix with a vector on its diagonal `k`; or the diagonal `k` of a matrix."""
    x = as_array(x)
    if x.ndim == 1:
        return np.diag(x, k), lambda d_y: np.diagonal(d_y, k)
    shape = x.shape

    def backward(d_y):
        d_x = np.zeros(shape, d_y.dtype)
        rows = np.arange(len(d_y)) + np.maximum(-k, 0)
        d_x[rows, rows + k] = d_y
        return d_x

    return np.diag(x, k), backward


def diagflat(x, k=0):
    """Returns a matrix with the flattened array on its diagonal `k`."""
    return diag(ravel(x), k)


def trace(x, offset=0, axis1=0, axis2=1):
    """Returns the sum along the diagonals of the matrices that lie in two axes."""
    return sum(diagonal(x, offset, axis1, axis2), -1)


def vdot(x1, x2):
    """Returns the sum of the products of two flattened arrays."""
    return tensordot(ravel(x1), ravel(x2), 1)


def cross(x1, x2, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """Returns the vector product of vectors of 3 numbers; of 2 numbers, its third coordinate.

    Args:
        axisa, axisb, axisc: where the vectors lie in `x1`, in `x2` and in the result.
        axis: all three, in their place.

    Raises:
        ValueError: if vectors have neither 2 nor 3 numbers.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(x1, axisa, -1), moveaxis(x2, axisb, -1)
    sizes = a.shape[-1], b.shape[-1]
    if not set(sizes) <= {2, 3}:
        raise ValueError(
            f"`x1`'s dim on `axis={axisa}` must be either 2 or 3, and so must `x2`'s. "
            f"Received: x1.shape={tuple(x1.shape)}, x2.shape={tuple(x2.shape)}"
        )
    third = subtract(multiply(a[..., 0], b[..., 1]), multiply(a[..., 1], b[..., 0]))
    if sizes == (2, 2):
        return third
    a2 = a[..., 2] if sizes[0] == 3 else multiply(a[..., 0], 0)
    b2 = b[..., 2] if sizes[1] == 3 else multiply(b[..., 0], 0)
    first = subtract(multiply(a[..., 1], b2), multiply(a2, b[..., 1]))
    second = subtract(multiply(a2, b[..., 0]), multiply(a[..., 0], b2))
    return stack([first, second, third], axis=axisc)


@one_node
def kron(x1, x2):
    """Returns the Kronecker product: `x2` times each number of `x1`, in blocks."""
    shapes = shape(x1), shape(x2)
    if () in shapes:
        return multiply(x1, x2)
    rank = max(map(len, shapes))
    shapes = [(1,) * (rank - len(of_x)) + of_x for of_x in shapes]
    one, other = (
        reshape(x, [size for n in of_x for size in ((n, 1) if first else (1, n))])
        for x, of_x, first in ((x1, shapes[0], True), (x2, shapes[1], False))
    )
    return reshape(multiply(one, other), [m * n for m, n in zip(*shapes, strict=True)])


@one_node
def vander(x, N=None, increasing=False):
    """Returns the matrix of powers of the numbers of a vector: `N` columns, as many as there are numbers by default.

    Args:
        increasing: whether the powers grow from the left to the right.
    """
    powers = arange(x.shape[0] if N is None else N)
    return cast(power(expand_dims(x, -1), powers if increasing else powers[::-1]), dtype(x))


@differentiable
def unravel_index(indices, shape):
    """Returns the places in an array of a shape of indices into its flattened form: an array for each axis."""
    indices = as_array(indices)
    dtype = np.int32 if indices.itemsize == 8 else indices.dtype  # as for all indices
    return tuple(part.astype(dtype) for part in np.unravel_index(indices, shape)), None


def diff(a, n=1, axis=-1):
    """Returns the differences of neighbours along an axis, `n` times. Those of truth values are whether they differ."""
    a = moveaxis(a, axis, -1)
    difference = not_equal if dtype(a) == "bool" else subtract
    for _ in range(n):
        a = difference(a[..., 1:], a[..., :-1])
    return moveaxis(a, -1, axis)


def select(condlist, choicelist, default=0):
    """Returns the numbers of the first of several arrays whose condition is true, `default` where none is.

    Args:
        condlist: list of arrays of truth values.
        choicelist: list of as many arrays.

    Raises:
        ValueError: if there are not as many of both.
    """
    if not isinstance(condlist, (list, tuple)) or not isinstance(choicelist, (list, tuple)):
        raise ValueError(f"condlist and choicelist must be lists. Received: {type(condlist)} and {type(choicelist)}")
    if len(condlist) != len(choicelist):
        raise ValueError(
            f"condlist and choicelist must have the same length. Received: len(condlist)={len(condlist)}, "
            f"len(choicelist)={len(choicelist)}"
        )
    if not condlist:
        raise ValueError("condlist and choicelist must not be empty. Received: len(condlist)=0")
    chosen = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        chosen = where(condition, choice, chosen)
    return chosen


@differentiable
def view(x, dtype=None):
    """Returns the same bytes as numbers of another dtype. They have no gradient."""
    x = as_array(x)
    return (x if dtype is None else x.view(array_dtype(dtype))), None


def _mend_sequences(y, x, sequence_length, sequence_stride):
    if x.shape[-1] is None:
        y.shape = (*y.shape[:-2], None, sequence_length)


@with_shapes(_mend_sequences)
@one_node
def extract_sequences(x, sequence_length, sequence_stride):
    """Returns the windows of `sequence_length` numbers along the last axis, each `sequence_stride` behind the last one."""
    count = 1 + (x.shape[-1] - sequence_length) // sequence_stride
    starts = value_of(arange(count)) * sequence_stride
    return concatenate([expand_dims(x[..., start : start + sequence_length], -2) for start in starts.tolist()], axis=-2)
