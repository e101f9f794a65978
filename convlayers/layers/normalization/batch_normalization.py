"""Layers that shift and scale their inputs to a mean of 0 and a variance of 1."""

import numpy as np

from convlayers import initializers, ops, shapes
from convlayers.autograd import value_of
from convlayers.launching import launch
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.normalization.gamma_and_beta import GammaAndBeta


class BatchNormalization(GammaAndBeta):
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
        renorm: whether training corrects the statistics of the batch by moving averages, so that they work for small batches
            too (batch renormalization, Ioffe 2017).
        renorm_clipping: dict of bounds for the corrections: "rmin" and "rmax" for that of the deviation, "dmax" for that of
            the mean. Each may be left out.
        renorm_momentum: number, what part of these moving averages stays in each step.
        synchronized: taken for compatibility; must be False.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Call arguments:
        inputs: array of floats.
        training: whether to normalize by the batch and to update the moving averages.
        mask: array of one axis less than the inputs, which lacks the last one. In training, the statistics are those of what
            it keeps; all inputs are normalized.

    Input shape: any.

    Output shape: that of the input.

    Weights: `gamma`, `beta`, `moving_mean` and `moving_variance`, and with `renorm` also `moving_stddev`, `renorm_mean` and
    `renorm_stddev`, all of shape (channels,).

    Raises:
        ValueError: if an argument is none of these. When called, if there is no such axis, or the mask has another rank.

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
        super().__init__(
            float(epsilon),
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
        self.axis = int(axis)
        if synchronized:
            raise ValueError("Argument synchronized=True is only supported with the TensorFlow backend.")
        self.synchronized = synchronized
        self.momentum = float(momentum)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        if renorm:
            renorm_clipping = renorm_clipping or {}
            _check_clipping(renorm_clipping)
        self.renorm = renorm
        self.renorm_clipping = renorm_clipping
        self.renorm_momentum = renorm_momentum
        self.moving_mean = self.moving_variance = None

    def build(self, input_shape):
        shapes.check_axis(self.axis, input_shape)
        channels = input_shape[self.axis]
        self._add_gamma_and_beta((channels,), self.scale, self.center)
        self.moving_mean = self._add_average("moving_mean", channels, self.moving_mean_initializer)
        self.moving_variance = self._add_average("moving_variance", channels, self.moving_variance_initializer)
        if self.renorm:
            self.moving_stddev = self._add_average("moving_stddev", channels, self._initial_stddev)
            self.renorm_mean = self._add_average("renorm_mean", channels, _anew(self.moving_mean_initializer))
            self.renorm_stddev = self._add_average("renorm_stddev", channels, self._initial_stddev)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def _add_average(self, name, channels, initializer):
        return self.add_weight(name=name, shape=(channels,), initializer=initializer, trainable=False, autocast=False)

    def _initial_stddev(self, shape, dtype=None):
        return np.sqrt(_anew(self.moving_variance_initializer)(shape, dtype=dtype))

    def call(self, inputs, training=None, mask=None):
        if mask is not None and len(mask.shape) != len(inputs.shape) - 1:
            raise ValueError(
                "The mask provided should be one dimension less than the inputs. Received: "
                f"mask.shape={mask.shape}, inputs.shape={inputs.shape}"
            )
        if not self.takes_statistics(inputs, training):
            return self._normalize(inputs, self.moving_mean, self.moving_variance, self.beta, self.gamma)
        if mask is None and not self.renorm:
            return self._in_own_dtype(self.normalize_batch(inputs))
        axes = [axis for axis in range(len(inputs.shape)) if axis != self.axis % len(inputs.shape)]
        mean, variance = ops.moments(inputs, axes) if mask is None else ops.masked_moments(inputs, mask, axes)
        beta, gamma = self._renormalized(value_of(mean), value_of(variance)) if self.renorm else (self.beta, self.gamma)
        self._update_averages(value_of(mean), value_of(variance))
        return self._normalize(inputs, mean, variance, beta, gamma)

    def takes_statistics(self, inputs, training):
        """Returns whether inputs are normalized by their own statistics, which an empty batch does not have."""
        return training and self.trainable and 0 not in inputs.shape

    def normalize_batch(self, inputs, activation=None):
        """Returns inputs that are normalized by their own statistics. The moving averages take these into account.

        Args:
            activation: a function for what was normalized, one that kernels know; or None.
        """
        options = self.beta, self.gamma, self.axis, self.epsilon, activation
        outputs, mean, variance = ops.batch_normalization_training(inputs, *options)
        self._update_averages(value_of(mean), value_of(variance))
        return outputs

    def _normalize(self, inputs, mean, variance, beta, gamma):
        return self._in_own_dtype(ops.batch_normalization(inputs, mean, variance, self.axis, beta, gamma, self.epsilon))

    def _renormalized(self, mean, variance):
        """Returns beta and gamma with the correction: `(x * r + d) * gamma + beta`. No gradient passes through it."""
        # Keeps the first steps from dividing by zero.
        stddev = np.maximum(self.renorm_stddev.value, np.sqrt(self.epsilon, dtype=mean.dtype))
        bounds = self.renorm_clipping
        r = np.clip(np.sqrt(variance + self.epsilon) / stddev, bounds.get("rmin"), bounds.get("rmax"))
        d = (mean - self.renorm_mean.value) / stddev
        if bounds.get("dmax") is not None:
            d = np.clip(d, -bounds["dmax"], bounds["dmax"])
        beta, gamma = (d, r) if self.gamma is None else (self.gamma * d, self.gamma * r)
        return (beta if self.beta is None else beta + self.beta), gamma

    def _update_averages(self, mean, variance):
        launch(_move, self.moving_mean, mean, self.momentum)
        if not self.renorm:
            launch(_move, self.moving_variance, variance, self.momentum)
            return
        stddev = np.sqrt(variance + self.epsilon)
        _move(self.renorm_mean, mean, self.renorm_momentum)
        _move(self.renorm_stddev, stddev, self.renorm_momentum)
        # As in the paper, the deviation is averaged, not the variance.
        _move(self.moving_stddev, stddev, self.momentum)
        self.moving_variance.assign(np.maximum(self.moving_stddev.value**2 - self.epsilon, 0))

    def compute_output_shape(self, input_shape):
        shapes.check_axis(self.axis, input_shape)
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "synchronized": self.synchronized,
            "renorm": self.renorm,
            "renorm_clipping": self.renorm_clipping,
            "renorm_momentum": self.renorm_momentum,
        }


def _move(average, value, momentum):
    average.assign(average.value * momentum + value * (1.0 - momentum))


def _anew(initializer):
    """Returns an initializer that draws other numbers than one that was used before."""
    return initializer.clone() if isinstance(initializer, initializers.Initializer) else initializer


def _check_clipping(bounds):
    keys = ["rmax", "rmin", "dmax"]
    if set(bounds) - set(keys):
        raise ValueError(f"Received invalid keys for `renorm_clipping` argument: {bounds}. Supported values: {keys}.")
    rmax, rmin, dmax = (bounds.get(key) for key in keys)
    if rmax is not None and rmin is not None and rmax < rmin:
        raise ValueError(
            f"rmax should be greater than rmin in the `renorm_clipping` argument. Received: rmax={rmax}, rmin={rmin}."
        )
    if dmax is not None and dmax < 0:
        raise ValueError(f"dmax should be non-negative in the `renorm_clipping` argument. Received: dmax={dmax}.")
