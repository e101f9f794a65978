"""A penalty for large activations."""

from convlayers import regularizers
from convlayers.layers.layer import Layer


class ActivityRegularization(Layer):
    """Returns its inputs, and adds a penalty for them to the loss: `l1 * sum(abs(x)) + l2 * sum(square(x))` for each sample.

    Args:
        l1, l2: numbers, 0 and more.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: any.

    Output shape: that of the input.

    Raises:
        ValueError: if a factor is none of these.

    Example:

    >>> layer = ActivityRegularization(l1=0.1)
    >>> y = layer(np.array([[1.0, -2.0, 3.0]]))
    >>> layer.losses
    [0.6]
    """

    supports_masking = True

    def __init__(self, l1=0.0, l2=0.0, **kwargs):
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1 = l1
        self.l2 = l2
        self._build_at_init()

    def call(self, inputs):
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return {**config, "l1": self.l1, "l2": self.l2}
