"""The rectifier as a layer."""

from convlayers import activations
from convlayers.layers.activations.elementwise import Elementwise


class ReLU(Elementwise):
    """Sets what is negative to 0: `max(x, 0)`.

    With the arguments, it is `max_value` where x >= max_value, `x` where threshold <= x < max_value, and
    `negative_slope * (x - threshold)` elsewhere.

    Args:
        max_value: number, 0 or more, or None for no limit.
        negative_slope: number, 0 or more.
        threshold: number, 0 or more.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: any.

    Output shape: that of the input.

    Raises:
        ValueError: if a number is negative, or missing.

    Example:

    >>> ReLU(max_value=10, negative_slope=0.5)(np.array([-10.0, -5.0, 0.0, 5.0, 20.0]))
    [-5.0, -2.5, 0.0, 5.0, 10.0]
    """

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        if max_value is not None and not max_value >= 0.0:
            raise ValueError(
                f"max_value of a ReLU layer cannot be a negative value. Received: max_value={max_value}\nUse None for no limit."
            )
        if negative_slope is None or not negative_slope >= 0.0:
            raise ValueError(
                "negative_slope of a ReLU layer cannot be None or a negative value. "
                f"Received: negative_slope={negative_slope}\nUse 0 to set what is negative to 0."
            )
        if threshold is None or not threshold >= 0.0:
            raise ValueError(
                f"threshold of a ReLU layer cannot be None or a negative value. Received: threshold={threshold}\n"
                "Use 0 for the ordinary function."
            )
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def call(self, inputs):
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)

    def get_config(self):
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }
