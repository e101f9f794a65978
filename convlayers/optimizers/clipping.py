"""Limits for gradients. NaN in a gradient stays NaN, whatever the limit."""

import math

import numpy as np

from convlayers.optimizers.kernels import kernel


def clip_by_value(gradients, limit):
    """Returns gradients with every number between `-limit` and `limit`."""
    return [np.clip(gradient, -limit, limit) for gradient in gradients]


def clip_by_norm(gradients, limit):
    """Returns gradients, each scaled down to a norm of at most `limit`."""
    return [_scale_down(gradient, math.sqrt(sum_of_squares(gradient)), limit) for gradient in gradients]


def clip_by_global_norm(gradients, limit):
    """Returns gradients, all scaled down by one factor to a norm of at most `limit` together.

    As in Keras, one infinite gradient makes all of them NaN.
    """
    norm = math.sqrt(sum(sum_of_squares(gradient) for gradient in gradients))
    if math.isinf(norm):
        norm = math.nan
    return [_scale_down(gradient, norm, limit) for gradient in gradients]


def _scale_down(gradient, norm, limit):
    return gradient if norm <= limit else gradient * (limit / norm)


def sum_of_squares(array):
    """Returns a float that does not depend on the number of threads."""
    return kernel("sum_of_squares", array.dtype)(np.asarray(array))
