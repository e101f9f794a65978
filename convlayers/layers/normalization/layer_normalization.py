"""Normalization of each sample by itself."""

import warnings

from convlayers import ops, shapes
from convlayers.layers.normalization.gamma_and_beta import GammaAndBeta


class LayerNormalization(GammaAndBeta):
    """Shifts and scales each sample to a mean of 0 and a variance of 1 along some axes, then by learned numbers.

    The output is `(x - mean) / sqrt(variance + epsilon) * gamma + beta`.

    Args:
        axis: int, or a list of ints: the axes over which mean and variance are taken. The others are left as they are.
        epsilon: small number that keeps the division finite.
        center: whether there is a `beta`.
        scale: whether there is a `gamma`.
        beta_initializer, gamma_initializer: initializers of the weights, by name or object.
        beta_regularizer, gamma_regularizer: regularizers of the weights, by name or object.
        beta_constraint, gamma_constraint: constraints of the weights, by name or object.
        kwargs: arguments of `Layer`, as `name` and `dtype`. `rms_scaling=True` is deprecated: only the variance is made 1.

    Input shape: any; the size of these axes must be known.

    Output shape: that of the input.

    Weights: `gamma` and `beta`, of the shape of these axes.

    Raises:
        TypeError: if `axis` is no such thing.
        ValueError: if another argument is none of these.

    Example:

    >>> LayerNormalization()(np.array([[1.0, 2.0, 3.0]])).round(3)
    [[-1.224, 0.0, 1.224]]
    """

    def __init__(
        self,
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
        self.rms_scaling = rms_scaling = kwargs.pop("rms_scaling", False)
        if rms_scaling:
            warnings.warn(
                "You passed `rms_scaling=True`, which is deprecated. This argument incorrectly scales the input by the "
                "variance, not the root mean square. To correctly use RMS Normalization, please use "
                "`keras.layers.RMSNormalization` instead.",
                stacklevel=2,
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
        if not isinstance(axis, (int, list, tuple)):
            raise TypeError(f"Expected an int or a list/tuple of ints for the argument 'axis', but received: {axis!r}")
        self.axis = axis if isinstance(axis, int) else list(axis)
        # Sums are taken in the number type of the inputs.
        self.autocast = False

    def build(self, input_shape):
        self.axis = [self.axis] if isinstance(self.axis, int) else sorted(self.axis)
        shape = tuple(input_shape[axis] for axis in self.axis)
        self._add_gamma_and_beta(shape, self.scale or self.rms_scaling, self.center and not self.rms_scaling)

    def call(self, inputs):
        if self.rms_scaling:
            axes = {axis % len(inputs.shape) for axis in self.axis}
            gamma = ops.reshape(self.gamma, [n if axis in axes else 1 for axis, n in enumerate(inputs.shape)])
            outputs = inputs * ops.rsqrt(ops.var(inputs, tuple(axes), keepdims=True) + self.epsilon) * gamma
        else:
            outputs = ops.layer_normalization(inputs, self.gamma, self.beta, self.axis, self.epsilon)
        return self._in_own_dtype(outputs)

    def compute_output_shape(self, input_shape):
        shapes.check_axis(self.axis, input_shape)
        return input_shape

    def get_config(self):
        return {**super().get_config(), "axis": self.axis, "rms_scaling": self.rms_scaling}
