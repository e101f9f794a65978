"""A sequence of one vector."""

from convlayers import ops
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.layer import Layer


class RepeatVector(Layer):
    """Repeats a vector, as the steps of a sequence.

    Args:
        n: int, how many times.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (batch, features).

    Output shape: (batch, n, features).

    Raises:
        TypeError: if `n` is no integer.
        ValueError: if it is not positive.

    Example:

    >>> RepeatVector(3)(np.ones((2, 32))).shape
    (2, 3, 32)
    """

    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(n, int) or isinstance(n, bool):
            raise TypeError(f"Expected an integer value for `n`, got {type(n)}.")
        if n <= 0:
            raise ValueError(f"Argument `n` should be a positive integer. Received: n={n}")
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs):
        return ops.tile(ops.expand_dims(inputs, 1), (1, self.n, 1))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.n, input_shape[1])

    def get_config(self):
        return {**super().get_config(), "n": self.n}
