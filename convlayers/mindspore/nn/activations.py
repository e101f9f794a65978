"""Functions of single values, and the softmax."""

from convlayers import ops
from convlayers.mindspore.nn.cell import Cell


class ReLU(Cell):
    """Returns max(x, 0)."""

    def construct(self, x):
        return ops.relu(x)


class ReLU6(Cell):
    """Returns min(max(x, 0), 6)."""

    def construct(self, x):
        return ops.relu6(x)


class Sigmoid(Cell):
    """Returns 1 / (1 + exp(-x))."""

    def construct(self, x):
        return ops.sigmoid(x)


class Tanh(Cell):
    """Returns the hyperbolic tangent of x."""

    def construct(self, x):
        return ops.tanh(x)


class LeakyReLU(Cell):
    """Returns x where it is above 0, and `alpha * x` elsewhere.

    Args:
        alpha: number, the slope below 0.
    """

    def __init__(self, alpha=0.2):
        super().__init__()
        self.alpha = alpha

    def construct(self, x):
        return ops.leaky_relu(x, self.alpha)


class ELU(Cell):
    """Returns x where it is above 0, and `alpha * (exp(x) - 1)` elsewhere.

    Args:
        alpha: number, minus the limit for small x.
    """

    def __init__(self, alpha=1.0):
        super().__init__()
        self.alpha = alpha

    def construct(self, x):
        return ops.elu(x, self.alpha)


class GELU(Cell):
    """Returns x times the probability that a normal random number is below x.

    Args:
        approximate: whether to compute that with the hyperbolic tangent.
    """

    def __init__(self, approximate=True):
        super().__init__()
        self.approximate = approximate

    def construct(self, x):
        return ops.gelu(x, self.approximate)


class Softmax(Cell):
    """Returns exp(x), divided by its sum.

    Args:
        axis: int, or tuple of ints: the axes of the sum.
    """

    def __init__(self, axis=-1):
        super().__init__()
        self.axis = axis

    def construct(self, x):
        return ops.softmax(x, self.axis)
