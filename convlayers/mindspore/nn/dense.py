"""Products with a matrix."""

from convlayers import activations, ops
from convlayers.mindspore.nn import checks
from convlayers.mindspore.nn.cell import Cell
from convlayers.mindspore.nn.initial_values import InitialValue


class Dense(Cell):
    """Multiplies the last axis with a matrix: `activation(x @ weight.T + bias)`.

    Args:
        in_channels: int, the length of the last axis of the input.
        out_channels: int, that of the output.
        weight_init, bias_init: the name of a distribution, a number, an array, or an initializer of convlayers.
        has_bias: whether there is a bias.
        activation: the name of an activation, a cell, or another function; None for none.

    Inputs: array of shape (..., in_channels).

    Outputs: array of shape (..., out_channels).

    Parameters: `weight` of shape (out_channels, in_channels), and `bias` of shape (out_channels,).

    Raises:
        TypeError: if an argument has another type.
        ValueError: if an argument is none of these. When called, if the last axis has another length.

    Example:

    >>> nn.Dense(3, 4)(np.array([[180.0, 234.0, 154.0], [244.0, 48.0, 247.0]])).shape
    (2, 4)
    """

    def __init__(self, in_channels, out_channels, weight_init="normal", bias_init="zeros", has_bias=True, activation=None):
        super().__init__()
        self.in_channels = checks.check_positive_int(in_channels, "in_channels", self.cls_name)
        self.out_channels = checks.check_positive_int(out_channels, "out_channels", self.cls_name)
        self.has_bias = checks.check_bool(has_bias, "has_bias", self.cls_name)
        if activation is not None and not isinstance(activation, str) and not callable(activation):
            raise TypeError(
                f"For '{self.cls_name}', the 'activation' must be str or Cell or Primitive, "
                f"but got {type(activation).__name__}."
            )
        self.activation = None if activation is None else activations.get(activation)
        self.weight = self.add_weight(
            shape=(self.out_channels, self.in_channels), initializer=InitialValue(weight_init, (1, 0)), name="weight"
        )
        self.bias = None
        if has_bias:
            self.bias = self.add_weight(shape=(self.out_channels,), initializer=InitialValue(bias_init), name="bias")

    def construct(self, x):
        if x.shape[-1] != self.in_channels:
            raise ValueError(
                "For 'MatMul', the input dimensions must be equal, but got "
                f"'x1_col': {x.shape[-1]} and 'x2_row': {self.in_channels}.\n"
                f"Expected an array of shape (..., {self.in_channels}). Received: x.shape={x.shape}"
            )
        return ops.dense(x, ops.transpose(self.weight), self.bias, self.activation)
