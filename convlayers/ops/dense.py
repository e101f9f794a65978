"""The product of a batch with a matrix of weights."""

from convlayers.ops.arithmetic import add
from convlayers.ops.linear_algebra import matmul


def dense(inputs, kernel, bias=None, activation=None):
    """Returns `activation(inputs @ kernel + bias)`.

    Args:
        inputs: array of shape (..., features).
        kernel: array of shape (features, units).
        bias: array of shape (units,), or None.
        activation: function of one array, or None.
    """
    y = matmul(inputs, kernel)
    if bias is not None:
        y = add(y, bias)
    return y if activation is None else activation(y)
