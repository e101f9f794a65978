"""Losses of predictions that are numbers."""

from convlayers import ops
from convlayers.losses.loss import Loss, LossFunctionWrapper
from convlayers.losses.matching import match


def mean_squared_error(y_true, y_pred):
    """Returns `mean((y_true - y_pred) ** 2)` along the last axis: an array of shape `(batch, ...)`."""
    y_true, y_pred = match(y_true, y_pred)
    return ops.mean(ops.square(ops.subtract(y_true, y_pred)), axis=-1)


def mean_absolute_error(y_true, y_pred):
    """Returns `mean(abs(y_true - y_pred))` along the last axis: an array of shape `(batch, ...)`."""
    y_true, y_pred = match(y_true, y_pred)
    return ops.mean(ops.abs(ops.subtract(y_true, y_pred)), axis=-1)


class MeanSquaredError(LossFunctionWrapper):
    """The mean of the squares of the errors.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:

    >>> MeanSquaredError()([1.0, 0.0, 1.0], [0.9, 0.1, 0.8])
    0.02
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(mean_squared_error, reduction, name, dtype)

    def get_config(self):
        return Loss.get_config(self)


class MeanAbsoluteError(LossFunctionWrapper):
    """The mean of the absolute values of the errors.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:

    >>> MeanAbsoluteError()([1.0, 0.0, 1.0], [0.9, 0.1, 0.8])
    0.13333334
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(mean_absolute_error, reduction, name, dtype)

    def get_config(self):
        return Loss.get_config(self)
