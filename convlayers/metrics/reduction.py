"""Metrics that add up or average values."""

import numpy as np

from convlayers.autograd import value_of
from convlayers.losses import BUILT_IN_FUNCTIONS, Loss
from convlayers.losses.matching import squeeze_or_expand_to_same_rank
from convlayers.losses.reduction import apply_mask
from convlayers.masks import get_keras_mask
from convlayers.metrics.metric import Metric
from convlayers.serialization import deserialize_keras_object, serialize_keras_object
from convlayers.validation import check_result


def reduce_to_samplewise_values(values, sample_weight, reduce_fn, dtype):
    """Returns one weighted value for each sample, and the weights.

    Args:
        values: array-like, of shape `(batch, ...)` or `()`. If it has a mask, that counts where there are weights.
        sample_weight: array-like of weights for the leading axes of `values`, or None.
        reduce_fn: `np.sum` or `np.mean`, for what a sample consists of.
        dtype: that of the results.
    """
    mask = None if sample_weight is None else get_keras_mask(values)
    values = np.asarray(value_of(values), dtype)
    if sample_weight is not None:
        sample_weight = np.asarray(value_of(apply_mask(sample_weight, mask, dtype, reduction="sum")), dtype)
        if values.ndim == sample_weight.ndim == 0:  # as numbers, which NumPy multiplies in a tenth of the time
            return values[()] * sample_weight[()], sample_weight[()]
        values, sample_weight = squeeze_or_expand_to_same_rank(values, sample_weight)
        values = _reduce_from(sample_weight.ndim, values, reduce_fn)
        if sample_weight.shape != values.shape:
            sample_weight = _spread(sample_weight, values.shape)
        values = values * sample_weight
        sample_weight = _reduce_from(1, sample_weight, reduce_fn)
    return _reduce_from(1, values, reduce_fn), sample_weight


def _spread(sample_weight, shape):
    try:
        return np.broadcast_to(sample_weight, shape)
    except ValueError:
        raise ValueError(
            f"Sample weights must fit the values of the metric. Expected shape {shape}, or the first axes of it. "
            f"Received: sample_weight.shape={sample_weight.shape}"
        ) from None


def _sum(values):
    # To add up a single number would take NumPy longer than all else.
    return np.add.reduce(values, axis=None) if values.ndim else values


def _reduce_from(axis, array, reduce_fn):
    return reduce_fn(array, axis=tuple(range(axis, array.ndim))) if array.ndim > axis else array


class Sum(Metric):
    """The sum of values, weighted if there are weights.

    Args:
        name: string.
        dtype: as for `Metric`.

    Example:

    >>> m = Sum()
    >>> m.update_state([1, 3, 5, 7])
    >>> m.result()
    16.0
    """

    def __init__(self, name="sum", dtype=None):
        super().__init__(dtype, name)
        self.total = self.add_variable((), "zeros", self.dtype, name="total")

    def update_state(self, values, sample_weight=None):
        values, _ = reduce_to_samplewise_values(values, sample_weight, np.sum, self._array_dtype)
        self.total.assign_add(np.sum(values))

    def reset_state(self):
        self.total.assign(0)

    def result(self):
        return self.total.value[()]


class Mean(Metric):
    """The mean of values, weighted if there are weights.

    Args:
        name: string.
        dtype: as for `Metric`.

    Example:

    >>> m = Mean()
    >>> m.update_state([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
    >>> m.result()
    2.0
    """

    def __init__(self, name="mean", dtype=None):
        super().__init__(dtype, name)
        self.total = self.add_variable((), "zeros", self.dtype, name="total")
        self.count = self.add_variable((), "zeros", self.dtype, name="count")

    def update_state(self, values, sample_weight=None):
        values, sample_weight = reduce_to_samplewise_values(values, sample_weight, np.mean, self._array_dtype)
        self.total.assign_add(_sum(values))
        self.count.assign_add(values.size if sample_weight is None else _sum(sample_weight))

    def reset_state(self):
        self.total.assign(0)
        self.count.assign(0)

    def result(self):
        count = self.count.value[()]
        return self.total.value[()] / count if count else count


class MeanMetricWrapper(Mean):
    """The mean of what a function returns for each sample.

    Args:
        fn: function `fn(y_true, y_pred, **kwargs)` that returns an array with one value for each sample.
        name: string.
        dtype: as for `Metric`.
        kwargs: further arguments of the function.

    Example:

    MeanMetricWrapper(lambda y_true, y_pred: abs(y_true - y_pred), name="distance")
    """

    def __init__(self, fn, name=None, dtype=None, **kwargs):
        super().__init__(name, dtype)
        self._fn = fn
        self._fn_kwargs = kwargs
        if fn in BUILT_IN_FUNCTIONS or isinstance(fn, Loss):
            self._direction = "down"

    def update_state(self, y_true, y_pred, sample_weight=None):
        sample_weight = apply_mask(sample_weight, get_keras_mask(y_pred), self._array_dtype, reduction="sum")
        values = self._fn(value_of(y_true), value_of(y_pred), **self._fn_kwargs)
        super().update_state(check_result(values, self._fn), sample_weight)

    def get_config(self):
        config = {**super().get_config(), "fn": serialize_keras_object(self._fn)}
        return {**config, **serialize_keras_object(self._fn_kwargs)}

    @classmethod
    def from_config(cls, config):
        return cls(**deserialize_keras_object(config) if "fn" in config else config)


class BuiltInMean(MeanMetricWrapper):
    """A metric of Keras's, the mean of a function with some arguments: they are its attributes, and in its config by name."""

    def __init__(self, fn, name, dtype, **arguments):
        super().__init__(fn, name, dtype, **arguments)
        vars(self).update(arguments)

    def get_config(self):
        return {**Metric.get_config(self), **self._fn_kwargs}
