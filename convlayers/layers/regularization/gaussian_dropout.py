"""Noise in proportion to what it disturbs."""

import math

from convlayers.layers.regularization.random_layer import RandomLayer
from convlayers.ops.noise import multiply_by_noise


class GaussianDropout(RandomLayer):
    """Multiplies its inputs by normally distributed numbers with a mean of 1, in training only.

    Args:
        rate: number from 0 and less than 1: the noise has the standard deviation of that of a `Dropout` with this rate,
            `sqrt(rate / (1 - rate))`.
        seed: int; the same seed gives the same numbers in each run of the program.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Call arguments:
        inputs: an array of floats.
        training: whether to multiply them.

    Input shape: any.

    Output shape: that of the input.

    Raises:
        ValueError: if an argument is none of these.

    Example:

    >>> GaussianDropout(0.5, seed=1)(np.ones(100_000), training=True).std().round(1)
    1.0
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(seed, rate=rate, **kwargs)

    def _disturb(self, inputs):
        stddev = math.sqrt(self.rate / (1.0 - self.rate))
        return multiply_by_noise(inputs, stddev, self.seed_generator)
