"""How well predictions rise and fall with labels that are numbers."""

import numpy as np

from convlayers import config
from convlayers.autograd import value_of
from convlayers.losses.matching import match
from convlayers.metrics.reduction import BuiltInMean


def pearson_correlation(y_true, y_pred, axis=-1):
    """Returns the covariance of labels and predictions, divided by their standard deviations: from -1 to 1.

    Args:
        y_true, y_pred: arrays of the same shape.
        axis: int, the axis along which the numbers to compare lie.

    Returns:
        An array of the shape of `y_pred` without `axis`.
    """
    y_true, y_pred = match(value_of(y_true), value_of(y_pred))
    with np.errstate(all="ignore"):
        return np.mean(_standardize(y_true, axis) * _standardize(y_pred, axis), axis=axis)


def _standardize(x, axis):
    centred = x - np.mean(x, axis=axis, keepdims=True)
    return centred / np.std(centred, axis=axis, keepdims=True)


def concordance_correlation(y_true, y_pred, axis=-1):
    """Returns how near pairs of labels and predictions are to being equal: 1 if they all are, 0 for no correlation.

    Args:
        y_true, y_pred: arrays of the same shape.
        axis: int, the axis along which the numbers to compare lie.

    Returns:
        An array of the shape of `y_pred` without `axis`.
    """
    y_true, y_pred = match(value_of(y_true), value_of(y_pred))
    mean_true, mean_pred = (np.mean(y, axis=axis, keepdims=True) for y in (y_true, y_pred))
    # The mean of the predictions is taken from the labels too: what that adds is 0 in the mean.
    covariance = (y_true - mean_pred) * (y_pred - mean_pred)
    norm = sum(np.var(y, axis=axis, keepdims=True) for y in (y_true, y_pred)) + np.square(mean_true - mean_pred)
    return np.mean(2 * covariance / (norm + norm.dtype.type(config.epsilon())), axis=axis)


class PearsonCorrelation(BuiltInMean):
    """The mean over all samples of the correlation of what is predicted with the labels.

    Args:
        name: string.
        dtype: as for `Metric`.
        axis: as for `pearson_correlation`.
    """

    _direction = "up"

    def __init__(self, name="pearson_correlation", dtype=None, axis=-1):
        super().__init__(pearson_correlation, name, dtype, axis=axis)


class ConcordanceCorrelation(BuiltInMean):
    """The mean over all samples of how near labels and predictions are to being equal.

    Args:
        name: string.
        dtype: as for `Metric`.
        axis: as for `concordance_correlation`.
    """

    _direction = "up"

    def __init__(self, name="concordance_correlation", dtype=None, axis=-1):
        super().__init__(concordance_correlation, name, dtype, axis=axis)
