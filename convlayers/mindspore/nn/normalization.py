"""Normalization by the batch."""

from convlayers import ops
from convlayers.autograd import value_of
from convlayers.mindspore.nn import checks
from convlayers.mindspore.nn.cell import Cell
from convlayers.mindspore.nn.initial_values import InitialValue


class BatchNorm2d(Cell):
    """Shifts and scales each channel of images to a mean of 0 and a variance of 1, then by learned numbers.

    In training, mean and variance are those of the batch, and moving averages of both are kept:
    `moving_mean = moving_mean * momentum + mean * (1 - momentum)`. Otherwise the moving averages take their place.

    Args:
        num_features: int, the number of channels.
        eps: small number that keeps the division finite.
        momentum: number from 0 to 1, what part of the moving averages stays in each step.
        affine: whether `gamma` and `beta` are trained.
        gamma_init, beta_init, moving_mean_init, moving_var_init: the name of a distribution, a number, an array, or an
            initializer of convlayers.
        use_batch_statistics: True for the mean and variance of the batch, False for the moving averages, whether the cell
            trains or not; None for what training says.
        data_format: "NCHW" or "NHWC".

    Inputs: array of shape (n, num_features, height, width), or (n, height, width, num_features) for "NHWC".

    Outputs: array of the same shape.

    Parameters: `gamma`, `beta`, `moving_mean` and `moving_variance`, all of shape (num_features,).

    Raises:
        TypeError: if an argument has another type.
        ValueError: if an argument is none of these. When called, if inputs have another rank or number of channels.

    Example:

    >>> nn.BatchNorm2d(3)(np.ones((1, 3, 2, 2), "float32"))[0, :, 0, 0]
    [0.999995, 0.999995, 0.999995]
    """

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.9,
        affine=True,
        gamma_init="ones",
        beta_init="zeros",
        moving_mean_init="zeros",
        moving_var_init="ones",
        use_batch_statistics=None,
        data_format="NCHW",
    ):
        super().__init__()
        self.num_features = checks.check_positive_int(num_features, "num_features", self.cls_name)
        self.eps = checks.check_number(eps, "eps", self.cls_name)
        self.momentum = checks.check_number(momentum, "momentum", self.cls_name)
        if not 0 <= momentum <= 1:
            raise ValueError(f"For '{self.cls_name}', the 'momentum' should be a number in range [0, 1], but got {momentum}.")
        checks.check_bool(affine, "affine", self.cls_name)
        if use_batch_statistics is not None and not isinstance(use_batch_statistics, bool):
            raise ValueError(
                f"For '{self.cls_name}', the 'use_batch_statistics' should be a boolean value or None, "
                f"but got {use_batch_statistics}."
            )
        checks.check_data_format(data_format, self.cls_name)
        self.data_format = data_format
        self.use_batch_statistics = use_batch_statistics
        self.gamma = self._add_parameter("gamma", gamma_init, affine)
        self.beta = self._add_parameter("beta", beta_init, affine)
        self.moving_mean = self._add_parameter("moving_mean", moving_mean_init, False)
        self.moving_variance = self._add_parameter("moving_variance", moving_var_init, False)

    def _add_parameter(self, name, init, trainable):
        return self.add_weight(shape=(self.num_features,), initializer=InitialValue(init), trainable=trainable, name=name)

    def construct(self, x):
        if len(x.shape) != 4:
            raise ValueError(f"For '{self.cls_name}', the in_shape must have 4 dims, but got {len(x.shape)}.")
        axis = 1 if self.data_format == "NCHW" else 3
        if x.shape[axis] != self.num_features:
            raise ValueError(
                f"For '{self.cls_name}', the channel(the second dim of the input 'x') should be equal to num_channels, "
                f"but got channel: {x.shape[axis]}, num_channels: {self.num_features}."
            )
        by_batch = self.training if self.use_batch_statistics is None else self.use_batch_statistics
        if not by_batch:
            return ops.batch_normalization(x, self.moving_mean, self.moving_variance, axis, self.beta, self.gamma, self.eps)
        y, mean, variance = ops.batch_normalization_training(x, self.beta, self.gamma, axis, self.eps)
        self._update(self.moving_mean, mean)
        self._update(self.moving_variance, variance)
        return y

    def _update(self, moving, statistic):
        moving.assign(moving.value * self.momentum + value_of(statistic) * (1.0 - self.momentum))
