"""Losses of predictions that are probabilities of classes, or their logits."""

import warnings

import numpy as np

from convlayers import ops
from convlayers.autograd import value_of
from convlayers.losses.loss import BuiltInLoss, Loss
from convlayers.losses.matching import convert, convert_pair
from convlayers.masks import set_keras_mask
from convlayers.ops.crossentropy import check_labels
from convlayers.user_code import user_stacklevel


def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Returns the cross-entropy of answers to yes-or-no questions.

    Args:
        y_true: array of labels, 0 or 1 or between.
        y_pred: array of the same shape with the probabilities of 1.
        from_logits: whether `y_pred` are logits, to which the sigmoid function is still to be applied.
        label_smoothing: float from 0 to 1, how far labels are moved towards 0.5.
        axis: int, the axis of which the mean is taken.

    Returns:
        An array of the shape of `y_pred` without `axis`.

    Raises:
        ValueError: if the shapes differ.
    """
    y_true, y_pred = prepare_binary(y_true, y_pred, label_smoothing)
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Returns the cross-entropy of one class out of several, for labels that are probabilities ("one-hot").

    Args:
        y_true: array of labels, a probability for each class.
        y_pred: array of the same shape with the predicted probabilities.
        from_logits: whether `y_pred` are logits, to which the softmax function is still to be applied.
        label_smoothing: float from 0 to 1, how much of each label is shared out among all classes.
        axis: int, the axis of the classes.

    Returns:
        An array of the shape of `y_pred` without `axis`.

    Raises:
        ValueError: if the shapes differ, as they do if the labels are the numbers of the classes.
    """
    y_true, y_pred = prepare_categorical("categorical_crossentropy", y_true, y_pred, label_smoothing, axis)
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False, ignore_class=None, axis=-1):
    """Returns the cross-entropy of one class out of several, for labels that are the numbers of the classes.

    Args:
        y_true: array of labels from 0, of the shape of `y_pred` without `axis`, or with length 1 there.
        y_pred: array of predicted probabilities.
        from_logits: whether `y_pred` are logits, to which the softmax function is still to be applied.
        ignore_class: int, the label of samples whose loss is 0.
        axis: int, the axis of the classes.

    Returns:
        An array of the shape of `y_pred` without `axis`.

    Raises:
        ValueError: if the shapes do not fit, or a label is not the number of a class.
    """
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    y_true, y_pred = np.asarray(value_of(y_true)), convert(y_pred)
    if y_true.ndim == y_pred.ndim and y_true.shape[axis] == 1:
        y_true = np.squeeze(y_true, axis)
    valid = y_true != ignore_class
    # Harmless numbers in place of what is ignored: NaN there would be NaN in the gradients, too.
    y_pred = ops.where(np.expand_dims(valid, axis), y_pred, 1.0)
    losses = ops.sparse_categorical_crossentropy(np.where(valid, y_true, 0), y_pred, from_logits=from_logits, axis=axis)
    losses = ops.where(valid, losses, 0.0)
    set_keras_mask(losses, valid)
    return losses


def categorical_generalized_cross_entropy(y_true, y_pred, q):
    """Returns `(1 - p ** q) / q` for the predicted probability `p` of the right class.

    Args:
        y_true: array of labels from 0, of shape `(batch, ...)`.
        y_pred: array of predicted probabilities, of shape `(batch, ..., classes)`.
        q: float between 0 and 1: from the cross-entropy to the absolute error, which wrong labels disturb less.

    Returns:
        An array of shape `(batch, ...)`.
    """
    y_pred = convert(y_pred)
    right = ops.one_hot(ops.cast(y_true, "int32"), y_pred.shape[-1], dtype=y_pred.dtype)
    p = ops.sum(ops.multiply(y_pred, right), axis=-1)
    return ops.divide(ops.subtract(1, ops.power(p, q)), q)


def check_class_numbers(y_true, shape, ignore_class=None, axis=-1, **others):
    """Raises `ValueError` if one of many labels is not the number of a class.

    Args:
        y_true: array of labels.
        shape: that of predictions.
        ignore_class, axis: as for `sparse_categorical_crossentropy`.
    """
    labels = y_true if ignore_class is None else y_true[y_true != ignore_class]
    if labels.size:
        check_labels(np.array([labels.min(), labels.max()]), shape[axis])


def check_probabilities(y_true, shape, **others):
    """Warns if one of many labels is no probability: then the lowest loss has no meaning."""
    if y_true.size and (y_true.min() < 0 or y_true.max() > 1):
        warnings.warn(
            f"Labels of binary_crossentropy are from 0 to 1. Received labels from {y_true.min()} to {y_true.max()}.\n"
            "For numbers of classes, use sparse_categorical_crossentropy with a unit for each class; for -1 and 1, a hinge "
            "loss. Bytes of images are divided by 255.",
            stacklevel=user_stacklevel(),
        )


# What is wrong with labels that can be seen without predictions.
LABEL_CHECKS = {sparse_categorical_crossentropy: check_class_numbers, binary_crossentropy: check_probabilities}


def prepare_binary(y_true, y_pred, label_smoothing):
    """Returns labels and predictions as arrays (or tensors) of one dtype, the labels smoothed."""
    y_true, y_pred = convert_pair(y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return y_true, y_pred


def prepare_categorical(name, y_true, y_pred, label_smoothing, axis):
    """Returns labels and predictions as arrays (or tensors) of one dtype, the labels smoothed.

    Args:
        name: that of the loss, for a warning if there is only one class.
        y_true, y_pred, label_smoothing, axis: as for `categorical_crossentropy`.

    Raises:
        ValueError: if the axis is a truth value.
    """
    if isinstance(axis, bool):
        raise ValueError(f"`axis` must be of type `int`. Received: axis={axis} of type {type(axis)}")
    y_true, y_pred = convert_pair(y_true, y_pred)
    if y_pred.shape[-1] == 1:
        warnings.warn(
            f"In loss {name}, expected y_pred.shape to be (batch_size, num_classes) with num_classes > 1. "
            f"Received: y_pred.shape={y_pred.shape}. Consider using 'binary_crossentropy' if you only have 2 classes.",
            SyntaxWarning,
            stacklevel=3,
        )
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[-1]
    return y_true, y_pred


class BinaryCrossentropy(BuiltInLoss):
    """The cross-entropy of answers to yes-or-no questions.

    Args:
        from_logits, label_smoothing, axis: as for `binary_crossentropy`.
        reduction, name, dtype: as for `Loss`.

    Example:

    >>> BinaryCrossentropy()([[0.0, 1.0], [0.0, 0.0]], [[0.6, 0.4], [0.4, 0.6]])
    0.8149249
    """

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_crossentropy",
        dtype=None,
    ):
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(binary_crossentropy, reduction, name, dtype, **arguments)


class CategoricalCrossentropy(BuiltInLoss):
    """The cross-entropy of one class out of several, for labels that are probabilities ("one-hot").

    Args:
        from_logits, label_smoothing, axis: as for `categorical_crossentropy`.
        reduction, name, dtype: as for `Loss`.

    Example:

    >>> CategoricalCrossentropy()([[0, 1, 0], [0, 0, 1]], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]])
    1.1769392
    """

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_crossentropy",
        dtype=None,
    ):
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_crossentropy, reduction, name, dtype, **arguments)


class SparseCategoricalCrossentropy(BuiltInLoss):
    """The cross-entropy of one class out of several, for labels that are the numbers of the classes.

    Args:
        from_logits, ignore_class, axis: as for `sparse_categorical_crossentropy`. Samples of the class to ignore do not
            count in the mean either.
        reduction, name, dtype: as for `Loss`.

    Example:

    >>> SparseCategoricalCrossentropy()([1, 2], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]])
    1.1769392
    """

    def __init__(
        self,
        from_logits=False,
        ignore_class=None,
        reduction="sum_over_batch_size",
        axis=-1,
        name="sparse_categorical_crossentropy",
        dtype=None,
    ):
        arguments = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, **arguments)

    def get_config(self):
        # Without the axis, as in Keras.
        return {**Loss.get_config(self), "from_logits": self.from_logits, "ignore_class": self.ignore_class}


class CategoricalGeneralizedCrossEntropy(BuiltInLoss):
    """Between the cross-entropy and the absolute error, for labels that are numbers of classes, some of them wrong.

    Args:
        q: as for `categorical_generalized_cross_entropy`.
        reduction, name, dtype: as for `Loss`.

    Raises:
        ValueError: if `q` is not between 0 and 1.
    """

    def __init__(self, q=0.5, reduction="sum_over_batch_size", name="categorical_generalized_cross_entropy", dtype=None):
        if not 0 < q < 1:
            raise ValueError(f"q must be in the interval (0, 1)\nReceived: q={q}")
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)
