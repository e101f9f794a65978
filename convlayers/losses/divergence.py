"""Losses of predictions that are parameters of a distribution."""

from convlayers import config, ops
from convlayers.losses.loss import BuiltInLoss
from convlayers.losses.matching import convert_fitting


def kl_divergence(y_true, y_pred):
    """Returns `sum(y_true * log(y_true / y_pred))` along the last axis: an array of shape `(batch, ...)`.

    Args:
        y_true, y_pred: arrays of probabilities, of the same shape. They are kept between epsilon and 1.
    """
    y_true, y_pred = (ops.clip(y, config.epsilon(), 1) for y in convert_fitting(y_true, y_pred))
    return ops.sum(ops.multiply(y_true, ops.log(ops.divide(y_true, y_pred))), axis=-1)


def poisson(y_true, y_pred):
    """Returns `mean(y_pred - y_true * log(y_pred))` along the last axis: an array of shape `(batch, ...)`.

    Args:
        y_true: array of counts.
        y_pred: array of the same shape with the counts to expect.
    """
    y_true, y_pred = convert_fitting(y_true, y_pred)
    logarithms = ops.log(ops.add(y_pred, config.epsilon()))
    return ops.mean(ops.subtract(y_pred, ops.multiply(y_true, logarithms)), axis=-1)


class KLDivergence(BuiltInLoss):
    """The Kullback-Leibler divergence of predicted probabilities from those of the labels.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:

    >>> KLDivergence()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
    0.45814306
    """

    def __init__(self, reduction="sum_over_batch_size", name="kl_divergence", dtype=None):
        super().__init__(kl_divergence, reduction, name, dtype)


class Poisson(BuiltInLoss):
    """How unlikely counts are if those predicted are the means of Poisson distributions.

    Args:
        reduction, name, dtype: as for `Loss`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="poisson", dtype=None):
        super().__init__(poisson, reduction, name, dtype)
