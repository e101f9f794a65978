"""From one loss for each sample to one loss for the batch."""

import numpy as np

from convlayers import ops
from convlayers.autograd import differentiable, value_of
from convlayers.launching import empty, launch
from convlayers.losses.matching import convert, squeeze_or_expand_to_same_rank

REDUCTIONS = ("sum_over_batch_size", "sum", None, "none", "mean", "mean_with_sample_weight")


def standardize_reduction(reduction):
    """Returns the `reduction` argument.

    Raises:
        ValueError: if it is none of `REDUCTIONS`.
    """
    if reduction not in REDUCTIONS:
        raise ValueError(
            f"Invalid value for argument `reduction`. Expected one of {set(REDUCTIONS)}. Received: reduction={reduction}"
        )
    return reduction


def reduce_weighted_values(values, sample_weight=None, mask=None, reduction="sum_over_batch_size", dtype=None):
    """Returns the loss of a batch.

    Args:
        values: array or tensor with the loss of each sample, or of each pixel or step of each sample.
        sample_weight: array of weights, of the same shape, or with one weight for each sample.
        mask: array of truth values: where it is false, the loss does not count.
        reduction: one of `REDUCTIONS`.
        dtype: the dtype of the result.

    Returns:
        A scalar; with the reduction "none" or None, or of no samples, the weighted values.

    Raises:
        ValueError: if the weights do not fit the values.
    """
    values = convert(values, dtype)
    sample_weight = apply_mask(sample_weight, mask, values.dtype, reduction)
    if sample_weight is not None:
        sample_weight = np.asarray(value_of(sample_weight), values.dtype)
        values, sample_weight = squeeze_or_expand_to_same_rank(values, sample_weight)
        values = ops.multiply(values, spread_weights(sample_weight, values.shape))
    return _reduce(values, sample_weight, reduction)


def spread_weights(sample_weight, shape):
    """Returns weights in a shape that broadcasts to that of what they are for.

    Args:
        sample_weight: array, of this shape or of the first axes of it.
        shape: tuple of ints.

    Raises:
        ValueError: if they do not fit.
    """
    # One weight for each sample counts for all that the sample consists of. (Keras would take it for the last axis.)
    if sample_weight.ndim and sample_weight.shape == shape[: sample_weight.ndim]:
        return sample_weight.reshape(sample_weight.shape + (1,) * (len(shape) - sample_weight.ndim))
    try:
        np.broadcast_shapes(shape, sample_weight.shape)
    except ValueError:
        raise ValueError(
            f"Sample weights must fit the losses. Expected shape {tuple(shape)}, or the first axes of it. "
            f"Received: sample_weight.shape={sample_weight.shape}"
        ) from None
    return sample_weight


def _reduce(values, sample_weight, reduction):
    if reduction in (None, "none") or values.shape in ((), (0,)):
        return values
    if reduction == "sum":
        return ops.sum(values)
    if reduction == "mean_with_sample_weight" and sample_weight is not None:
        return ops.divide_no_nan(ops.sum(values), np.sum(sample_weight))
    return _mean(values)


@differentiable
def _mean(values):
    """Returns the mean of all values; of no pixels of no samples, 0."""
    count = max(1, values.size)

    def backward(d_y):
        d_values = empty(values.shape, values.dtype)
        launch(_spread_quotient, d_y, count, d_values)
        return d_values

    y = empty((), values.dtype)
    launch(_write_mean, values, count, y)
    return y, backward


def _write_mean(values, count, y):
    y[()] = np.add.reduce(values, axis=None) / count


def _spread_quotient(d_y, count, d_values):
    d_values.fill(d_y[()] / count)  # of a number, which NumPy divides in a tenth of the time


def join_masks(one, other):
    """Returns the mask of what counts by two masks, each of which may be None."""
    if one is None or other is None:
        return other if one is None else one
    return np.logical_and(value_of(one), value_of(other))


def apply_mask(sample_weight, mask, dtype, reduction):
    """Returns sample weights that are 0 where a mask is false.

    For a mean, the others are made larger by as much as if the batch had only what the mask leaves.

    Args:
        sample_weight: array, or None for weights of 1.
        mask: array of truth values, or None.
        dtype: that of the weights.
        reduction: one of `REDUCTIONS`.
    """
    if mask is None:
        return sample_weight
    mask = np.asarray(value_of(mask), bool)
    weight = mask.astype(dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        weight *= mask.size / max(1, np.count_nonzero(mask))
    if sample_weight is None:
        return weight
    weight, sample_weight = squeeze_or_expand_to_same_rank(weight, np.asarray(value_of(sample_weight), dtype))
    return sample_weight * weight
