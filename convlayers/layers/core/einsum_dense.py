"""Dense layers for sums of products along any axes."""

from convlayers import activations, ops, regularizers
from convlayers.initializers import VarianceScaling
from convlayers.layers.core.einsum_shapes import EinsumShapes
from convlayers.layers.core.unsupported_arguments import refuse
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.layer import Layer
from convlayers.layers.weight_settings import WeightSettings


class EinsumDense(WeightSettings, Layer):
    """Computes `activation(einsum(equation, inputs, kernel) + bias)`.

    Args:
        equation: string, as "ab,bc->ac" for a dense layer: a letter for each axis of the inputs, the kernel and the outputs.
            "..." in front of the letters of inputs and outputs, or behind them, stands for any number of axes.
        output_shape: int or tuple of ints, the shape of the outputs without the batch and the axes of "...". None in it stands
            for a size that the inputs have.
        activation: name of an activation, or a function; none by default.
        bias_axes: string, the letters of the axes of the outputs that the `bias` has; none by default, then there is no bias.
        kernel_initializer, bias_initializer: initializers of the weights, by name or object.
        kernel_regularizer, bias_regularizer: regularizers of the weights, by name or object.
        kernel_constraint, bias_constraint: constraints of the weights, by name or object.
        lora_rank, gptq_unpacked_column_size, quantization_config: taken for compatibility; None is all that they may be.
        lora_alpha: taken for compatibility, without effect.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: as the equation says.

    Output shape: as the equation says.

    Weights: `kernel` and `bias`, of shapes that follow from the equation.

    Raises:
        ValueError: when built, if the equation is none, or does not fit the shapes.
        NotImplementedError: for `lora_rank`, `gptq_unpacked_column_size` and `quantization_config`.

    Example:

    >>> EinsumDense("abc,cd->abd", output_shape=(None, 64), bias_axes="d")(np.ones((2, 32, 128))).shape
    (2, 32, 64)
    """

    def __init__(
        self,
        equation,
        output_shape,
        activation=None,
        bias_axes=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        lora_rank=None,
        lora_alpha=None,
        gptq_unpacked_column_size=None,
        quantization_config=None,
        **kwargs,
    ):
        refuse("lora_rank", lora_rank)
        refuse("gptq_unpacked_column_size", gptq_unpacked_column_size)
        refuse("quantization_config", quantization_config)
        super().__init__(**kwargs)
        self.equation = equation
        self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        self._keep_settings(
            kernel=(kernel_initializer, kernel_regularizer, kernel_constraint),
            bias=(bias_initializer, bias_regularizer, bias_constraint),
        )

    def _shapes(self, input_shape):
        return EinsumShapes(self.equation, tuple(input_shape), self.partial_output_shape, self.bias_axes)

    def build(self, input_shape):
        shapes = self._shapes(input_shape)
        self.input_spec = InputSpec(ndim=len(input_shape))
        self.kernel = self._add_weight("kernel", shapes.kernel, initializer=_with_axes(self.kernel_initializer, shapes))
        self.bias = None if shapes.bias is None else self._add_weight("bias", shapes.bias)

    def call(self, inputs, training=None):
        x = ops.einsum(self.equation, inputs, self.kernel)
        if self.bias is not None:
            x = ops.add(x, self.bias)
        return x if self.activation is None else self.activation(x)

    def compute_output_shape(self, input_shape):
        return self._shapes(input_shape).output

    def get_config(self):
        return {
            **super().get_config(),
            "equation": self.equation,
            "output_shape": self.partial_output_shape,
            "activation": activations.serialize(self.activation),
            "bias_axes": self.bias_axes,
            **self._config_of_settings("kernel", "bias"),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "quantization_config": None,
        }


def _with_axes(initializer, shapes):
    """Returns an initializer that counts the axes of the equation as inputs and outputs, if it counts any."""
    if not isinstance(initializer, VarianceScaling) or None not in (initializer.input_axes, initializer.output_axes):
        return initializer
    axes = {"input_axes": shapes.kernel_input_axes, "output_axes": shapes.kernel_output_axes}
    # The seed that it has, even if nobody chose it.
    return type(initializer).from_config({**initializer.get_config(), "seed": initializer.seed, **axes})
