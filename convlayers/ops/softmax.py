"""Numbers along an axis as probabilities."""

import warnings

import numpy as np

from convlayers import _native
from convlayers.autograd import differentiable
from convlayers.launching import empty, launch
from convlayers.ops.dtypes import as_float
from convlayers.ops.rows import row_layout


@differentiable
def softmax(x, axis=-1):
    """Returns `exp(x) / sum(exp(x))`.

    Args:
        axis: along which the results add up to 1: an int, a tuple of ints, or None for all axes.

    Raises:
        ValueError: if there is no such axis.
    """
    x = as_float(x)
    if isinstance(axis, int) and -x.ndim <= axis < x.ndim and x.shape[axis] == 1:
        warnings.warn(
            f"You are using a softmax over axis {axis} of a tensor of shape {x.shape}. This axis has size 1. The softmax "
            "operation will always return the value 1, which is likely not what you intended. Did you mean to use a sigmoid "
            "instead?",
            stacklevel=2,
        )
    return softmax_by_kernel("softmax", x, axis)


@differentiable
def log_softmax(x, axis=-1):
    """Returns `log(softmax(x))`, also where the probability itself would be too small for a number.

    Args:
        axis: along which the probabilities add up to 1: an int, a tuple of ints, or None for all axes.
    """
    return softmax_by_kernel("log_softmax", as_float(x), axis)


def softmax_by_kernel(name, x, axis):
    """Returns softmax or its logarithm, and the backward pass."""
    layout = row_layout(x.shape, axis, x.dtype)
    kernels = _native.kernels(layout.number_type).softmax
    y = empty(layout.kernel_shape, layout.number_type)
    launch(getattr(kernels, f"{name}_forward"), layout.to_kernel(x), y)

    def backward(d_y):
        d_x = empty(layout.kernel_shape, layout.number_type)
        launch(getattr(kernels, f"{name}_backward"), y, layout.to_kernel(d_y), d_x)
        return layout.from_kernel(d_x)

    return layout.from_kernel(y), backward


@differentiable
def sparsemax(x, axis=-1):
    """Returns the probabilities nearest to `x`, many of which are 0."""
    x = as_float(x)
    layout = row_layout(x.shape, axis, x.dtype)
    rows = layout.to_kernel(x)
    descending = np.sort(rows, axis=-1)[:, ::-1]
    excess = np.cumsum(descending, axis=-1) - 1
    # How many numbers of a row keep a probability, and what is taken from each of them.
    count = np.add.reduce(descending * np.arange(1, rows.shape[-1] + 1) > excess, axis=-1, keepdims=True)
    taken = np.take_along_axis(excess, count - 1, -1) / count
    y = np.maximum(rows - taken, 0).astype(rows.dtype)

    def backward(d_y):
        d_rows = layout.to_kernel(d_y) * (y > 0)
        return layout.from_kernel((d_rows - np.add.reduce(d_rows, axis=-1, keepdims=True) / count) * (y > 0))

    return layout.from_kernel(y), backward
