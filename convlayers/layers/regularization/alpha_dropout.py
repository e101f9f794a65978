"""Dropout for networks that normalize themselves."""

from convlayers import ops
from convlayers.layers.regularization.random_layer import RandomLayer

# What selu tends to, far below 0: -alpha * scale with its two constants.
_SATURATION = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946


class AlphaDropout(RandomLayer):
    """Sets inputs to the lowest value of `selu` at random, in training only, and keeps mean and variance.

    Inputs of mean 0 and variance 1, as `selu` makes them, leave it with the same mean and variance.

    Args:
        rate: number from 0 to 1, the part that is set to this value. The noise has the standard deviation
            `sqrt(rate / (1 - rate))`.
        noise_shape: tuple of ints, the shape of what is drawn at random, broadcast to that of the inputs; None in it stands
            for the size of the inputs.
        seed: int; the same seed gives the same numbers in each run of the program.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Call arguments:
        inputs: an array of floats.
        training: whether to drop anything.

    Input shape: any.

    Output shape: that of the input.

    Raises:
        ValueError: if an argument is none of these.

    Example:

    >>> np.unique(AlphaDropout(0.5)(np.ones(100), training=True)).round(4)
    [-0.7792, 1.6656]
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(seed, rate=rate, **kwargs)
        self.noise_shape = noise_shape

    def _disturb(self, inputs):
        kept = 1 - self.rate
        factor = (kept * (1 + self.rate * _SATURATION**2)) ** -0.5
        shift = -factor * _SATURATION * self.rate
        # What is dropped becomes 0 here, which is the saturation when it is moved back.
        distances = ops.dropout(inputs - _SATURATION, self.rate, self.noise_shape, self.seed_generator)
        return distances * (factor * kept) + (factor * _SATURATION + shift)

    def get_config(self):
        return {**super().get_config(), "noise_shape": self.noise_shape}
