"""Numbers shifted and scaled to a mean of 0 and a variance of 1 over a batch, or to a norm of 1 along an axis."""

import functools
import math

import numpy as np

from convlayers import _native, config
from convlayers.autograd import differentiable, value_of
from convlayers.ops.arithmetic import divide, maximum, subtract, where
from convlayers.ops.bias_activation import LINEAR, fused_code
from convlayers.ops.dtypes import as_array, as_float, widen
from convlayers.ops.layout import contiguous
from convlayers.ops.linear import norm
from convlayers.ops.pointwise import square
from convlayers.ops.reductions import mean as mean_of
from convlayers.ops.reductions import sum as sum_of
from convlayers.ops.reductions import var
from convlayers.ops.rows import rows_along
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
    kernels, x, to_kernel, from_kernel = _channels_along(as_float(x), axis)
    m, v, beta, gamma = _as_vectors(x, mean=mean, variance=variance, offset=offset, scale=scale)
    y = np.empty_like(x)
    kernels.batch_normalization_forward(x, m, v, gamma, beta, epsilon, y)

    def backward(d_y):
        d_y = to_kernel(d_y)
        factors = (1 if gamma is None else gamma) / np.sqrt(v + epsilon)

        def d_inputs():
            d_x = np.empty_like(d_y)
            kernels.scale_shift(d_y, factors, np.zeros_like(m), d_x)
            return from_kernel(d_x)

        @functools.cache
        def sums():
            d_gamma, d_beta = np.empty_like(m), np.empty_like(m)
            kernels.batch_normalization_backward_parameters(x, m, v, gamma, beta, epsilon, d_y, d_gamma, d_beta)
            return d_gamma, d_beta

        return (
            d_inputs,
            lambda: -sums()[1] * factors,
            lambda: -0.5 * sums()[0] * factors / np.sqrt(v + epsilon),
            None,
            lambda: sums()[1],
            lambda: sums()[0],
        )

    return from_kernel(y), backward


def batch_normalization_activation(x, mean, variance, axis, offset, scale, epsilon, activation):
    """Returns `activation(batch_normalization(x, ...))` of arrays, in one pass where kernels know the activation.

    It has no gradient.

    Args:
        activation: a function.
        The others as for `batch_normalization`; variables will do, too.
    """
    code = fused_code(activation)
    kernels, x, _, from_kernel = _channels_along(x, axis)
    vectors = {"mean": mean, "variance": variance, "offset": offset, "scale": scale}
    m, v, beta, gamma = _as_vectors(x, **{name: value_of(vector) for name, vector in vectors.items()})
    y = np.empty_like(x)
    kernels.batch_normalization_forward(x, m, v, gamma, beta, epsilon, y, LINEAR if code is None else code)
    return activation(from_kernel(y)) if code is None else from_kernel(y)


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
    kernels, x, to_kernel, from_kernel = _channels_along(x, axis)
    beta, gamma = _as_vectors(x, offset=offset, scale=scale)
    mean, variance, y = np.empty(x.shape[1], x.dtype), np.empty(x.shape[1], x.dtype), np.empty_like(x)
    kernels.moments(x, mean, variance)
    kernels.batch_normalization_forward(x, mean, variance, gamma, beta, epsilon, y, code)

    def backward(d_outputs, owned):
        d_y, overwrite = to_kernel(d_outputs[0]), owned[0]
        d_normalized = None if code == LINEAR else d_y if overwrite else np.empty_like(x)
        d_gamma, d_beta = np.empty_like(mean), np.empty_like(mean)
        moments = mean, variance, gamma, beta, epsilon
        kernels.batch_normalization_backward_parameters(x, *moments, d_y, d_gamma, d_beta, code, d_normalized)
        if d_normalized is not None:
            d_y, overwrite = d_normalized, True

        def d_inputs():
            d_x = d_y if overwrite else np.empty_like(x)
            kernels.batch_normalization_backward_input(x, mean, variance, gamma, epsilon, d_y, d_gamma, d_beta, d_x)
            return from_kernel(d_x)

        return d_inputs, lambda: d_beta, lambda: d_gamma

    return (from_kernel(y), mean, variance), backward


def _channels_along(x, axis):
    """Returns kernels for the channels along an axis, `x` as they read it, and what changes arrays to that and back.

    They are those for channels that lie together in memory (planes) where they do so in `x`, else those for rows of channels.
    """
    shape, dtype = x.shape, x.dtype
    before, after = math.prod(shape[:axis]), math.prod(shape[axis:][1:])
    if not x.flags.c_contiguous or after < SMALL_PLANE:
        rows, from_kernel = rows_along(x, axis)
        return _native.kernels(rows.dtype).channels, rows, lambda array: rows_along(array, axis)[0], from_kernel

    def to_kernel(array):
        return widen(contiguous(array)).reshape(before, shape[axis], after)

    def from_kernel(planes):
        return planes.reshape(shape).astype(dtype, copy=False)

    planes = to_kernel(x)
    return _native.kernels(planes.dtype).planes, planes, to_kernel, from_kernel


def _as_vectors(x, **vectors):
    """Returns vectors with a number for each channel in the type of `x`, as kernels read it; None stays None."""
    expected = x.shape[1:2]
    for name, vector in vectors.items():
        if vector is None:
            yield None
            continue
        vector = as_array(vector)
        if vector.shape != expected:
            raise ValueError(
                f"Arguments `{name}` must be a vector of length `x.shape[axis]`. Expected: `{expected}`. "
                f"Received: `{vector.shape}."
            )
        yield np.ascontiguousarray(vector, x.dtype)


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
