"""Probabilities of classes."""

from convlayers import activations, ops
from convlayers.layers.activations.elementwise import Elementwise


class Softmax(Elementwise):
    """Turns numbers into probabilities that add up to 1: `exp(x) / sum(exp(x))`.

    Args:
        axis: int, the axis along which they add up to 1; or several, as a list.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Call arguments:
        inputs: the numbers.
        mask: array of booleans of the shape of the inputs, or of one that broadcasts to it. Where it is False, the
            probability is 0.

    Input shape: any.

    Output shape: that of the input.

    Example:

    >>> Softmax()(np.array([1.0, 2.0, 1.0]))
    [0.21194157, 0.5761169, 0.21194157]
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs, mask=None):
        if mask is None:
            return self._softmax(inputs)
        _check_mask(mask, inputs)
        mask = mask if mask.dtype == "bool" else mask > 0.5
        # A large negative number, not -inf: where all is masked, inf - inf would be NaN.
        outputs = self._softmax(ops.where(mask, inputs, -1e9))
        return ops.where(mask, outputs, 0.0)

    def _softmax(self, inputs):
        if isinstance(self.axis, (list, tuple)) and len(self.axis) > 1:
            return ops.exp(ops.subtract(inputs, ops.logsumexp(inputs, axis=self.axis, keepdims=True)))
        axis = self.axis[0] if isinstance(self.axis, (list, tuple)) else self.axis
        return activations.softmax(inputs, axis=axis)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


def _check_mask(mask, inputs):
    received = f"Received: inputs.shape={tuple(inputs.shape)}, mask.shape={tuple(mask.shape)}"
    if len(mask.shape) > len(inputs.shape):
        raise ValueError(f"The `mask` must be broadcastable to `inputs` and must not have more dimensions. {received}")
    if any(m not in (1, n) for m, n in zip(mask.shape[::-1], inputs.shape[::-1], strict=False)):
        raise ValueError(
            "The `mask` must be broadcastable to `inputs`. Each mask dimension must be 1 or match the corresponding input "
            f"dimension. {received}"
        )
