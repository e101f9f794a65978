"""Layers that keep a model from learning its training data by heart."""

from convlayers import ops, random
from convlayers.layers.layer import Layer


class Dropout(Layer):
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

    >>> Dropout(0.5, seed=1)(np.ones(4), training=True)
    [2.0, 0.0, 2.0, 0.0]
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate <= 1:
            raise ValueError(
                "Invalid value received for argument `rate`. Expected a float value between 0 and 1. "
                f"Received: rate={rate}\nIt is the part that is dropped, as 0.5 for half."
            )
        self.rate = rate
        self.seed = seed
        self.noise_shape = _standardize_noise_shape(noise_shape)
        if rate > 0:
            self.seed_generator = random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        return ops.dropout(inputs, self.rate, self.noise_shape, self.seed_generator)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed, "noise_shape": self.noise_shape}


def _standardize_noise_shape(noise_shape):
    if noise_shape is None:
        return None
    message = "Invalid value received for argument `noise_shape`."
    if isinstance(noise_shape, str):
        raise ValueError(f"{message} Expected a tuple or list of integers. Received: noise_shape={noise_shape}")
    try:
        noise_shape = tuple(noise_shape)
    except TypeError:
        raise ValueError(
            f"{message} Expected an iterable of integers (e.g., a tuple or list). Received: noise_shape={noise_shape}"
        ) from None
    for index, size in enumerate(noise_shape):
        if size is None:
            continue
        if not isinstance(size, int):
            raise ValueError(
                f"{message} Expected all elements to be integers or None. "
                f"Received element at index {index}: {size} (type: {type(size).__name__})"
            )
        if size <= 0:
            raise ValueError(
                f"{message} Expected all dimensions to be positive integers or None. "
                f"Received negative or zero value at index {index}: {size}"
            )
    return noise_shape
