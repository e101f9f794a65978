"""Any activation function as a layer."""

from convlayers import activations
from convlayers.layers.activations.elementwise import Elementwise


class Activation(Elementwise):
    """Applies an activation function.

    Args:
        activation: name of an activation, or a function.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: any.

    Output shape: that of the input.

    Raises:
        ValueError: if there is no such activation.

    Example:

    >>> Activation("relu")(np.array([-3.0, -1.0, 0.0, 2.0]))
    [0.0, 0.0, 0.0, 2.0]
    """

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs):
        return self.activation(inputs)

    def get_config(self):
        return {**super().get_config(), "activation": activations.serialize(self.activation)}
