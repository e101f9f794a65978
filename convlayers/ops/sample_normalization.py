"""Numbers of each sample shifted and scaled to a mean of 0 and a variance of 1: over some axes, or over groups of channels."""

import functools
import math

import numpy as np

from convlayers import _native, config
from convlayers.autograd import differentiable
from convlayers.ops.arithmetic import add, multiply
from convlayers.ops.dtypes import as_array, as_float
from convlayers.ops.layout import KERNEL_DTYPES, Layout
from convlayers.ops.normalization import SMALL_PLANE
from convlayers.ops.rows import row_layout
from convlayers.ops.shaping import reshape

LONG_GROUP = 16  # numbers, from which on a row of them takes less time than its sums by columns

# Where the gradient for x may take the place of that for y.
_normalization = differentiable(new_gradients=True, overwrites=True)


@_normalization
def layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=None):
    """Returns `x` normalized by its mean and variance over some axes, times `gamma`, plus `beta`.

    Args:
        x: array of floats.
        gamma, beta: arrays in the shape of these axes, in their order in `x`, or None.
        axis: int, or a list of ints.
        epsilon: what is added to the variance; `keras.config.epsilon()` by default.

    Raises:
        ValueError: if `gamma` or `beta` has another number of entries than these axes.
    """
    return _normalize_rows(x, gamma, beta, "gamma", axis, "variance", epsilon)


@_normalization
def rms_normalization(x, scale=None, axis=-1, epsilon=None):
    """Returns `x / sqrt(mean(x**2) + epsilon) * scale`, the mean over some axes.

    Args:
        x: array of floats.
        scale: array in the shape of these axes, in their order in `x`, or None.
        axis: int, or a list of ints.
        epsilon: `keras.config.epsilon()` by default.

    Raises:
        ValueError: if `scale` has another number of entries than these axes.
    """
    return _normalize_rows(x, scale, None, "scale", axis, "mean square", epsilon)


@_normalization
def unit_normalization(x, axis=-1, epsilon=1e-12):
    """Returns `x` divided by its norm over some axes, or by `epsilon` if that is larger: `normalize(x, axis)` in one pass.

    Args:
        x: array of floats.
        axis: int, or a list of ints.
        epsilon: number above 0.
    """
    return _normalize_rows(x, None, None, "scale", axis, "norm", epsilon)


def _normalize_rows(x, gamma, beta, name_of_gamma, axis, kind, epsilon):
    x = as_float(x)
    layout = row_layout(x.shape, axis, x.dtype)
    rows = layout.to_kernel(x)
    dtype, (count, length) = rows.dtype, rows.shape
    factors, offsets = _as_vector(gamma, name_of_gamma, length, dtype), _as_vector(beta, "beta", length, dtype)
    mean, scale, y = np.empty(count, dtype), np.empty(count, dtype), np.empty(rows.shape, dtype)
    kernels = _native.kernels(dtype).normalize
    epsilon = config.epsilon() if epsilon is None else epsilon
    kernels.normalization_forward(rows, factors, offsets, kind, epsilon, mean, scale, y)

    def backward(d_y, owned):
        d_rows = layout.to_kernel(d_y)
        d_x = d_rows if owned else np.empty_like(d_rows)
        d_gamma, d_beta = np.empty(rows.shape[1], rows.dtype), np.empty(rows.shape[1], rows.dtype)
        kernels.normalization_backward(rows, factors, kind, epsilon, mean, scale, d_rows, d_x, d_gamma, d_beta)
        return layout.from_kernel(d_x), *_in_shapes_of((gamma, beta), (d_gamma, d_beta))

    return layout.from_kernel(y), backward


def group_normalization(x, gamma=None, beta=None, groups=32, axis=-1, epsilon=1e-3):
    """Returns `x` normalized by its mean and variance over each group of channels of a sample, times `gamma`, plus `beta`.

    Args:
        x: array of floats, with the batch first.
        gamma, beta: vectors, with a number for each channel, or None.
        groups: int that divides the number of channels; neighbours are in a group.
        axis: int, the axis of the channels.
        epsilon: what is added to the variance.

    Raises:
        ValueError: if `gamma` or `beta` has another number of entries than there are channels.
    """
    if len(getattr(x, "shape", ())) == 2 and x.dtype in KERNEL_DTYPES and x.shape[1] // groups >= LONG_GROUP:
        # Rows without pixels: each group is a row of its own.
        apart = reshape(x, (-1, groups, x.shape[1] // groups))
        y = reshape(layer_normalization(apart, epsilon=epsilon), (-1, x.shape[1]))
        y = y if gamma is None else multiply(y, gamma)
        return y if beta is None else add(y, beta)
    return _normalize_groups(x, gamma, beta, groups, axis, epsilon)


@_normalization
def _normalize_groups(x, gamma, beta, groups, axis, epsilon):
    x = as_float(x)
    kernels, layout = _channels_along(axis, x.shape, x.dtype, x.flags.c_contiguous)
    images, channels = layout.to_kernel(x), x.shape[axis]
    dtype, count = images.dtype, len(images)
    vectors = {"gamma": gamma, "beta": beta}
    gamma, beta = (_as_vector(vector, name, channels, dtype) for name, vector in vectors.items())
    mean, scale, y = np.empty((count, groups), dtype), np.empty((count, groups), dtype), np.empty_like(images)
    kernels.group_normalization_forward(images, gamma, beta, epsilon, mean, scale, y)

    def backward(d_y, owned):
        d_images = layout.to_kernel(d_y)
        d_x = d_images if owned else np.empty_like(d_images)
        d_gamma, d_beta = np.empty(channels, dtype), np.empty(channels, dtype)
        kernels.group_normalization_backward(images, gamma, mean, scale, d_images, d_x, d_gamma, d_beta)
        return layout.from_kernel(d_x), *_in_shapes_of(vectors.values(), (d_gamma, d_beta))

    return layout.from_kernel(y), backward


@functools.lru_cache(maxsize=4096)
def _channels_along(axis, shape, dtype, contiguous):
    """Returns kernels for the groups of channels along an axis, and the `Layout` in which they read arrays like one.

    Where the channels of an image lie one behind the other in memory (planes), so do those of a group.
    """
    before, channels, after = math.prod(shape[1:axis]), shape[axis], math.prod(shape[axis:][1:])
    if contiguous and axis % len(shape) == 1 and after >= SMALL_PLANE:
        layout = Layout(shape, dtype, (shape[0], channels, after))
        return _native.kernels(layout.number_type).normalize_planes, layout
    order = [other for other in range(len(shape)) if other != axis % len(shape)] + [axis % len(shape)]
    layout = Layout(shape, dtype, (shape[0], before * after, channels), order)
    return _native.kernels(layout.number_type).normalize_groups, layout


def _as_vector(array, name, length, dtype):
    """Returns a factor or an offset as a vector with a number for each of so many that are normalized together."""
    if array is None:
        return None
    vector = as_array(array)
    if vector.dtype is not dtype or vector.ndim != 1 or not vector.flags.c_contiguous:
        vector = np.ascontiguousarray(vector, dtype).reshape(-1)
    if len(vector) != length:
        raise ValueError(
            f"`{name}` must have one number for each of the numbers that are normalized together. "
            f"Expected: {length} of them. Received: {name}.shape={np.shape(array)}"
        )
    return vector


def _in_shapes_of(vectors, gradients):
    """Returns gradients in the shapes of what they are for, None where there is nothing."""
    pairs = zip(vectors, gradients, strict=True)
    return [None if vector is None else gradient.reshape(np.shape(vector)) for vector, gradient in pairs]
