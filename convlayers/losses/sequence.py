"""Losses of sequences of predictions, more than there are labels."""

import numpy as np

from convlayers import ops
from convlayers.autograd import value_of
from convlayers.losses.loss import BuiltInLoss


def ctc(y_true, y_pred):
    """Returns how unlikely sequences of labels are, at whatever times they come: an array of shape `(batch,)`.

    Args:
        y_true: array of numbers of classes, of shape `(batch, max_length)`. 0 is no label: short sequences are filled with it.
        y_pred: array of logits, of shape `(batch, max_length, num_classes)`, with the time along the second axis.

    Raises:
        ValueError: if an array has another number of axes.
    """
    if len(y_true.shape) != 2:
        raise ValueError(
            "Targets `y_true` are expected to be a tensor of shape `(batch_size, max_length)` in integer format. "
            f"Received: y_true.shape={tuple(y_true.shape)}"
        )
    if len(y_pred.shape) != 3:
        raise ValueError(
            "Logits `y_pred` are expected to be a tensor of shape `(batch_size, max_length, num_classes)`. "
            f"Received: y_pred.shape={tuple(y_pred.shape)}"
        )
    labels = np.asarray(value_of(y_true))
    times = np.full(len(labels), y_pred.shape[1])
    return ops.ctc_loss(labels, y_pred, np.count_nonzero(labels, axis=-1), times, mask_index=0)


class CTC(BuiltInLoss):
    """Connectionist temporal classification: the labels are known, but not at which times they come.

    Args:
        reduction, name, dtype: as for `Loss`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="ctc", dtype=None):
        super().__init__(ctc, reduction, name, dtype)
