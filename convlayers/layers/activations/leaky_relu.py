"""The rectifier with a slope below 0 as a layer."""

import warnings

from convlayers import activations
from convlayers.layers.activations.elementwise import Elementwise


class LeakyReLU(Elementwise):
    """Returns `x` above 0 and `negative_slope * x` below.

    Args:
        negative_slope: number, 0 or more.
        kwargs: arguments of `Layer`, as `name` and `dtype`. `alpha` is the old name of `negative_slope`.

    Input shape: any.

    Output shape: that of the input.

    Raises:
        ValueError: if the slope is negative, or missing.

    Example:

    >>> LeakyReLU(negative_slope=0.5)(np.array([-10.0, -5.0, 0.0, 5.0, 10.0]))
    [-5.0, -2.5, 0.0, 5.0, 10.0]
    """

    def __init__(self, negative_slope=0.3, **kwargs):
        if "alpha" in kwargs:
            negative_slope = kwargs.pop("alpha")
            warnings.warn("Argument `alpha` is deprecated. Use `negative_slope` instead.", stacklevel=2)
        super().__init__(**kwargs)
        if negative_slope is None or not negative_slope >= 0:
            raise ValueError(
                "The negative_slope value of a Leaky ReLU layer cannot be None or negative value. Expected a float. "
                f"Received: negative_slope={negative_slope}\nUse 0 to set what is negative to 0."
            )
        self.negative_slope = negative_slope

    def call(self, inputs):
        return activations.leaky_relu(inputs, self.negative_slope)

    def get_config(self):
        return {**super().get_config(), "negative_slope": self.negative_slope}
