"""The exponential linear unit as a layer."""

from convlayers import activations
from convlayers.layers.activations.elementwise import Elementwise


class ELU(Elementwise):
    """Returns `x` above 0 and `alpha * (exp(x) - 1)` below.

    Args:
        alpha: number, what the result tends to far below 0, with the sign changed.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: any.

    Output shape: that of the input.

    Example:

    >>> ELU(alpha=0.5)(np.array([-1.0, 0.0, 2.0]))
    [-0.31606027, 0.0, 2.0]
    """

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs):
        return activations.elu(inputs, self.alpha)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}
