"""One multiplication and one addition for each number."""

import numpy as np

from convlayers import _native
from convlayers.autograd import differentiable
from convlayers.ops.dtypes import as_array
from convlayers.ops.layout import KERNEL_DTYPES, compact

_BLOCK = 1 << 15  # numbers that stay in cache between the multiplication and the addition


@differentiable(new_gradients=True)
def scale_and_shift(x, scale, shift, dtype):
    """Returns `x * scale + shift`, in one pass over memory where scale and shift are numbers, or vectors along the last axis.

    Args:
        x: array of any dtype.
        scale, shift: numbers or arrays that can be broadcast to the shape of `x`. They have no gradient.
        dtype: that of the result, a float.
    """
    x = as_array(x)
    scale, shift = np.asarray(scale, dtype), np.asarray(shift, dtype)
    return _scale(x, scale, shift, dtype), lambda d_y: _scale(d_y, scale, np.zeros_like(shift), dtype)


def _scale(x, scale, shift, dtype):
    dtype = np.dtype(dtype)
    if scale.size == shift.size == 1 and scale.ndim <= x.ndim and shift.ndim <= x.ndim:
        return _scale_all(compact(x), scale.item(), shift.item(), dtype)
    channels = x.shape[-1:]
    vectors = max(scale.size, shift.size) == channels[-1] if channels else False
    if vectors and dtype in KERNEL_DTYPES and all(v.size == 1 or v.shape[-1:] == channels for v in (scale, shift)):
        rows = np.ascontiguousarray(x, dtype).reshape(-1, *channels)
        factors, terms = (np.ascontiguousarray(np.broadcast_to(v.reshape(-1), channels)) for v in (scale, shift))
        y = np.empty_like(rows)
        _native.kernels(dtype).channels.scale_shift(rows, factors, terms, y)
        return y.reshape(x.shape)
    return x.astype(dtype, copy=False) * scale + shift


def _scale_all(x, scale, shift, dtype):
    """Returns the result in the order of memory of `x`, which has no gaps."""
    y = np.empty_like(x, dtype)
    source, target = x.ravel(order="K"), y.ravel(order="K")
    if dtype in KERNEL_DTYPES and x.dtype in (dtype, np.uint8):
        kernels = _native.kernels(dtype).elementwise
        (kernels.scale_shift_bytes if x.dtype == np.uint8 else kernels.scale_shift)(source, scale, shift, target)
        return y
    for start in range(0, x.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        np.multiply(source[block], scale, out=target[block], dtype=dtype, casting="unsafe")
        if shift:
            target[block] += shift
    return y
