"""How far predictions are from labels that are numbers."""

import numpy as np

from convlayers import ops
from convlayers.autograd import value_of
from convlayers.losses import regression
from convlayers.losses.matching import match
from convlayers.metrics.metric import Metric
from convlayers.metrics.reduction import BuiltInMean, Mean


def cosine_similarity(y_true, y_pred, axis=-1):
    """Returns the cosine of the angle between vectors: what the loss of this name returns, with the other sign."""
    return ops.negative(regression.cosine_similarity(y_true, y_pred, axis))


class MeanSquaredError(BuiltInMean):
    """The mean of the squares of the errors.

    Args:
        name: string.
        dtype: as for `Metric`.
    """

    def __init__(self, name="mean_squared_error", dtype=None):
        super().__init__(regression.mean_squared_error, name, dtype)


class RootMeanSquaredError(Mean):
    """The square root of the mean of the squares of the errors.

    Args:
        name: string.
        dtype: as for `Metric`.
    """

    _direction = "down"

    def __init__(self, name="root_mean_squared_error", dtype=None):
        super().__init__(name, dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = match(value_of(y_true), np.asarray(value_of(y_pred), self._array_dtype))
        super().update_state(np.square(y_pred - y_true), sample_weight)

    def result(self):
        return np.sqrt(super().result())


class MeanAbsoluteError(BuiltInMean):
    """The mean of the absolute values of the errors.

    Args:
        name: string.
        dtype: as for `Metric`.
    """

    def __init__(self, name="mean_absolute_error", dtype=None):
        super().__init__(regression.mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(BuiltInMean):
    """The mean of the absolute values of the errors, in percent of the labels.

    Args:
        name: string.
        dtype: as for `Metric`.

    Example:

    >>> m = MeanAbsolutePercentageError()
    >>> m.update_state([[100, 200]], [[101, 206]])
    >>> m.result()
    2.0
    """

    def __init__(self, name="mean_absolute_percentage_error", dtype=None):
        super().__init__(regression.mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(BuiltInMean):
    """The mean of the squares of the errors of the logarithms, `log(x + 1)`.

    Args:
        name: string.
        dtype: as for `Metric`.
    """

    def __init__(self, name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(regression.mean_squared_logarithmic_error, name, dtype)


class CosineSimilarity(BuiltInMean):
    """The cosine of the angle between vectors: 1 for the same direction, -1 for the opposite one.

    Args:
        name: string.
        dtype: as for `Metric`.
        axis: int, the axis along which the vectors lie. As in Keras, it is not in the config.

    Example:

    >>> m = CosineSimilarity(axis=1)
    >>> m.update_state([[0., 1.], [1., 1.]], [[1., 0.], [1., 1.]])
    >>> m.result()
    0.5
    """

    _direction = "up"

    def __init__(self, name="cosine_similarity", dtype=None, axis=-1):
        super().__init__(cosine_similarity, name, dtype, axis=axis)

    def get_config(self):
        return Metric.get_config(self)


class LogCoshError(BuiltInMean):
    """The logarithm of the hyperbolic cosine of the errors.

    Args:
        name: string.
        dtype: as for `Metric`.
    """

    def __init__(self, name="logcosh", dtype=None):
        super().__init__(regression.log_cosh, name, dtype)
