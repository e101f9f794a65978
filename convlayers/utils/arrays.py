"""Helpers for NumPy arrays of labels and features."""

import numpy as np

from convlayers import ops
from convlayers.autograd import Operand


def to_categorical(x, num_classes=None):
    """Returns labels as vectors: 1 at the place of the label, 0 elsewhere.

    Args:
        x: array or list of integers from 0 to `num_classes - 1`.
        num_classes: how many there are; by default one more than the largest in `x`.

    Output shape: that of `x` without a last axis of size 1, and then `num_classes`. The dtype is float64.

    Raises:
        IndexError: if a label is negative, or not less than `num_classes`.

    Example:

    >>> to_categorical([0, 2], num_classes=3)
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    labels = np.array(x, dtype="int64")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if not num_classes:
        num_classes = int(labels.max()) + 1
    unfit = labels[(labels < 0) | (labels >= num_classes)]
    if unfit.size:
        raise IndexError(
            f"index {unfit[0]} is out of bounds for axis 1 with size {num_classes}\n"
            f"With num_classes={num_classes}, labels are integers from 0 to {num_classes - 1}. "
            f"Received labels from {labels.min()} to {labels.max()}."
        )
    vectors = np.zeros((*labels.shape, num_classes))
    np.put_along_axis(vectors, labels[..., None], 1, axis=-1)
    return vectors


def normalize(x, axis=-1, order=2):
    """Returns an array divided by its norm along an axis. Where the norm is 0, it stays as it is.

    Args:
        x: array, or tensor.
        axis: int.
        order: of the norm, as in `numpy.linalg.norm`.
    """
    if isinstance(x, Operand):
        return ops.normalize(x, axis, order)
    norms = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.where(norms == 0, 1, norms)
