"""Sums of products along axes: the matrix product, its relatives, and norms."""

import functools
import math
import string

import numpy as np

from convlayers import _native
from convlayers.autograd import differentiable
from convlayers.ops import reductions
from convlayers.ops.arithmetic import multiply, power, unbroadcast
from convlayers.ops.comparison import not_equal
from convlayers.ops.core import cast, dtype, shape
from convlayers.ops.decompositions import svd
from convlayers.ops.dtypes import as_array, promote, result_type
from convlayers.ops.layout import KERNEL_DTYPES, contiguous
from convlayers.ops.pointwise import absolute
from convlayers.ops.shaping import expand_dims, moveaxis, reshape, squeeze


def _promote_for_sums(*operands):
    arrays = list(map(as_array, operands))
    # As in Keras, products of 8-bit integers are added as 32-bit ones.
    if all(array.dtype == np.int8 for array in arrays):
        return [array.astype(np.int32) for array in arrays]
    return promote(*arrays)


_SMALL = 1 << 20  # multiplications of a product, up to which BLAS computes it on one thread
_WORTH_A_KERNEL = 1 << 20  # multiplications of all products, below which a call takes longer than it could save
_FEWEST_ROWS, _FEWEST_COLUMNS = 4, 16  # of each result, with which the kernel's tiles are full enough


def _products(a, b):
    """Returns `np.matmul(a, b)`. Many small products are computed by a kernel, which divides them among threads."""
    if a.ndim != 3 or b.ndim != 3 or a.dtype is not b.dtype or not _are_many_and_small(a.shape, b.shape):
        return np.matmul(a, b)
    if a.dtype not in KERNEL_DTYPES:
        return np.matmul(a, b)
    y = np.empty((*a.shape[:2], b.shape[2]), a.dtype)
    _native.kernels(y.dtype).batch_matmul.batch_matmul(*_as_it_lies(a), *_as_it_lies(b), y)
    return y


@functools.lru_cache(maxsize=4096)
def _are_many_and_small(a_shape, b_shape):
    (count, rows, depth), columns = a_shape, b_shape[2]
    if b_shape[:2] != (count, depth) or rows < _FEWEST_ROWS or columns < _FEWEST_COLUMNS:
        return False
    product = rows * depth * columns
    return product <= _SMALL and product * count >= _WORTH_A_KERNEL


def _as_it_lies(x):
    """Returns matrices in the order of memory, and whether that transposes them."""
    transposed = x.swapaxes(1, 2)
    if transposed.flags.c_contiguous and not x.flags.c_contiguous:
        return transposed, True
    return contiguous(x), False


@differentiable
def matmul(x1, x2):
    """Returns the matrix products of the last two axes; a vector counts as a row on the left, as a column on the right.

    Raises:
        ValueError: if the lengths of the axes that are summed differ.
    """
    a, b = _promote_for_sums(x1, x2)
    rows = a[np.newaxis] if a.ndim == 1 else a
    columns = b[:, np.newaxis] if b.ndim == 1 else b
    if min(a.ndim, b.ndim) and rows.shape[-1] != columns.shape[-2]:
        raise ValueError(
            "Inner dimensions (`x1.shape[-1]` and `x2.shape[-2]`) must be equal, but received "
            f"`x1.shape={a.shape}` and `x2.shape={b.shape}`."
        )
    y = _products(rows, columns)
    shape = y.shape[:-2] + y.shape[-2:-1] * (a.ndim > 1) + y.shape[-1:] * (b.ndim > 1)

    def backward(d_y):
        d_y = d_y.reshape(y.shape)
        return (
            lambda: unbroadcast(_products(d_y, columns.swapaxes(-1, -2)), rows.shape).reshape(a.shape),
            lambda: unbroadcast(_products(rows.swapaxes(-1, -2), d_y), columns.shape).reshape(b.shape),
        )

    return y.reshape(shape), backward


@differentiable
def batch_dot(x1, x2, axis1, axis2):
    """Returns, for each sample, the sums of products over an axis of each array. The other axes stay, those of `x1` first."""
    a, b = promote(x1, x2)
    (rows, restore_a), (columns, restore_b) = _vectors_along(a, axis1), _vectors_along(b, axis2)
    y = _products(rows, columns.swapaxes(1, 2))
    shape = y.shape

    def backward(d_y):
        d_y = d_y.reshape(shape)
        return lambda: restore_a(_products(d_y, columns)), lambda: restore_b(_products(d_y.swapaxes(1, 2), rows))

    return y.reshape(len(a), *a.shape[1:axis1], *a.shape[axis1 + 1 :], *b.shape[1:axis2], *b.shape[axis2 + 1 :]), backward


def _vectors_along(x, axis):
    """Returns what lies along an axis as the last axis of three, behind the batch and the others, and the way back."""
    order, back, moved_shape, shape = _order_of_vectors(x.shape, axis)
    moved = x.transpose(order)
    return moved if x.ndim == 3 else contiguous(moved).reshape(shape), lambda y: y.reshape(moved_shape).transpose(back)


@functools.lru_cache(maxsize=4096)
def _order_of_vectors(shape, axis):
    order = [*range(axis), *range(axis + 1, len(shape)), axis]
    moved_shape = tuple(shape[one] for one in order)
    return order, np.argsort(order), moved_shape, (shape[0], math.prod(moved_shape[1:-1]), moved_shape[-1])


@differentiable
def tensordot(x1, x2, axes=2):
    """Sums products over pairs of axes.

    Args:
        axes: how many of the last axes of `x1` pair with the first of `x2`; or two lists of axes, one for each.

    Raises:
        ValueError: if there are not as many axes.
    """
    a, b = promote(x1, x2)
    if isinstance(axes, int):
        if axes > min(a.ndim, b.ndim):
            raise ValueError(
                "`axes` must be at most the number of axes of both arrays. "
                f"Received: axes={axes}, and arrays of {a.ndim} and {b.ndim} axes"
            )
        axes = range(a.ndim - axes, a.ndim), range(axes)
    summed_a, summed_b = ([axis % x.ndim for axis in np.atleast_1d(of_x)] for x, of_x in zip((a, b), axes, strict=True))
    kept_a = [axis for axis in range(a.ndim) if axis not in summed_a]
    kept_b = [axis for axis in range(b.ndim) if axis not in summed_b]

    def gradient(kept, summed, partner, kept_of_partner, summed_of_partner, d_y, axes_of_partner):
        d_x = np.tensordot(d_y, partner, (axes_of_partner, kept_of_partner))
        # Its axes are those that were kept, then those that were summed, in the order that their partners have.
        order = kept + [axis for _, axis in sorted(zip(summed_of_partner, summed, strict=True))]
        return d_x.transpose(np.argsort(order))

    def backward(d_y):
        axes_of_a, axes_of_b = list(range(len(kept_a))), list(range(len(kept_a), d_y.ndim))
        return (
            lambda: gradient(kept_a, summed_a, b, kept_b, summed_b, d_y, axes_of_b),
            lambda: gradient(kept_b, summed_b, a, kept_a, summed_a, d_y, axes_of_a),
        )

    return np.tensordot(a, b, (summed_a, summed_b)), backward


def dot(x1, x2):
    """Returns the sums of products over the last axis of `x1` and the last but one of `x2` (or its only one).

    If either is a number, returns `x1 * x2`.
    """
    ndim1, ndim2 = np.ndim(x1), np.ndim(x2)
    if ndim1 == 0 or ndim2 == 0:
        return multiply(x1, x2)
    return tensordot(x1, x2, ([ndim1 - 1], [max(ndim2 - 2, 0)]))


def inner(x1, x2):
    """Returns the sums of products over the last axes of both.

    Raises:
        ValueError: if these have different lengths.
    """
    if np.ndim(x1) == 0 or np.ndim(x2) == 0:
        return multiply(x1, x2)
    if shape(x1)[-1] != shape(x2)[-1] and None not in (shape(x1)[-1], shape(x2)[-1]):
        raise ValueError(
            "`inner` requires the last dimension of `x1` and `x2` to match. "
            f"Received: x1.shape={shape(x1)}, x2.shape={shape(x2)}."
        )
    return tensordot(x1, x2, ([-1], [-1]))


def outer(x1, x2):
    """Returns the products of each number of `x1` with each of `x2`, both flattened, as a matrix."""
    return multiply(reshape(x1, (-1, 1)), reshape(x2, (1, -1)))


@differentiable
def einsum(subscripts, *operands, **kwargs):
    """Sums products as Einstein's notation says.

    Args:
        subscripts: a letter for each axis of each operand, as "bij,bjk->bik"; "..." stands for any number of axes.
        operands: arrays.
        kwargs: passed on to `numpy.einsum`.

    Example:

    >>> keras.ops.einsum("ij,jk->ik", a, b)  # the matrix product
    """
    arrays = _promote_for_sums(*operands)
    inputs, output = _spell_out(subscripts, [array.ndim for array in arrays])
    # The product of a pair is left to the BLAS library where it can.
    kwargs.setdefault("optimize", len(arrays) > 1)

    def gradient(d_y, index):
        letters = inputs[index]
        others = [i for i in range(len(arrays)) if i != index]
        elsewhere = "".join([output, *(inputs[i] for i in others)])
        axes = dict.fromkeys(letters)
        terms = ",".join([output, *(inputs[i] for i in others)])
        shared = "".join(letter for letter in axes if letter in elsewhere)
        summed = np.einsum(f"{terms}->{shared}", d_y, *(arrays[i] for i in others), **kwargs)
        lengths = iter(summed.shape)
        summed = summed.reshape([next(lengths) if letter in elsewhere else 1 for letter in axes])
        # A letter that is twice in one operand took its diagonal: there lies the gradient, and what this einsum returns
        # is a view of it. A letter that is nowhere else was summed: the gradient is the same all along its axis.
        d_x = np.zeros(arrays[index].shape, summed.dtype)
        diagonal = np.einsum(f"{letters}->{''.join(axes)}", d_x)
        repeated = tuple(axis for axis, length in enumerate(diagonal.shape) if length == 1)
        diagonal[...] = np.add.reduce(summed, repeated, keepdims=True)
        return d_x

    def backward(d_y):
        return None, *(lambda index=index: gradient(d_y, index) for index in range(len(arrays)))

    return np.einsum(",".join(inputs) + "->" + output, *arrays, **kwargs), backward


def _spell_out(subscripts, ndims):
    """Returns the letters of each operand and those of the result, with letters in the place of "..."."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    inputs = inputs.split(",")
    unused = "".join(letter for letter in string.ascii_letters if letter not in subscripts)
    ranks = [ndim - len(term) + 3 if "..." in term else 0 for term, ndim in zip(inputs, ndims, strict=True)]
    batch = unused[: max(ranks, default=0)]
    inputs = [term.replace("...", batch[len(batch) - rank :]) for term, rank in zip(inputs, ranks, strict=True)]
    if arrow:
        return inputs, output.replace("...", batch)
    together = "".join(inputs)
    return inputs, batch + "".join(sorted(letter for letter in set(together) - set(batch) if together.count(letter) == 1))


_OF_SINGULAR_VALUES = {2: reductions.max, -2: reductions.min, "nuc": reductions.sum}


def norm(x, ord=None, axis=None, keepdims=False):
    """Returns the norm of vectors or matrices.

    Args:
        ord: for vectors the power p of the p-norm: 2 by default, 1, any other number, `inf`, `-inf`, or 0 for how many
            numbers are not 0. For matrices "fro", the default, or 1, -1, `inf`, `-inf`; or 2, -2, "nuc" for the largest
            singular value, the smallest, the sum of all.
        axis: the axis of the vectors, or the two axes of the matrices; by default all axes.

    Raises:
        ValueError: for any other `ord`.
    """
    x = cast(x, result_type(dtype(x), float))
    axes = tuple(range(np.ndim(x))) if axis is None else tuple(np.atleast_1d(axis).tolist())
    if ord is None or (ord == 2 and len(axes) == 1) or (ord == "fro" and len(axes) == 2):
        return reductions.euclidean_norm(x, axes, keepdims)
    if len(axes) == 1 and not isinstance(ord, str):
        return _vector_norm(x, ord, axes, keepdims)
    if len(axes) == 2 and ord in (1, -1, np.inf, -np.inf):
        summed, compared = axes if abs(ord) == 1 else axes[::-1]
        sums = reductions.sum(absolute(x), summed, keepdims=True)
        extreme = reductions.max if ord > 0 else reductions.min
        y = extreme(sums, compared, keepdims=True)
        return y if keepdims else squeeze(y, axes)
    if len(axes) == 2 and ord in _OF_SINGULAR_VALUES:
        y = _OF_SINGULAR_VALUES[ord](svd(moveaxis(x, axes, (-2, -1)), compute_uv=False), -1)
        return expand_dims(y, [axis % np.ndim(x) for axis in axes]) if keepdims else y
    kind = {1: "vector", 2: "matrix"}.get(len(axes), "tensor")
    raise ValueError(
        f"Invalid `ord` argument for {kind} norm. Received: ord={ord}\n"
        "Expected a number for vectors (one axis), None, 'fro', 'nuc', 1, -1, 2, -2, inf or -inf for matrices (two axes), "
        "else None."
    )


def _vector_norm(x, ord, axes, keepdims):
    if ord == np.inf:
        return reductions.max(absolute(x), axes, keepdims)
    if ord == -np.inf:
        return reductions.min(absolute(x), axes, keepdims)
    if ord == 0:
        return reductions.sum(cast(not_equal(x, 0), dtype(x)), axes, keepdims)
    return power(reductions.sum(power(absolute(x), ord), axes, keepdims), 1 / ord)
