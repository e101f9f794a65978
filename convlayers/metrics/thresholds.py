"""Predictions of yes or no by thresholds, and how many of them are right and wrong."""

import math

import numpy as np

from convlayers import config
from convlayers.autograd import value_of
from convlayers.losses.matching import shapes_differ, squeeze_or_expand_to_same_rank
from convlayers.losses.reduction import spread_weights

# Below any prediction.
NEG_INF = -1e10


def parse_thresholds(thresholds, default):
    """Returns the `thresholds` argument as a list.

    Args:
        thresholds: a float, a list or tuple of floats, or None.
        default: the threshold for None.

    Raises:
        ValueError: if one is not between 0 and 1.
    """
    if thresholds is None:
        return [default]
    thresholds = list(thresholds) if isinstance(thresholds, (list, tuple)) else [thresholds]
    invalid = [threshold for threshold in thresholds if threshold is None or threshold < 0 or threshold > 1]
    if invalid:
        raise ValueError(f"Threshold values must be in [0, 1]. Received: {invalid}")
    return thresholds


def spread_evenly(count):
    """Returns thresholds between 0 and 1, without these two."""
    return [(place + 1) * 1.0 / (count - 1) for place in range(count - 2)]


def are_evenly_spread(thresholds):
    """Whether thresholds are as far from one another from 0 to 1, so that each prediction has a place among them."""
    count = len(thresholds)
    return count > 2 and np.allclose(thresholds, np.arange(count, dtype=np.float32) / (count - 1), atol=config.epsilon())


def prepare(y_true, y_pred, sample_weight, dtype, top_k=None, class_id=None):
    """Returns labels as truth values, predictions, and weights, all of one shape.

    Args:
        y_true: array of labels, 0 or 1.
        y_pred: array of predictions of the same shape, or of one axis of length 1 more or less.
        sample_weight: array of weights, one for each sample or one for each prediction; or None.
        dtype: that of the predictions and weights.
        top_k: int: of all predictions but the `top_k` largest of a sample none is a yes. None for no such limit.
        class_id: int, the place along the last axis that alone counts; None for all.

    Raises:
        ValueError: if they do not fit.
    """
    y_pred, y_true = squeeze_or_expand_to_same_rank(np.asarray(value_of(y_pred), dtype), np.asarray(value_of(y_true), dtype))
    if y_true.shape != y_pred.shape:
        raise shapes_differ(y_true, y_pred)
    if sample_weight is not None:
        sample_weight = np.asarray(value_of(sample_weight), dtype)
        _, sample_weight = squeeze_or_expand_to_same_rank(y_true, sample_weight, expand_rank_1=False)
    if top_k is not None:
        y_pred = _keep_largest(y_pred, top_k)
    if class_id is not None:
        if y_pred.ndim == 1:
            raise ValueError(
                "When class_id is provided, y_pred must be a 2D array with shape (num_samples, num_classes), found shape: "
                f"{y_pred.shape}"
            )
        y_true, y_pred = y_true[..., class_id, np.newaxis], y_pred[..., class_id, np.newaxis]
    if sample_weight is not None:
        sample_weight = np.broadcast_to(spread_weights(sample_weight, y_pred.shape), y_pred.shape)
    return y_true != 0, y_pred, sample_weight


def _keep_largest(y_pred, count):
    # Of equal predictions the first is the larger.
    order = np.argsort(-y_pred, axis=-1, kind="stable")[..., :count]
    kept = np.full_like(y_pred, NEG_INF)
    np.put_along_axis(kept, order, np.take_along_axis(y_pred, order, -1), -1)
    return kept


def count_by_threshold(y_true, y_pred, weights, thresholds, evenly_spread, by_label=False):
    """Returns how many predictions of yes and no are right and wrong, for each threshold.

    A prediction is a yes if it is above the threshold. NaN is not above any.

    Args:
        y_true: array of truth values.
        y_pred: array of predictions of the same shape.
        weights: array of this shape, what each of them counts; None for 1.
        thresholds: list of floats.
        evenly_spread: whether they are in ascending order and at equal distances from 0 to 1.
        by_label: whether to count for each place along the last axis by itself.

    Returns:
        A dict with "true_positives", "false_negatives", "false_positives" and "true_negatives": arrays of shape
        `(thresholds,)`, or `(thresholds, labels)`.
    """
    labels = y_pred.shape[-1] if by_label else 1
    y_true, y_pred = y_true.reshape(-1, labels), y_pred.reshape(-1, labels)
    thresholds = np.asarray(thresholds, y_pred.dtype)
    order = np.argsort(thresholds)
    passed = (_pass_evenly_spread if evenly_spread else np.searchsorted)(thresholds[order], y_pred)
    passed[np.isnan(y_pred)] = 0
    # A bin for each number of thresholds that are passed, each label, and no or yes.
    shape = len(thresholds) + 1, labels, 2
    bins = (passed * labels + np.arange(labels)) * 2 + y_true
    sums = np.bincount(bins.reshape(-1), None if weights is None else weights.reshape(-1), math.prod(shape)).reshape(shape)
    places = np.argsort(order)
    above, below = np.cumsum(sums[::-1], axis=0)[-2::-1][places], np.cumsum(sums[:-1], axis=0)[places]
    counts = {
        "true_positives": above[..., 1],
        "false_negatives": below[..., 1],
        "false_positives": above[..., 0],
        "true_negatives": below[..., 0],
    }
    return counts if by_label else {name: count[:, 0] for name, count in counts.items()}


def _pass_evenly_spread(thresholds, y_pred):
    """Returns how many thresholds predictions are above, as Keras computes it: its rounding decides at a threshold itself."""
    buckets = np.ceil(np.clip(y_pred, 0, 1) * y_pred.dtype.type(len(thresholds) - 1))
    # Where the first is below 0, all are above it.
    return np.nan_to_num(np.maximum(buckets, thresholds[0] < 0)).astype(np.intp)


def pairwise(line):
    """Returns what comes before and after each gap between the numbers of a line, for areas under it."""
    return line[:-1], line[1:]


def divide(x, y):
    """Returns `x / y`, and 0 where `y` is 0."""
    return np.divide(x, y, out=np.zeros(np.shape(y), np.result_type(x, y)), where=np.asarray(y) != 0)
