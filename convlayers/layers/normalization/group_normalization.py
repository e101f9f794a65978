"""Normalization of groups of channels."""

from convlayers import ops, shapes
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.normalization.gamma_and_beta import GammaAndBeta


class GroupNormalization(GammaAndBeta):
    """Shifts and scales each group of channels of each sample to a mean of 0 and a variance of 1, then by learned numbers.

    Other samples of the batch do not matter, so it works for small batches as well as for large ones. With one group it is
    close to `LayerNormalization` of a whole image, with a group for each channel (`groups=-1`) it is instance normalization.

    Args:
        groups: int, the number of groups; neighbouring channels are in a group. -1 for one group for each channel.
        axis: int, the axis of the channels.
        epsilon: small number that keeps the division finite.
        center: whether there is a `beta`.
        scale: whether there is a `gamma`.
        beta_initializer, gamma_initializer: initializers of the weights, by name or object.
        beta_regularizer, gamma_regularizer: regularizers of the weights, by name or object.
        beta_constraint, gamma_constraint: constraints of the weights, by name or object.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: any; the number of channels must be known, and a multiple of `groups`.

    Output shape: that of the input.

    Weights: `gamma` and `beta`, of shape (channels,).

    Raises:
        ValueError: if an argument is none of these. When built, if the channels cannot be divided so.

    Example:

    >>> GroupNormalization(groups=2, epsilon=1e-6)(np.array([[1.0, 3.0, 10.0, 30.0]])).round(3)
    [[-1.0, 1.0, -1.0, 1.0]]
    """

    def __init__(
        self,
        groups=32,
        axis=-1,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        if not isinstance(groups, int) or (groups <= 0 and groups != -1):
            raise ValueError(
                "Received an invalid value for argument `groups`, expected a positive integer (or `-1` for instance "
                f"normalization). Received: groups={groups}"
            )
        super().__init__(
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            **kwargs,
        )
        self.groups = groups
        self.axis = axis
        # Sums are taken in the number type of the inputs.
        self.autocast = False

    def build(self, input_shape):
        channels = input_shape[self.axis]
        if channels is None:
            raise ValueError(
                f"Axis {self.axis} of input tensor should have a defined dimension but the layer received an input with shape "
                f"{input_shape}."
            )
        groups = channels if self.groups == -1 else self.groups
        if channels < groups:
            raise ValueError(f"Number of groups ({groups}) cannot be more than the number of channels ({channels}).")
        if channels % groups != 0:
            raise ValueError(
                f"Number of groups ({groups}) must be a multiple of the number of channels ({channels}).\n"
                "It is the other way round: all groups have the same number of channels."
            )
        self.groups = groups
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})
        self._add_gamma_and_beta((channels,), self.scale, self.center)

    def call(self, inputs):
        outputs = ops.group_normalization(inputs, self.gamma, self.beta, self.groups, self.axis, self.epsilon)
        return self._in_own_dtype(outputs)

    def compute_output_shape(self, input_shape):
        shapes.check_axis(self.axis, input_shape)
        return input_shape

    def get_config(self):
        return {**super().get_config(), "groups": self.groups, "axis": self.axis}
