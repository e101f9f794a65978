"""Several arrays made one, number by number: in one pass over memory where they have one shape."""

import functools

import numpy as np

from convlayers import _native
from convlayers.autograd import differentiable, value_of
from convlayers.ops.arithmetic import add, divide, maximum, minimum, multiply
from convlayers.ops.layout import KERNEL_DTYPES

MANY = 1 << 16  # numbers, from which on a pass over memory takes longer than a call
_PAIRS = {"sum": add, "mean": add, "product": multiply, "maximum": maximum, "minimum": minimum}


def merge(kind, arrays):
    """Returns the "sum", "mean", "product", "maximum" or "minimum" of a list of arrays, as a chain of functions of two does."""
    if _are_alike(arrays):
        return _merge(arrays, kind)
    merged = functools.reduce(_PAIRS[kind], arrays)
    return divide(merged, len(arrays)) if kind == "mean" else merged


def _are_alike(arrays):
    """Whether a kernel can go through them side by side, and has enough to do."""
    first = value_of(arrays[0])
    if type(first) is not np.ndarray or first.size < MANY or first.dtype not in KERNEL_DTYPES or len(arrays) == 1:
        return False
    return all(
        type(x) is np.ndarray and x.dtype is first.dtype and x.shape == first.shape and x.flags.c_contiguous
        for x in map(value_of, arrays)
    )


@differentiable
def _merge(xs, kind):
    y = np.empty(xs[0].shape, xs[0].dtype)
    kernels = _native.kernels(y.dtype).merge
    rows = [x.reshape(-1) for x in xs]
    if kind in ("sum", "mean"):
        count, divisor = len(xs), len(xs) if kind == "mean" else 1
        kernels.merge_forward("sum", rows, y.reshape(-1), divisor)
        # One array for all: without `new_gradients`, nobody adds to it in place.
        return y, lambda d_y: [d_y if divisor == 1 else d_y / divisor] * count
    kernels.merge_forward(kind, rows, y.reshape(-1), 1)

    def backward(d_y):
        gradients = [np.empty(d_y.shape, d_y.dtype) for _ in rows]
        d_rows = [gradient.reshape(-1) for gradient in gradients]
        kernels.merge_backward(kind, rows, np.ascontiguousarray(d_y, y.dtype).reshape(-1), d_rows)
        return gradients

    return y, backward
