"""Losses of vectors that are to be near to each other within a class, and far from those of other classes."""

from convlayers import ops
from convlayers.autograd import value_of
from convlayers.losses.loss import BuiltInLoss
from convlayers.losses.matching import convert
from convlayers.masks import set_keras_mask


def circle(y_true, y_pred, ref_labels=None, ref_embeddings=None, remove_diagonal=True, gamma=80, margin=0.4):
    """Returns the circle loss of each sample: an array of shape `(batch,)`, masked where it is 0.

    Args:
        y_true: array of numbers of classes, of shape `(batch,)` or `(batch, 1)`.
        y_pred: array of vectors of length 1, of shape `(batch, size)`.
        ref_labels: array of the classes of the vectors to compare with, by default `y_true`.
        ref_embeddings: array of shape `(references, size)` with these vectors, by default `y_pred`.
        remove_diagonal: whether a sample is not compared with the reference of the same place, which is itself.
        gamma: float, how steeply the loss grows.
        margin: float, how far from the best similarity a pair may be.
    """
    y_pred = convert(y_pred)
    labels = _as_column(y_true)
    references = labels if ref_labels is None else _as_column(ref_labels)
    embeddings = y_pred if ref_embeddings is None else convert(ref_embeddings)
    same = labels == references.T
    other = ~same
    if remove_diagonal:
        same = same & ~ops.eye(*same.shape, dtype="bool")

    distances = ops.maximum(ops.subtract(1, ops.matmul(y_pred, ops.transpose(embeddings))), 0.0)
    # Each pair counts for more, the farther it is from where it should be.
    too_far = ops.maximum(ops.multiply(ops.add(distances, margin), same), 0.0)
    too_near = ops.maximum(ops.multiply(ops.subtract(1 + margin, distances), other), 0.0)
    far = ops.multiply(ops.multiply(too_far, ops.subtract(distances, margin)), gamma)
    near = ops.multiply(ops.multiply(too_near, ops.subtract(1 - margin, distances)), gamma)
    losses = ops.softplus(ops.add(_logsumexp_of(far, same), _logsumexp_of(near, other)))
    set_keras_mask(losses, value_of(losses) > 0)
    return losses


def _as_column(labels):
    labels = value_of(ops.cast(labels, "int32"))
    return labels.reshape(-1, 1) if labels.ndim == 1 else labels


def _logsumexp_of(x, chosen):
    return ops.logsumexp(ops.where(chosen, x, float("-inf")), axis=1)


class Circle(BuiltInLoss):
    """The circle loss, for vectors of length 1: those of a class are to be near to each other, and far from all others.

    Args:
        gamma, margin, remove_diagonal: as for `circle`.
        reduction, name, dtype: as for `Loss`.

    Example:

    model.add(layers.UnitNormalization())
    model.compile(loss=Circle())
    """

    def __init__(
        self,
        gamma=80.0,
        margin=0.4,
        remove_diagonal=True,
        reduction="sum_over_batch_size",
        name="circle",
        dtype=None,
    ):
        super().__init__(circle, reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal)
