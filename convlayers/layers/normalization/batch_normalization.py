"""Layers that shift and scale their inputs to a mean of 0 and a variance of 1."""

from convlayers import constraints, initializers, ops, regularizers, shapes
from convlayers.autograd import value_of
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.layer import Layer


class BatchNormalization(Layer):
    """Shifts and scales each channel to a mean of 0 and a variance of 1, then by learned numbers.

    In training, mean and variance are those of the batch: the output is
    `gamma * (x - mean) / sqrt(variance + epsilon) + beta`, and moving averages of both are kept:
    `moving_mean = moving_mean * momentum + mean * (1 - momentum)`. In inference, the moving averages take their place.

    With `layer.trainable = False` the layer works as in inference, in training too: nothing in it changes.

    Args:
        axis: int, the axis of the channels. The statistics are over all other axes.
        momentum: number, what part of the moving averages stays in each step.
        epsilon: small number that keeps the division finite.
        center: whether there is a `beta`.
        scale: whether there is a `gamma`.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: initializers of the weights,
            by name or object.
        beta_regularizer, gamma_regularizer: regularizers of the weights, by name or object.
        beta_constraint, gamma_constraint: constraints of the weights, by name or object.
        renorm, renorm_clipping, renorm_momentum: batch renormalization, which is not supported: `renorm` must be False.
        synchronized: taken for compatibility; must be False.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Call arguments:
        inputs: array of floats.
        training: whether to normalize by the batch and to update the moving averages.
        mask: None is all that is supported.

    Input shape: any.

    Output shape: that of the input.

    Weights: `gamma`, `beta`, `moving_mean` and `moving_variance`, all of shape (channels,).

    Raises:
        ValueError: if an argument is none of these. When called, if there is no such axis.
        NotImplementedError: for `renorm=True`.

    Example:

    >>> x = np.array([[1.0, 10.0], [3.0, 30.0]])
    >>> BatchNormalization(epsilon=1e-6)(x, training=True)
    [[-1.0, -1.0], [1.0, 1.0]]
    """

    def __init__(
        self,
        axis=-1,
        momentum=0.99,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        moving_mean_initializer="zeros",
        moving_variance_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        renorm=False,
        renorm_clipping=None,
        renorm_momentum=0.99,
        synchronized=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if synchronized:
            raise ValueError("Argument synchronized=True is only supported with the TensorFlow backend.")
        if renorm:
            raise NotImplementedError(
                f"`renorm=True` is not supported. Expected False. Received: renorm={renorm}\n"
                "Models that were trained with it give the same predictions without: it changes training only."
            )
        self.axis = int(axis)
        self.momentum = float(momentum)
        self.epsilon = float(epsilon)
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.renorm = renorm
        self.renorm_clipping = renorm_clipping
        self.renorm_momentum = renorm_momentum
        self.synchronized = synchronized

    def build(self, input_shape):
        shapes.check_axis(self.axis, input_shape)
        channels = input_shape[self.axis]
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                name="gamma",
                shape=(channels,),
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )
        if self.center:
            self.beta = self.add_weight(
                name="beta",
                shape=(channels,),
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
            )
        self.moving_mean = self.add_weight(
            name="moving_mean", shape=(channels,), initializer=self.moving_mean_initializer, trainable=False
        )
        self.moving_variance = self.add_weight(
            name="moving_variance", shape=(channels,), initializer=self.moving_variance_initializer, trainable=False
        )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs, training=None, mask=None):
        if mask is not None:
            raise NotImplementedError(f"The statistics are those of all samples. Expected: mask=None. Received: mask={mask}")
        # An empty batch has no statistics.
        if not (training and self.trainable) or 0 in inputs.shape:
            return ops.batch_normalization(
                inputs, self.moving_mean, self.moving_variance, self.axis, self.beta, self.gamma, self.epsilon
            )
        outputs, mean, variance = ops.batch_normalization_training(inputs, self.beta, self.gamma, self.axis, self.epsilon)
        self._update(self.moving_mean, mean)
        self._update(self.moving_variance, variance)
        return outputs

    def _update(self, moving, statistic):
        moving.assign(moving.value * self.momentum + value_of(statistic) * (1.0 - self.momentum))

    def compute_output_shape(self, input_shape):
        shapes.check_axis(self.axis, input_shape)
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
            "synchronized": self.synchronized,
            "renorm": self.renorm,
            "renorm_clipping": self.renorm_clipping,
            "renorm_momentum": self.renorm_momentum,
        }
