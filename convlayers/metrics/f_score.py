"""Precision and recall as one number."""

import numpy as np

from convlayers import config
from convlayers.autograd import value_of
from convlayers.losses.matching import explain_shapes
from convlayers.metrics.metric import Metric

_COUNTS = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")


class FBetaScore(Metric):
    """The harmonic mean of precision and recall, in which recall counts `beta` times as much.

    Args:
        average: None for a number for each class; "micro" for all samples and classes together; "macro" for the mean over the
            classes; "weighted" for their mean with how often each class is the label.
        beta: float above 0.
        threshold: float from 0 to 1: predictions above it are a yes. By default, the largest one of each sample is.
        name: string.
        dtype: as for `Metric`.

    Raises:
        ValueError: if an argument is none of these.

    Example:

    >>> m = FBetaScore(beta=2.0, threshold=0.5)
    >>> m.update_state([[1, 1, 1], [1, 0, 0], [1, 1, 0]], [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]])
    >>> m.result()
    array([0.3846154, 0.90909094, 0.8333334], dtype=float32)
    """

    _direction = "up"

    def __init__(self, average=None, beta=1.0, threshold=None, name="fbeta_score", dtype=None):
        super().__init__(dtype, name)
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(
                "Invalid `average` argument value. Expected one of: {None, 'micro', 'macro', 'weighted'}. "
                f"Received: average={average}"
            )
        if not isinstance(beta, float):
            raise ValueError(
                f"Invalid `beta` argument value. It should be a Python float. Received: beta={beta} of type '{type(beta)}'"
            )
        if beta <= 0.0:
            raise ValueError(f"Invalid `beta` argument value. It should be > 0. Received: beta={beta}")
        if threshold is not None:
            if not isinstance(threshold, float):
                raise ValueError(
                    "Invalid `threshold` argument value. It should be a Python float. "
                    f"Received: threshold={threshold} of type '{type(threshold)}'"
                )
            if threshold > 1.0 or threshold <= 0.0:
                raise ValueError(
                    f"Invalid `threshold` argument value. It should verify 0 < threshold <= 1. Received: threshold={threshold}"
                )
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self.axis = None if average == "micro" else 0
        self._built = False

    def _build(self, y_true_shape, y_pred_shape):
        if len(y_pred_shape) != 2 or len(y_true_shape) != 2:
            raise ValueError(
                "FBetaScore expects 2D inputs with shape (batch_size, output_dim). Received input shapes: "
                f"y_pred.shape={y_pred_shape} and y_true.shape={y_true_shape}." + explain_shapes(y_true_shape, y_pred_shape)
            )
        if y_true_shape[-1] is None or y_pred_shape[-1] is None:
            raise ValueError(
                "FBetaScore expects 2D inputs with shape (batch_size, output_dim), with output_dim fully defined (not None). "
                f"Received input shapes: y_pred.shape={y_pred_shape} and y_true.shape={y_true_shape}."
            )
        shape = () if self.average == "micro" else y_pred_shape[-1:]
        for name in _COUNTS:
            setattr(self, name, self.add_variable(shape, "zeros", self.dtype, name=name))
        self._built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = (np.asarray(value_of(y), self._array_dtype) for y in (y_true, y_pred))
        if not self._built:
            self._build(y_true.shape, y_pred.shape)
        if self.threshold is None:
            # The largest is no yes if all are 0.
            chosen = (y_pred >= np.max(y_pred, axis=-1, keepdims=True)) & (np.abs(y_pred) > 1e-9)
        else:
            chosen = y_pred > self.threshold
        weights = 1 if sample_weight is None else np.asarray(value_of(sample_weight), self._array_dtype)[:, np.newaxis]
        counted = (chosen * y_true, chosen * (1 - y_true), ~chosen * y_true, y_true)
        for name, values in zip(_COUNTS, counted, strict=True):
            getattr(self, name).assign_add(np.sum(values * weights, axis=self.axis))

    def result(self):
        right, too_many, missed, weights = (getattr(self, name).value for name in _COUNTS)
        epsilon, squared = config.epsilon(), self.beta**2
        precision = right / (right + too_many + epsilon)
        recall = right / (right + missed + epsilon)
        score = precision * recall / (squared * precision + recall + epsilon) * (1 + squared)
        if self.average == "weighted":
            score = np.sum(score * weights / (np.sum(weights) + epsilon))
        elif self.average is not None:
            score = np.mean(score)
        return np.asarray(score, self._array_dtype)[()]

    def get_config(self):
        arguments = {"average": self.average, "beta": self.beta, "threshold": self.threshold}
        return {**super().get_config(), **arguments}


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall.

    Args:
        average, threshold, name, dtype: as for `FBetaScore`.
    """

    def __init__(self, average=None, threshold=None, name="f1_score", dtype=None):
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self):
        config = super().get_config()
        del config["beta"]
        return config
