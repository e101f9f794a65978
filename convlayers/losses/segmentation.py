"""Losses of predictions that say which pixels belong to a thing: how much of two regions overlaps."""

from convlayers import config, ops
from convlayers.losses.loss import BuiltInLoss
from convlayers.losses.matching import convert_fitting


def dice(y_true, y_pred, axis=None):
    """Returns `1 - 2 * overlap / (size of y_true + size of y_pred)`.

    Args:
        y_true: array of labels, 0 or 1.
        y_pred: array of the same shape with probabilities.
        axis: int or tuple of ints, the axes that make up a region; by default all.

    Returns:
        An array of the shape of `y_pred` without these axes: a scalar, for all.
    """
    y_true, y_pred = convert_fitting(y_true, y_pred)
    overlap = ops.sum(ops.multiply(y_true, y_pred), axis)
    sizes = ops.add(ops.sum(y_true, axis), ops.sum(y_pred, axis))
    return ops.subtract(1.0, ops.divide(ops.multiply(overlap, 2.0), ops.add(sizes, config.epsilon())))


def tversky(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    """Returns `1 - overlap / (overlap + alpha * missed + beta * too much)`.

    Args:
        y_true: array of labels, 0 or 1.
        y_pred: array of the same shape with probabilities.
        alpha: float, the weight of what of `y_true` is not in `y_pred`.
        beta: float, the weight of what of `y_pred` is not in `y_true`.
        axis: int or tuple of ints, the axes that make up a region; by default all.

    Returns:
        An array of the shape of `y_pred` without these axes: a scalar, for all.
    """
    y_true, y_pred = convert_fitting(y_true, y_pred)
    overlap = ops.sum(ops.multiply(y_true, y_pred), axis)
    missed = ops.sum(ops.multiply(ops.subtract(1.0, y_pred), y_true), axis)
    too_much = ops.sum(ops.multiply(y_pred, ops.subtract(1.0, y_true)), axis)
    wrong = ops.add(ops.multiply(missed, alpha), ops.multiply(too_much, beta))
    return ops.subtract(1.0, ops.divide(overlap, ops.add(ops.add(overlap, wrong), config.epsilon())))


class Dice(BuiltInLoss):
    """How little predicted regions overlap with those of the labels.

    Args:
        reduction, name, dtype: as for `Loss`.
        axis: as for `dice`.

    Example:

    >>> Dice(axis=(1, 2, 3), reduction=None)(y_true, y_pred)  # one number for each image
    """

    def __init__(self, reduction="sum_over_batch_size", name="dice", axis=None, dtype=None):
        super().__init__(dice, reduction, name, dtype, axis=axis)


class Tversky(BuiltInLoss):
    """How little predicted regions overlap with those of the labels, with a weight for each kind of error.

    Args:
        alpha, beta: as for `tversky`.
        reduction, name, dtype: as for `Loss`.
        axis: as for `tversky`.
    """

    def __init__(self, alpha=0.5, beta=0.5, reduction="sum_over_batch_size", name="tversky", axis=None, dtype=None):
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
