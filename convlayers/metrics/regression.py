"""How far predictions are from labels that are numbers."""

import numpy as np

from convlayers.autograd import value_of
from convlayers.losses.matching import match
from convlayers.losses.regression import mean_absolute_error, mean_squared_error
from convlayers.metrics.metric import Metric
from convlayers.metrics.reduction import Mean, MeanMetricWrapper


class MeanSquaredError(MeanMetricWrapper):
    """The mean of the squares of the errors.

    Args:
        name: string.
        dtype: as for `Metric`.
    """

    def __init__(self, name="mean_squared_error", dtype=None):
        super().__init__(mean_squared_error, name, dtype)

    def get_config(self):
        return Metric.get_config(self)


class RootMeanSquaredError(Mean):
    """The square root of the mean of the squares of the errors.

    Args:
        name: string.
        dtype: as for `Metric`.
    """

    def __init__(self, name="root_mean_squared_error", dtype=None):
        super().__init__(name, dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = match(value_of(y_true), np.asarray(value_of(y_pred), self.dtype))
        super().update_state(np.square(y_pred - y_true), sample_weight)

    def result(self):
        return np.sqrt(super().result())


class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of the absolute values of the errors.

    Args:
        name: string.
        dtype: as for `Metric`.
    """

    def __init__(self, name="mean_absolute_error", dtype=None):
        super().__init__(mean_absolute_error, name, dtype)

    def get_config(self):
        return Metric.get_config(self)
