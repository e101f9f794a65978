"""The layer of all connections."""

from convlayers import activations, ops
from convlayers.layers.core.unsupported_arguments import refuse
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.layer import Layer
from convlayers.layers.weight_settings import WeightSettings
from convlayers.validation import brief, is_integer


class Dense(WeightSettings, Layer):
    """Computes `activation(inputs @ kernel + bias)`: each output depends on all inputs of its sample.

    Inputs with more than two axes are taken as many samples: the product runs over their last axis.

    Args:
        units: int, the number of outputs.
        activation: name of an activation, or a function; none by default.
        use_bias: whether there is a `bias`.
        kernel_initializer, bias_initializer: initializers of the weights, by name or object.
        kernel_regularizer, bias_regularizer: regularizers of the weights, by name or object.
        activity_regularizer: regularizer of the output, by name or object.
        kernel_constraint, bias_constraint: constraints of the weights, by name or object.
        lora_rank, quantization_config: taken for compatibility; None is all that they may be.
        lora_alpha: taken for compatibility, without effect.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (batch, ..., features).

    Output shape: (batch, ..., units).

    Weights: `kernel` of shape (features, units) and `bias` of shape (units,).

    Raises:
        ValueError: if an argument is none of these. When called, if the number of features is another than when built.
        NotImplementedError: for `lora_rank` and `quantization_config`.

    Example:

    >>> layer = Dense(8, activation="relu")
    >>> layer(np.ones((2, 16))).shape
    (2, 8)
    """

    supports_masking = True

    def __init__(
        self,
        units,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        lora_rank=None,
        lora_alpha=None,
        quantization_config=None,
        **kwargs,
    ):
        if not is_integer(units) or units <= 0:
            raise ValueError(
                f"Received an invalid value for `units`, expected a positive integer. Received: units={brief(units)}\n"
                "`units` is the number of outputs of the layer, as 10 for ten classes."
            )
        refuse("lora_rank", lora_rank)
        refuse("quantization_config", quantization_config)
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = int(units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self._keep_settings(
            kernel=(kernel_initializer, kernel_regularizer, kernel_constraint),
            bias=(bias_initializer, bias_regularizer, bias_constraint),
        )
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape):
        features = input_shape[-1]
        self.kernel = self._add_weight("kernel", (features, self.units))
        self.bias = self._add_weight("bias", (self.units,)) if self.use_bias else None
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs):
        return ops.dense(inputs, self.kernel, self.bias, self.activation)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            **self._config_of_settings("kernel", "bias"),
            "quantization_config": None,
        }
