"""The share of the variance of labels that predictions explain."""

import warnings

import numpy as np

from convlayers.autograd import value_of
from convlayers.losses.matching import squeeze_or_expand_to_same_rank
from convlayers.metrics.metric import Metric

_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """The coefficient of determination: 1 for perfect predictions, 0 for those that are always the mean of the labels.

    Args:
        class_aggregation: "uniform_average" for the mean over the outputs, "variance_weighted_average" for their mean by how
            much their labels vary, None for a number for each.
        num_regressors: int, how many inputs the model has: the score is lowered for many of them ("adjusted"), if not 0.
        name: string.
        dtype: as for `Metric`.

    Raises:
        ValueError: if an argument is none of these.

    Example:

    >>> m = R2Score()
    >>> m.update_state([[1.], [4.], [3.]], [[2.], [4.], [4.]])
    >>> m.result()
    0.5714286
    """

    _direction = "up"

    def __init__(self, class_aggregation="uniform_average", num_regressors=0, name="r2_score", dtype=None):
        super().__init__(dtype, name)
        if class_aggregation not in _AGGREGATIONS:
            raise ValueError(
                f"Invalid value for argument `class_aggregation`. Expected one of {_AGGREGATIONS}. "
                f"Received: class_aggregation={class_aggregation}"
            )
        if num_regressors < 0:
            raise ValueError(
                f"Invalid value for argument `num_regressors`. Expected a value >= 0. Received: num_regressors={num_regressors}"
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), "zeros", name="num_samples")
        self._built = False

    def _build(self, y_true_shape, y_pred_shape):
        if len(y_pred_shape) != 2 or len(y_true_shape) != 2:
            raise ValueError(
                "R2Score expects 2D inputs with shape (batch_size, output_dim). Received input shapes: "
                f"y_pred.shape={y_pred_shape} and y_true.shape={y_true_shape}."
            )
        shape = y_pred_shape[-1:]
        self.squared_sum = self.add_variable(shape, "zeros", name="squared_sum")
        self.sum = self.add_variable(shape, "zeros", name="sum")
        self.total_mse = self.add_variable(shape, "zeros", name="residual")
        self.count = self.add_variable(shape, "zeros", name="count")
        self._built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = (np.asarray(value_of(y), self._array_dtype) for y in (y_true, y_pred))
        y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
        if not self._built:
            self._build(y_true.shape, y_pred.shape)
        weights = np.asarray(1 if sample_weight is None else value_of(sample_weight), self._array_dtype)
        weights = np.broadcast_to(weights[:, np.newaxis] if weights.ndim == 1 else weights, y_true.shape)
        weighted = y_true * weights
        self.sum.assign_add(np.sum(weighted, axis=0))
        self.squared_sum.assign_add(np.sum(y_true * weighted, axis=0))
        self.total_mse.assign_add(np.sum((y_true - y_pred) ** 2 * weights, axis=0))
        self.count.assign_add(np.sum(weights, axis=0))
        self.num_samples.assign_add(y_true.size)

    def result(self):
        with np.errstate(all="ignore"):
            total = self.squared_sum.value - self.sum.value * (self.sum.value / self.count.value)
            scores = 1 - self.total_mse.value / total
            scores = np.where(np.isinf(scores), scores.dtype.type(0), scores)
            if self.class_aggregation == "uniform_average":
                scores = np.mean(scores)
            elif self.class_aggregation == "variance_weighted_average":
                scores = np.sum(total * scores) / np.sum(total)
        return self._adjust(scores)

    def _adjust(self, scores):
        """Returns the score, lowered for the number of regressors."""
        if self.num_regressors == 0:
            return scores
        freedom = self.num_samples.value[()] - 1
        if self.num_regressors > freedom:
            warnings.warn(
                "More independent predictors than datapoints in adjusted R2 score. Falling back to standard R2 score.",
                stacklevel=3,
            )
            return scores
        if self.num_regressors == freedom:
            warnings.warn("Division by zero in Adjusted R2 score. Falling back to standard R2 score.", stacklevel=3)
            return scores
        return 1 - (1 - scores) * freedom / (freedom - scores.dtype.type(self.num_regressors))

    def get_config(self):
        arguments = {"class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}
        return {**super().get_config(), **arguments}
