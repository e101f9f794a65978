"""What layers of normalization have in common: two weights, and the number type of what they return."""

from convlayers import ops
from convlayers.layers.layer import Layer
from convlayers.layers.weight_settings import WeightSettings


class GammaAndBeta(WeightSettings, Layer):
    """A layer that multiplies what it has normalized by a weight `gamma`, and adds a weight `beta`.

    Args:
        epsilon: small number that keeps the division finite.
        center: whether there is a `beta`.
        scale: whether there is a `gamma`.
        beta_initializer, gamma_initializer: initializers of the weights, by name or object.
        beta_regularizer, gamma_regularizer: regularizers of the weights, by name or object.
        beta_constraint, gamma_constraint: constraints of the weights, by name or object.
        kwargs: arguments of `Layer`, as `name` and `dtype`.
    """

    supports_masking = True

    def __init__(
        self,
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
    ):
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self._keep_settings(
            beta=(beta_initializer, beta_regularizer, beta_constraint),
            gamma=(gamma_initializer, gamma_regularizer, gamma_constraint),
        )
        self.gamma = self.beta = None

    def _add_gamma_and_beta(self, shape, scale, center):
        if scale:
            self.gamma = self._add_weight("gamma", shape, autocast=False)
        if center:
            self.beta = self._add_weight("beta", shape, autocast=False)

    def _in_own_dtype(self, outputs):
        # Those of integers are not.
        return outputs if outputs.dtype is self._input_dtype else ops.cast(outputs, self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            **self._config_of_settings("beta", "gamma"),
        }
