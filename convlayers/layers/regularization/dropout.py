"""Numbers set to 0 at random."""

from convlayers import ops
from convlayers.layers.regularization.noise_shape import standardize_noise_shape
from convlayers.layers.regularization.random_layer import RandomLayer


class Dropout(RandomLayer):
    """Sets inputs to 0 at random, in training only.

    The others are multiplied by `1 / (1 - rate)`, so that their sum stays the same on the average.

    Args:
        rate: number from 0 to 1, the part that is set to 0.
        noise_shape: tuple of ints, the shape of what is drawn at random, broadcast to that of the inputs; None in it stands
            for the size of the inputs. `(None, 1, 1, None)` drops whole channels of an image.
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

    >>> Dropout(0.5, seed=0)(np.ones(4), training=True)
    [2.0, 0.0, 2.0, 0.0]
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(seed, rate=rate, **kwargs)
        self.noise_shape = standardize_noise_shape(noise_shape)

    def _disturb(self, inputs):
        return ops.dropout(inputs, self.rate, self.noise_shape, self.seed_generator)

    def get_config(self):
        return {**super().get_config(), "noise_shape": self.noise_shape}
