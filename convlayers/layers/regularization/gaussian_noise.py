"""Normally distributed noise."""

from convlayers.layers.regularization.random_layer import RandomLayer
from convlayers.ops.noise import add_noise


class GaussianNoise(RandomLayer):
    """Adds normally distributed numbers with a mean of 0 to its inputs, in training only.

    Args:
        stddev: number from 0 to 1, their standard deviation.
        seed: int; the same seed gives the same numbers in each run of the program.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Call arguments:
        inputs: an array of floats.
        training: whether to add anything.

    Input shape: any.

    Output shape: that of the input.

    Raises:
        ValueError: if an argument is none of these.

    Example:

    >>> GaussianNoise(0.1, seed=1)(np.zeros(1000), training=True).std().round(2)
    0.1
    """

    _strength_name = "stddev"

    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(seed, stddev=stddev, **kwargs)

    def _disturb(self, inputs):
        return add_noise(inputs, self.stddev, self.seed_generator)
