"""The rectifier whose slopes below 0 are learned."""

from convlayers import ops
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.layer import Layer
from convlayers.layers.weight_settings import WeightSettings


class PReLU(WeightSettings, Layer):
    """Returns `x` above 0 and `alpha * x` below, where `alpha` is learned.

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: of the slopes, by name or object.
        shared_axes: int, or list of ints: axes along which all numbers have the same slope. The batch is axis 0. With [1, 2],
            each channel of an image has one slope; without, each number of a sample has its own.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: any, of two axes or more.

    Output shape: that of the input.

    Weights: `alpha`, of the shape of a sample, with 1 for shared axes.

    Raises:
        ValueError: if an argument is none of these.

    Example:

    >>> PReLU(alpha_initializer="ones")(np.array([[-3.0, 2.0]]))
    [[-3.0, 2.0]]
    """

    supports_masking = True

    def __init__(self, alpha_initializer="Zeros", alpha_regularizer=None, alpha_constraint=None, shared_axes=None, **kwargs):
        super().__init__(**kwargs)
        self._keep_settings(alpha=(alpha_initializer, alpha_regularizer, alpha_constraint))
        if shared_axes is not None:
            shared_axes = list(shared_axes) if isinstance(shared_axes, (list, tuple)) else [shared_axes]
        self.shared_axes = shared_axes

    def build(self, input_shape):
        shape = list(input_shape[1:])
        for axis in self.shared_axes or ():
            shape[axis - 1] = 1
        self.alpha = self._add_weight("alpha", shape)
        shared = self.shared_axes or range(len(input_shape))
        axes = {axis: input_shape[axis] for axis in range(1, len(input_shape)) if axis not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)

    def call(self, inputs):
        return ops.prelu(inputs, self.alpha)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), **self._config_of_settings("alpha"), "shared_axes": self.shared_axes}
