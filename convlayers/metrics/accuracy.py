"""How often predictions are right."""

import numpy as np

from convlayers import config
from convlayers.autograd import value_of
from convlayers.losses.matching import explain_shapes, match, squeeze_or_expand_to_same_rank
from convlayers.metrics.reduction import BuiltInMean


def accuracy(y_true, y_pred):
    """Returns 1 where predictions equal labels, else 0."""
    y_true, y_pred = match(value_of(y_true), value_of(y_pred))
    return _as_floats(y_true == y_pred)


def binary_accuracy(y_true, y_pred, threshold=0.5):
    """Returns 1 where labels, 0 or 1, say on which side of the threshold the predictions are, else 0."""
    y_true, y_pred = squeeze_or_expand_to_same_rank(_array(y_true), _array(y_pred))
    return _as_floats(y_true == (y_pred > threshold))


def categorical_accuracy(y_true, y_pred):
    """Returns 1 where the largest prediction is at the place of the largest label, else 0.

    Args:
        y_true, y_pred: arrays of shape `(batch, ..., classes)`.

    Returns:
        An array of shape `(batch, ...)`.
    """
    return _largest_is_at(_place_of_largest(y_true, y_pred), _array(y_pred))


def sparse_categorical_accuracy(y_true, y_pred):
    """Returns 1 where the largest prediction is that of the class which is the label, else 0.

    Args:
        y_true: array of numbers of classes, of shape `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: array of shape `(batch, ..., classes)`.

    Returns:
        An array of shape `(batch, ...)`.
    """
    right = _largest_is_at(_array(y_true), _array(y_pred))
    return np.squeeze(right, -1) if right.ndim > 1 and right.shape[-1] == 1 else right


def top_k_categorical_accuracy(y_true, y_pred, k=5):
    """Returns 1 where the prediction at the place of the largest label is among the `k` largest, else 0.

    Args:
        y_true, y_pred: arrays of shape `(batch, ..., classes)`.
        k: int.

    Returns:
        An array of shape `(batch, ...)`.
    """
    return sparse_top_k_categorical_accuracy(_place_of_largest(y_true, y_pred), y_pred, k)


def sparse_top_k_categorical_accuracy(y_true, y_pred, k=5, from_sorted_ids=False):
    """Returns 1 where the prediction of the class which is the label is among the `k` largest, else 0.

    Args:
        y_true: array of numbers of classes, of shape `(batch, ...)`.
        y_pred: array of shape `(batch, ..., classes)`; with `from_sorted_ids`, of classes, the most probable first.
        k: int.
        from_sorted_ids: whether `y_pred` are numbers of classes.

    Returns:
        An array of the shape of `y_true`.
    """
    y_true, y_pred = _array(y_true), _array(y_pred)
    labels, rows = y_true.reshape(-1, 1), y_pred.reshape(-1, y_pred.shape[-1])
    if len(labels) != len(rows):
        raise _labels_are_no_numbers(y_true, y_pred)
    if from_sorted_ids:
        right = np.any(rows[:, :k] == labels, axis=1)
    else:
        # Equal predictions share the better place.
        right = np.sum(rows > np.take_along_axis(rows, labels.astype(int), axis=1), axis=1) < k
    return _as_floats(right.reshape(y_true.shape))


def _array(x):
    return np.asarray(value_of(x))


def _as_floats(truth):
    return truth.astype(config.floatx())


def _place_of_largest(y_true, y_pred):
    y_true, shape = _array(y_true), np.shape(y_pred)
    if y_true.ndim < len(shape) or (y_true.shape[-1] == 1 and shape[-1] > 1):
        raise ValueError(
            "Labels must have a number for each class, as the predictions have. "
            f"Received: y_true.shape={y_true.shape}, y_pred.shape={shape}{explain_shapes(y_true.shape, shape)}\n"
            "For numbers of classes there is a metric with 'sparse' in its name."
        )
    return y_true.argmax(axis=-1)


def _largest_is_at(places, y_pred):
    single = places.ndim == y_pred.ndim and places.shape[-1] == 1
    chosen, labels = y_pred.argmax(axis=-1), np.squeeze(places, -1) if single else places
    if chosen.ndim != labels.ndim:
        raise _labels_are_no_numbers(places, y_pred)
    right = chosen == labels
    return _as_floats(right.reshape(places.shape) if single else right)


def _labels_are_no_numbers(y_true, y_pred):
    return ValueError(
        "Labels must be the numbers of classes, one for each sample of the predictions. "
        f"Received: y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}\n"
        "For one-hot rows there is a metric without 'sparse' in its name."
    )


class Accuracy(BuiltInMean):
    """How often predictions equal labels.

    Args:
        name: string.
        dtype: as for `Metric`.

    Example:

    >>> m = Accuracy()
    >>> m.update_state([1, 2, 3, 4], [0, 2, 3, 4])
    >>> m.result()
    0.75
    """

    _direction = "up"

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(BuiltInMean):
    """How often answers to yes-or-no questions are right.

    Args:
        name: string.
        dtype: as for `Metric`.
        threshold: float. Predictions above it count as 1, the others as 0.

    Example:

    >>> m = BinaryAccuracy()
    >>> m.update_state([[1], [1], [0], [0]], [[0.98], [1], [0], [0.6]])
    >>> m.result()
    0.75
    """

    _direction = "up"

    def __init__(self, name="binary_accuracy", dtype=None, threshold=0.5):
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)


class CategoricalAccuracy(BuiltInMean):
    """How often the right class is the most probable one, for labels with a number for each class ("one-hot").

    Args:
        name: string.
        dtype: as for `Metric`.

    Example:

    >>> m = CategoricalAccuracy()
    >>> m.update_state([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
    >>> m.result()
    0.5
    """

    _direction = "up"

    def __init__(self, name="categorical_accuracy", dtype=None):
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(BuiltInMean):
    """How often the right class is the most probable one, for labels that are numbers of classes.

    Args:
        name: string.
        dtype: as for `Metric`.

    Example:

    >>> m = SparseCategoricalAccuracy()
    >>> m.update_state([[2], [1]], [[0.1, 0.6, 0.3], [0.05, 0.95, 0]])
    >>> m.result()
    0.5
    """

    _direction = "up"

    def __init__(self, name="sparse_categorical_accuracy", dtype=None):
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(BuiltInMean):
    """How often the right class is among the `k` most probable, for labels with a number for each class ("one-hot").

    Args:
        k: int.
        name: string.
        dtype: as for `Metric`.
    """

    _direction = "up"

    def __init__(self, k=5, name="top_k_categorical_accuracy", dtype=None):
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)


class SparseTopKCategoricalAccuracy(BuiltInMean):
    """How often the right class is among the `k` most probable, for labels that are numbers of classes.

    Args:
        k: int.
        name: string.
        dtype: as for `Metric`.
        from_sorted_ids: whether predictions are numbers of classes, the most probable first.
    """

    _direction = "up"

    def __init__(self, k=5, name="sparse_top_k_categorical_accuracy", dtype=None, from_sorted_ids=False):
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids)

    def get_config(self):
        config = super().get_config()
        if not self.from_sorted_ids:
            del config["from_sorted_ids"]
        return config
