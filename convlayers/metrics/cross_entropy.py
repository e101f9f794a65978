"""The cross-entropies of `losses`, as means over all samples."""

import numpy as np

from convlayers.autograd import value_of
from convlayers.losses.cross_entropy import (
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from convlayers.losses.reduction import apply_mask
from convlayers.metrics.metric import Metric
from convlayers.metrics.reduction import MeanMetricWrapper


class BinaryCrossentropy(MeanMetricWrapper):
    """The cross-entropy of answers to yes-or-no questions.

    Args:
        name: string.
        dtype: as for `Metric`.
        from_logits, label_smoothing: as for the loss of this name.
    """

    def __init__(self, name="binary_crossentropy", dtype=None, from_logits=False, label_smoothing=0):
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(binary_crossentropy, name, dtype, **arguments)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing

    def get_config(self):
        return {**Metric.get_config(self), **self._fn_kwargs}


class CategoricalCrossentropy(MeanMetricWrapper):
    """The cross-entropy of one class out of several, for labels that are probabilities ("one-hot").

    Args:
        name: string.
        dtype: as for `Metric`.
        from_logits, label_smoothing, axis: as for the loss of this name.
    """

    def __init__(self, name="categorical_crossentropy", dtype=None, from_logits=False, label_smoothing=0, axis=-1):
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_crossentropy, name, dtype, **arguments)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis

    def get_config(self):
        return {**Metric.get_config(self), **self._fn_kwargs}


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The cross-entropy of one class out of several, for labels that are the numbers of the classes.

    Args:
        name: string.
        dtype: as for `Metric`.
        from_logits, ignore_class, axis: as for the loss of this name. As in Keras, samples of the class to ignore count
            as 0 in the mean, unless there are sample weights.
    """

    def __init__(self, name="sparse_categorical_crossentropy", dtype=None, from_logits=False, ignore_class=None, axis=-1):
        arguments = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, name, dtype, **arguments)
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis

    def update_state(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None and self.ignore_class is not None:
            valid = np.asarray(value_of(y_true)) != self.ignore_class
            sample_weight = apply_mask(sample_weight, valid, self.dtype, reduction="sum")
        super().update_state(y_true, y_pred, sample_weight)

    def get_config(self):
        return {**Metric.get_config(self), **self._fn_kwargs}
