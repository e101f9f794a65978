"""A rectifier whose slopes are learned."""

import functools
import math

import numpy as np

from convlayers import _native
from convlayers.autograd import differentiable
from convlayers.ops.dtypes import as_float
from convlayers.ops.layout import Layout


@differentiable(new_gradients=True, overwrites=True)
def prelu(x, alpha):
    """Returns `x` above 0 and `alpha * x` below.

    Args:
        x: array of floats.
        alpha: array that broadcasts to the shape of `x`.

    Raises:
        ValueError: if it does not.
    """
    x, alpha = as_float(x), as_float(alpha)
    layout, columns, own_columns = _layout(x.shape, alpha.shape, x.dtype)
    rows = layout.to_kernel(x)
    slopes = alpha.reshape(own_columns)
    if own_columns != columns:
        slopes = np.broadcast_to(slopes, columns)
    slopes = np.ascontiguousarray(slopes, rows.dtype).reshape(-1)
    y = np.empty_like(rows)
    kernels = _native.kernels(rows.dtype).channels
    kernels.prelu_forward(rows, slopes, y)

    def backward(d_y, owned):
        d_rows = layout.to_kernel(d_y)
        d_x, d_slopes = d_rows if owned else np.empty_like(d_rows), np.empty_like(slopes)
        kernels.prelu_backward(rows, slopes, d_rows, d_x, d_slopes)
        shared = tuple(axis for axis, length in enumerate(own_columns) if length != columns[axis])
        return layout.from_kernel(d_x), d_slopes.reshape(columns).sum(axis=shared, keepdims=True).reshape(alpha.shape)

    return layout.from_kernel(y), backward


@functools.lru_cache(maxsize=4096)
def _layout(shape, alpha_shape, dtype):
    """Returns what kernels see: axes in front along which all slopes are the same are the rows of a matrix.

    Returns:
        The `Layout` of that, the lengths of the axes that are its columns, and those that `alpha` has there.
    """
    own_shape = (1,) * (len(shape) - len(alpha_shape)) + alpha_shape
    if not shape or np.broadcast_shapes(own_shape, shape) != shape:
        raise ValueError(f"`alpha` must broadcast to the shape of `x`. Received: x.shape={shape}, alpha.shape={alpha_shape}")
    first = next((axis for axis, length in enumerate(own_shape) if length > 1), len(shape) - 1)
    layout = Layout(shape, dtype, (math.prod(shape[:first]), math.prod(shape[first:])))
    return layout, shape[first:], own_shape[first:]
