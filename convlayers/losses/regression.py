"""Losses of predictions that are numbers."""

import math

import numpy as np

from convlayers import config, ops
from convlayers.autograd import differentiable
from convlayers.losses.loss import BuiltInLoss, Loss
from convlayers.losses.matching import match
from convlayers.ops.arithmetic import unbroadcast

# Losses of the error ---------------------------------------------------------------------------------------------------


def mean_squared_error(y_true, y_pred):
    """Returns `mean((y_true - y_pred) ** 2)` along the last axis: an array of shape `(batch, ...)`."""
    return _mean_of_errors(*match(y_true, y_pred), _square)


def mean_absolute_error(y_true, y_pred):
    """Returns `mean(abs(y_true - y_pred))` along the last axis: an array of shape `(batch, ...)`."""
    return _mean_of_errors(*match(y_true, y_pred), _absolute)


def huber(y_true, y_pred, delta=1.0):
    """Returns the mean along the last axis of half the squares of errors up to `delta`, and of a line beyond.

    Args:
        y_true, y_pred: arrays of the same shape.
        delta: float, the error from which on the loss grows as a line.

    Returns:
        An array of shape `(batch, ...)`.
    """
    return _mean_of_errors(*match(y_true, y_pred), _huber, delta)


def log_cosh(y_true, y_pred):
    """Returns `mean(log(cosh(y_pred - y_true)))` along the last axis: an array of shape `(batch, ...)`."""
    return _mean_of_errors(*match(y_true, y_pred), _log_cosh)


@differentiable
def _mean_of_errors(y_true, y_pred, penalty, *arguments):
    """Returns the mean along the last axis of what a function makes of the errors."""
    error = y_pred - y_true
    values, slope = penalty(error, *arguments)
    count = error.shape[-1]

    def backward(d_y):
        d_error = slope() * (d_y / count)[..., np.newaxis]
        return lambda: unbroadcast(-d_error, y_true.shape), lambda: unbroadcast(d_error, y_pred.shape)

    return ops.mean(values, axis=-1), backward


def _square(error):
    return error * error, lambda: 2 * error


def _absolute(error):
    return np.absolute(error), lambda: np.sign(error)


def _huber(error, delta):
    delta = error.dtype.type(delta)
    size = np.absolute(error)
    values = np.where(size <= delta, error * error / 2, delta * size - delta * delta / 2)
    return values, lambda: np.minimum(np.maximum(error, -delta), delta)


def _log_cosh(error):
    size = np.absolute(error)
    return size + np.log1p(np.exp(-2 * size)) - error.dtype.type(math.log(2)), lambda: np.tanh(error)


# Losses relative to the label ------------------------------------------------------------------------------------------


def mean_absolute_percentage_error(y_true, y_pred):
    """Returns `100 * mean(abs((y_true - y_pred) / y_true))` along the last axis: an array of shape `(batch, ...)`."""
    y_true, y_pred = match(y_true, y_pred)
    share = ops.divide(ops.subtract(y_true, y_pred), ops.maximum(ops.abs(y_true), config.epsilon()))
    return ops.multiply(ops.mean(ops.abs(share), axis=-1), 100.0)


def mean_squared_logarithmic_error(y_true, y_pred):
    """Returns `mean((log(y_true + 1) - log(y_pred + 1)) ** 2)` along the last axis: an array of shape `(batch, ...)`.

    Numbers below 0 count as 0.
    """
    y_true, y_pred = match(y_true, y_pred)
    return _mean_of_errors(_log_of_one_more(y_true), _log_of_one_more(y_pred), _square)


def _log_of_one_more(x):
    return ops.log(ops.add(ops.maximum(x, config.epsilon()), 1.0))


def cosine_similarity(y_true, y_pred, axis=-1):
    """Returns the negative cosine of the angle between vectors: -1 for the same direction, 1 for the opposite one.

    Args:
        y_true, y_pred: arrays of the same shape.
        axis: int, the axis along which the vectors lie. A vector of zeros has the similarity 0 with any other.

    Returns:
        An array of the shape of `y_pred` without `axis`.
    """
    y_true, y_pred = match(y_true, y_pred)
    return ops.negative(ops.sum(ops.multiply(ops.normalize(y_true, axis), ops.normalize(y_pred, axis)), axis))


# Classes ---------------------------------------------------------------------------------------------------------------


class MeanSquaredError(BuiltInLoss):
    """The mean of the squares of the errors.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:

    >>> MeanSquaredError()([1.0, 0.0, 1.0], [0.9, 0.1, 0.8])
    0.02
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(BuiltInLoss):
    """The mean of the absolute values of the errors.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:

    >>> MeanAbsoluteError()([1.0, 0.0, 1.0], [0.9, 0.1, 0.8])
    0.13333334
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(BuiltInLoss):
    """The mean of the absolute values of the errors, in percent of the labels.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:

    >>> MeanAbsolutePercentageError()([100.0, 200.0], [101.0, 206.0])
    2.0
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_percentage_error", dtype=None):
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(BuiltInLoss):
    """The mean of the squares of the errors of the logarithms, `log(x + 1)`: of errors relative to large labels.

    Args:
        reduction, name, dtype: as for `Loss`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class CosineSimilarity(BuiltInLoss):
    """How far vectors are from having the same direction: from -1, the same, over 0 to 1, the opposite.

    Args:
        axis: int, the axis along which the vectors lie. As in Keras, it is not in the config.
        reduction, name, dtype: as for `Loss`.

    Example:

    >>> CosineSimilarity()([[0.0, 1.0], [1.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]])
    -0.5
    """

    def __init__(self, axis=-1, reduction="sum_over_batch_size", name="cosine_similarity", dtype=None):
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)

    def get_config(self):
        return Loss.get_config(self)


class Huber(BuiltInLoss):
    """Half the squares of small errors, and of large ones only their size: a few outliers count for less.

    Args:
        delta: float, from which error on the loss grows as a line. As in Keras, it is not in the config.
        reduction, name, dtype: as for `Loss`.

    Example:

    >>> Huber()([0.0, 0.0], [0.5, 3.0])
    1.3125
    """

    def __init__(self, delta=1.0, reduction="sum_over_batch_size", name="huber_loss", dtype=None):
        super().__init__(huber, reduction, name, dtype, delta=delta)

    def get_config(self):
        return Loss.get_config(self)


class LogCosh(BuiltInLoss):
    """The logarithm of the hyperbolic cosine of the errors: nearly `x ** 2 / 2` for small, `abs(x) - log(2)` for large ones.

    Args:
        reduction, name, dtype: as for `Loss`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="log_cosh", dtype=None):
        super().__init__(log_cosh, reduction, name, dtype)
