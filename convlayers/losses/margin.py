"""Losses of predictions that are to be on the right side of a margin."""

import numpy as np

from convlayers import ops
from convlayers.autograd import differentiable
from convlayers.losses.loss import BuiltInLoss
from convlayers.losses.matching import convert_fitting


def hinge(y_true, y_pred):
    """Returns `mean(maximum(1 - y_true * y_pred, 0))` along the last axis: an array of shape `(batch, ...)`.

    Args:
        y_true: array of labels, -1 and 1. Labels of 0 and 1 are turned into these.
        y_pred: array of the same shape.
    """
    return ops.mean(_margins(y_true, y_pred), axis=-1)


def squared_hinge(y_true, y_pred):
    """Returns `mean(maximum(1 - y_true * y_pred, 0) ** 2)` along the last axis: an array of shape `(batch, ...)`.

    Args:
        y_true: array of labels, -1 and 1. Labels of 0 and 1 are turned into these.
        y_pred: array of the same shape.
    """
    return ops.mean(ops.square(_margins(y_true, y_pred)), axis=-1)


def categorical_hinge(y_true, y_pred):
    """Returns by how much the right class is not at least 1 above the best wrong one: an array of shape `(batch, ...)`.

    Args:
        y_true: array of labels with a 1 for the right class ("one-hot"), of shape `(batch, ..., classes)`.
        y_pred: array of the same shape.
    """
    y_true, y_pred = convert_fitting(y_true, y_pred)
    right = ops.sum(ops.multiply(y_true, y_pred), axis=-1)
    wrong = ops.max(ops.multiply(ops.subtract(1.0, y_true), y_pred), axis=-1)
    return ops.relu(ops.add(ops.subtract(wrong, right), 1.0))


def _margins(y_true, y_pred):
    y_true, y_pred = convert_fitting(y_true, y_pred)
    return ops.relu(ops.subtract(1.0, ops.multiply(_signs(y_true), y_pred)))


@differentiable
def _signs(labels):
    """Returns labels of 0 and 1 as -1 and 1, and any others as they are."""
    if not np.all((labels == 0) | (labels == 1)):
        return labels, lambda d_signs: d_signs
    return 2 * labels - 1, lambda d_signs: 2 * d_signs


class Hinge(BuiltInLoss):
    """By how much predictions are not on the right side of a margin of 1.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:

    >>> Hinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
    1.3
    """

    def __init__(self, reduction="sum_over_batch_size", name="hinge", dtype=None):
        super().__init__(hinge, reduction, name, dtype)


class SquaredHinge(BuiltInLoss):
    """The squares of by how much predictions are not on the right side of a margin of 1.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:

    >>> SquaredHinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
    1.86
    """

    def __init__(self, reduction="sum_over_batch_size", name="squared_hinge", dtype=None):
        super().__init__(squared_hinge, reduction, name, dtype)


class CategoricalHinge(BuiltInLoss):
    """By how much the right class is not at least 1 above the best wrong one.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:

    >>> CategoricalHinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
    1.4
    """

    def __init__(self, reduction="sum_over_batch_size", name="categorical_hinge", dtype=None):
        super().__init__(categorical_hinge, reduction, name, dtype)
