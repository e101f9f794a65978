"""Normalization by the root of the mean square."""

from convlayers import ops, shapes
from convlayers.layers.layer import Layer


class RMSNormalization(Layer):
    """Scales each sample to a mean square of 1 along some axes, then by learned numbers.

    The output is `x / sqrt(mean(x**2) + epsilon) * scale`.

    Args:
        axis: int, or a list of ints: the axes over which the mean is taken.
        epsilon: small number that keeps the division finite.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: any; the size of these axes must be known.

    Output shape: that of the input.

    Weights: `scale`, of the shape of these axes.

    Raises:
        ValueError: when called, if there is no such axis.

    Example:

    >>> RMSNormalization()(np.array([[1.0, 7.0]])).round(3)
    [[0.2, 1.4]]
    """

    def __init__(self, axis=-1, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis
        self.epsilon = epsilon

    def build(self, input_shape):
        self.axis = sorted(self.axis) if isinstance(self.axis, (list, tuple)) else [self.axis]
        self.scale = self.add_weight(name="scale", shape=tuple(input_shape[axis] for axis in self.axis), initializer="ones")

    def call(self, x):
        return ops.rms_normalization(x, self.scale, self.axis, self.epsilon)

    def compute_output_shape(self, input_shape):
        shapes.check_axis(self.axis, input_shape)
        return input_shape

    def get_config(self):
        return {**super().get_config(), "axis": self.axis, "epsilon": self.epsilon}
