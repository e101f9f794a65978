"""Normalization of the weights of another layer."""

from convlayers import initializers, ops
from convlayers.layers.core.wrapper import Wrapper
from convlayers.layers.input_spec import InputSpec


class SpectralNormalization(Wrapper):
    """Divides the kernel of another layer by its largest singular value, in each step of training.

    This bounds how much the layer's output can change with its input, which steadies the training of adversarial networks.
    The singular value is approached by power iteration, from one step to the next.

    Args:
        layer: a layer that has a `kernel` or `embeddings`.
        power_iterations: int above 0, the number of iterations in each step.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Call arguments:
        inputs: what the other layer takes.
        training: whether to change the kernel.

    Input shape, output shape: those of the other layer.

    Weights: those of the other layer, and `vector_u`, of shape (1, filters).

    Raises:
        ValueError: if an argument is none of these. When built, if the layer has no such weight.

    Example:

    >>> SpectralNormalization(Conv2D(2, 2))(np.ones((1, 10, 10, 1))).shape
    (1, 9, 9, 2)
    """

    def __init__(self, layer, power_iterations=1, **kwargs):
        super().__init__(layer, **kwargs)
        if power_iterations <= 0:
            raise ValueError(f"`power_iterations` should be greater than zero. Received: `power_iterations={power_iterations}`")
        self.power_iterations = power_iterations

    def build(self, input_shape):
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        self.kernel = getattr(self.layer, "kernel", getattr(self.layer, "embeddings", None))
        if self.kernel is None:
            raise ValueError(f"{type(self.layer).__name__} object has no attribute 'kernel' nor 'embeddings'")
        self.vector_u = self.add_weight(
            name="vector_u",
            shape=(1, self.kernel.shape[-1]),
            initializer=initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
            dtype=self.kernel.dtype,
        )

    def call(self, inputs, training=False):
        if training and self.kernel.value.any():
            vector_u, kernel = self.normalized_weights()
            self.vector_u.assign(vector_u)
            self.kernel.assign(kernel)
        return ops.cast(self.layer(inputs), inputs.dtype)

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def normalized_weights(self):
        """Returns the next vector, and the kernel divided by the singular value that follows from it."""
        kernel, vector_u = self.kernel.value, self.vector_u.value
        weights = kernel.reshape(-1, kernel.shape[-1])
        for _ in range(self.power_iterations):
            vector_v = ops.normalize(vector_u @ weights.T, axis=None)
            vector_u = ops.normalize(vector_v @ weights, axis=None)
        return vector_u, kernel / (vector_v @ weights @ vector_u.T)

    def get_config(self):
        return {**super().get_config(), "power_iterations": self.power_iterations}
