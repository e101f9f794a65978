"""Numbers shifted and scaled to a mean of 0 and a variance of 1 over a batch, or to a norm of 1 along an axis."""

import functools
import math

import numpy as np

from convlayers import _native, config
from convlayers.autograd import differentiable, value_of
from convlayers.launching import empty, empty_like, launch
from convlayers.ops.arithmetic import divide, maximum, subtract, where
from convlayers.ops.bias_activation import LINEAR, fused_code
from convlayers.ops.dtypes import as_array, as_float
from convlayers.ops.layout import Layout
from convlayers.ops.linear import norm
from convlayers.ops.pointwise import square
from convlayers.ops.reductions import mean as mean_of
from convlayers.ops.reductions import sum as sum_of
from convlayers.ops.reductions import var
from convlayers.ops.rows import row_layout
from convlayers.ops.shaping import reshape

SMALL_PLANE = 16  # numbers, which take no longer as rows of channels


def moments(x, axes, keepdims=False, synchronized=False):
    """Returns the mean and the variance over some axes.

    Args:
        axes: int, or a list of ints.
        keepdims: whether these axes stay, with length 1.

    Raises:
        NotImplementedError: if `synchronized` is true.
    """
    if synchronized:
        raise NotImplementedError("Argument synchronized=True is not supported with NumPy.")
    return mean_of(x, axes, keepdims), var(x, axes, keepdims)


def masked_moments(x, mask, axes):
    """Returns the mean and the variance over some axes, of the numbers that a mask keeps.

    Args:
        x: array of floats.
        mask: array of one axis less than `x`, which lacks the last one; true where numbers count.
        axes: list of ints.
    """
    kept = np.broadcast_to(np.asarray(value_of(mask)).astype(bool)[..., np.newaxis], x.shape)
    # As in Keras, a mean over nothing is 0.
    count = np.sum(kept, axis=tuple(axes), keepdims=True, dtype=x.dtype) + np.asarray(config.epsilon(), x.dtype)
    mean = divide(sum_of(where(kept, x, 0.0), axes, keepdims=True), count)
    squares = square(where(kept, subtract(x, mean), 0.0))
    variance = divide(sum_of(squares, axes, keepdims=True), count)
    return reshape(mean, (-1,)), reshape(variance, (-1,))


@differentiable
def batch_normalization(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    """Returns `(x - mean) / sqrt(variance + epsilon) * scale + offset`.

    Args:
        x: array of floats.
        mean, variance, offset, scale: vectors, with a number for each place along `axis`. The last two may be None.

    Raises:
        ValueError: if one of the vectors has another length than the axis.
    """
    x = as_float(x)
    kernels, layout = _channels_along(axis, x.shape, x.dtype, x.flags.c_contiguous)
    x = layout.to_kernel(x)
    m, v = _as_vector(mean, "mean", x), _as_vector(variance, "variance", x)
    beta, gamma = _as_vector(offset, "offset", x), _as_vector(scale, "scale", x)
    y = empty(x.shape, x.dtype)
    launch(kernels.batch_normalization_forward, x, m, v, gamma, beta, epsilon, y)

    def backward(d_y):
        d_y = layout.to_kernel(d_y)

        def factors():
            return (1 if gamma is None else gamma) / np.sqrt(v + epsilon)

        def scale(d_y, d_x):
            kernels.scale_shift(d_y, factors(), np.zeros_like(m), d_x)

        def d_inputs():
            d_x = empty_like(d_y)
            launch(scale, d_y, d_x)
            return layout.from_kernel(d_x)

        @functools.cache
        def sums():
            d_gamma, d_beta = empty_like(m), empty_like(m)
            launch(kernels.batch_normalization_backward_parameters, x, m, v, gamma, beta, epsilon, d_y, d_gamma, d_beta)
            return d_gamma, d_beta

        return (
            d_inputs,
            lambda: -sums()[1] * factors(),
            lambda: -0.5 * sums()[0] * factors() / np.sqrt(v + epsilon),
            None,
            lambda: sums()[1],
            lambda: sums()[0],
        )

    return layout.from_kernel(y), backward


def batch_normalization_activation(x, mean, variance, axis, offset, scale, epsilon, activation):
    """Returns `activation(batch_normalization(x, ...))` of arrays, in one pass where kernels know the activation.

    It has no gradient.

    Args:
        activation: a function.
        The others as for `batch_normalization`; variables will do, too.
    """
    code = fused_code(activation)
    kernels, layout = _channels_along(axis, x.shape, x.dtype, x.flags.c_contiguous)
    x = layout.to_kernel(x)
    m, v = _as_vector(value_of(mean), "mean", x), _as_vector(value_of(variance), "variance", x)
    beta, gamma = _as_vector(value_of(offset), "offset", x), _as_vector(value_of(scale), "scale", x)
    y = empty(x.shape, x.dtype)
    launch(kernels.batch_normalization_forward, x, m, v, gamma, beta, epsilon, y, LINEAR if code is None else code)
    y = layout.from_kernel(y)
    return activation(y) if code is None else y


@differentiable(new_gradients=True, overwrites=True)
def batch_normalization_training(x, offset=None, scale=None, axis=-1, epsilon=1e-3, activation=None):
    """Returns `x` normalized by its own mean and variance over all axes but one, and these two vectors.

    They are statistics, for a moving average: no gradient passes through them.

    Args:
        x: array of floats.
        offset, scale: vectors, with a number for each place along `axis`, or None.
        activation: a function for what was normalized, one that kernels know; or None.
    """
    code = fused_code(activation, computed_again=True)
    x = as_float(x)
    kernels, layout = _channels_along(axis, x.shape, x.dtype, x.flags.c_contiguous)
    x = layout.to_kernel(x)
    beta, gamma = _as_vector(offset, "offset", x), _as_vector(scale, "scale", x)
    shape, channels, dtype = x.shape, x.shape[1], x.dtype
    mean, variance, y = empty(channels, dtype), empty(channels, dtype), empty(shape, dtype)
    launch(kernels.moments, x, mean, variance)
    launch(kernels.batch_normalization_forward, x, mean, variance, gamma, beta, epsilon, y, code)

    def backward(d_outputs, owned):
        d_y, overwrite = layout.to_kernel(d_outputs[0]), owned[0]
        d_normalized = None if code == LINEAR else d_y if overwrite else empty(shape, dtype)
        d_gamma, d_beta = empty(channels, dtype), empty(channels, dtype)
        moments = mean, variance, gamma, beta, epsilon
        launch(kernels.batch_normalization_backward_parameters, x, *moments, d_y, d_gamma, d_beta, code, d_normalized)
        if d_normalized is not None:
            d_y, overwrite = d_normalized, True

        def d_inputs():
            d_x = d_y if overwrite else empty(shape, dtype)
            launch(kernels.batch_normalization_backward_input, x, mean, variance, gamma, epsilon, d_y, d_gamma, d_beta, d_x)
            return layout.from_kernel(d_x)

        return d_inputs, lambda: d_beta, lambda: d_gamma

    return (layout.from_kernel(y), mean, variance), backward


@functools.lru_cache(maxsize=4096)
def _channels_along(axis, shape, dtype, contiguous):
    """Returns kernels for the channels along an axis, and the `Layout` in which they read arrays like one.

    They are those for channels that lie together in memory (planes) where they do so in this array, else those for rows of
    channels.
    """
    before, channels, after = math.prod(shape[:axis]), shape[axis], math.prod(shape[axis:][1:])
    if not contiguous or after < SMALL_PLANE:
        layout = row_layout(shape, axis, dtype)
        return _native.kernels(layout.number_type).channels, layout
    layout = Layout(shape, dtype, (before, channels, after))
    return _native.kernels(layout.number_type).planes, layout


def _as_vector(vector, name, x):
    """Returns a vector with a number for each channel in the type of `x`, as kernels read it; None stays None."""
    if vector is None:
        return None
    vector, expected = as_array(vector), x.shape[1:2]
    if vector.shape != expected:
        raise ValueError(
            f"Arguments `{name}` must be a vector of length `x.shape[axis]`. Expected: `{expected}`. Received: `{vector.shape}."
        )
    return np.ascontiguousarray(vector, x.dtype)


def normalize(x, axis=-1, order=2, epsilon=None):
    """Returns `x` divided by its norm along an axis, or by `epsilon` if that is larger.

    Args:
        axis: int, or a tuple of ints.
        order: the power of the norm: 1, 2, 3 ...

    Raises:
        ValueError: for any other `order`.
    """
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"Argument `order` must be an int >= 1. Received: order={order}")
    epsilon = config.epsilon() if epsilon is None else epsilon
    return divide(x, maximum(norm(x, None if order == 2 else order, axis, keepdims=True), epsilon))
