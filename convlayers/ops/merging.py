"""Several arrays made one, number by number or one behind the other: in one pass over memory where their layout allows it."""

import functools
import math

import numpy as np

from convlayers import _native
from convlayers.autograd import differentiable, value_of
from convlayers.launching import compute, empty, empty_like, launch
from convlayers.ops.arithmetic import MANY, add, divide, maximum, minimum, multiply
from convlayers.ops.bias_activation import fused_code
from convlayers.ops.layout import KERNEL_DTYPES

_PAIRS = {"sum": add, "mean": add, "product": multiply, "maximum": maximum, "minimum": minimum}


def merge(kind, arrays):
    """Returns the "sum", "mean", "product", "maximum" or "minimum" of a list of arrays, as a chain of functions of two does."""
    if _are_alike(arrays):
        return _merge(arrays, kind)
    merged = functools.reduce(_PAIRS[kind], arrays)
    return divide(merged, len(arrays)) if kind == "mean" else merged


def add_activation(arrays, activation):
    """Returns `activation(merge("sum", arrays))` of a list of arrays, in one pass where kernels know the activation."""
    code = fused_code(activation)
    if code is None or not _are_alike(arrays):
        return activation(merge("sum", arrays))
    return _add_activation(arrays, code)


def _are_alike(arrays):
    """Whether a kernel can go through them side by side, and has enough to do."""
    first = value_of(arrays[0])
    if type(first) is not np.ndarray or first.size < MANY or first.dtype not in KERNEL_DTYPES or len(arrays) == 1:
        return False
    return all(
        type(x) is np.ndarray and x.dtype is first.dtype and x.shape == first.shape and x.flags.c_contiguous
        for x in map(value_of, arrays)
    )


@differentiable(overwrites=True)
def _add_activation(xs, code):
    y = empty(xs[0].shape, xs[0].dtype)
    count = len(xs)
    launch(_native.kernels(y.dtype).merge.merge_forward, "sum", xs, y, 1, code)

    def backward(d_y, owned):
        d_y = np.ascontiguousarray(d_y, y.dtype)
        d_x = d_y if owned else empty_like(y)
        launch(_native.kernels(y.dtype).elementwise.activation_backward, code, y.reshape(-1), d_y.reshape(-1), d_x.reshape(-1))
        return [d_x] * count

    return y, backward


@differentiable
def _merge(xs, kind):
    y = empty(xs[0].shape, xs[0].dtype)
    kernels = _native.kernels(y.dtype).merge
    if kind in ("sum", "mean"):
        count, divisor = len(xs), len(xs) if kind == "mean" else 1
        launch(kernels.merge_forward, "sum", xs, y, divisor)
        # One array for all: without `new_gradients`, nobody adds to it in place.
        return y, lambda d_y: [d_y if divisor == 1 else d_y / divisor] * count
    launch(kernels.merge_forward, kind, xs, y, 1)

    def backward(d_y):
        gradients = [empty(d_y.shape, d_y.dtype) for _ in xs]
        launch(kernels.merge_backward, kind, xs, np.ascontiguousarray(d_y, y.dtype), gradients)
        return gradients

    return y, backward


def join(arrays, axis):
    """Returns `np.concatenate(arrays, axis)`, of arrays of one dtype."""
    dtype = arrays[0].dtype
    rows, shape = _layout_of_join(axis, tuple([x.shape for x in arrays])) if dtype in KERNEL_DTYPES else (0, None)
    if not rows:
        return compute(np.concatenate, arrays, axis)
    if not all(x.flags.c_contiguous for x in arrays):
        return _join_in_order_of_memory(arrays, axis)
    y = empty(shape, dtype)
    launch(_native.kernels(dtype).concatenate.concatenate, [x.reshape(rows, -1) for x in arrays], y.reshape(rows, -1))
    return y


def _join_in_order_of_memory(arrays, axis):
    """As `join`, for arrays that have their axes in another order in memory, as "channels_first". The result has them, too."""
    strides = arrays[0].strides
    order = sorted(range(len(strides)), key=lambda one: -strides[one])
    in_memory = [x.transpose(order) for x in arrays]
    if not all(x.flags.c_contiguous for x in in_memory):
        return np.concatenate(arrays, axis)
    return join(in_memory, order.index(axis % len(order))).transpose(np.argsort(order))


@functools.lru_cache(maxsize=4096)
def _layout_of_join(axis, shapes):
    """Returns how many rows lie in front of the axis, and the shape of the result; no rows where NumPy is as fast, or fails."""
    rank = len(shapes[0])
    if axis is None or not -rank <= axis < rank or any(len(shape) != rank for shape in shapes):
        return 0, None
    axis %= rank
    before, behind = shapes[0][:axis], shapes[0][axis + 1 :]
    alike = all((shape[:axis], shape[axis + 1 :]) == (before, behind) for shape in shapes)
    lengths = [shape[axis] for shape in shapes]
    rows, row = math.prod(before), sum(lengths) * math.prod(behind)
    if not alike or 0 in lengths or rows * row < MANY or row == len(shapes):
        return 0, None
    return rows, (*before, sum(lengths), *behind)
