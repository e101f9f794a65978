"""Activation functions as layers."""

from convlayers import activations, ops
from convlayers.layers.layer import Layer


class _Elementwise(Layer):
    """A layer whose outputs have the shape of its inputs."""

    def compute_output_shape(self, input_shape):
        return input_shape


class Activation(_Elementwise):
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


class ReLU(_Elementwise):
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


class Softmax(_Elementwise):
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
