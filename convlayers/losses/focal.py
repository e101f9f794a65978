"""Cross-entropies that count for less where a prediction is good already."""

from convlayers import config, ops
from convlayers.losses.cross_entropy import prepare_binary, prepare_categorical
from convlayers.losses.loss import BuiltInLoss


def binary_focal_crossentropy(
    y_true,
    y_pred,
    apply_class_balancing=False,
    alpha=0.25,
    gamma=2.0,
    from_logits=False,
    label_smoothing=0.0,
    axis=-1,
):
    """Returns the focal cross-entropy of answers to yes-or-no questions.

    Args:
        y_true: array of labels, 0 or 1 or between.
        y_pred: array of the same shape with the probabilities of 1.
        apply_class_balancing: whether labels of 1 weigh `alpha`, and those of 0 `1 - alpha`.
        alpha: float from 0 to 1.
        gamma: float. The cross-entropy is multiplied by `(1 - p) ** gamma`, for the probability `p` of what is right.
        from_logits: whether `y_pred` are logits, to which the sigmoid function is still to be applied.
        label_smoothing: float from 0 to 1, how far labels are moved towards 0.5.
        axis: int, the axis of which the mean is taken.

    Returns:
        An array of the shape of `y_pred` without `axis`.

    Raises:
        ValueError: if the shapes differ.
    """
    y_true, y_pred = prepare_binary(y_true, y_pred, label_smoothing)
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    losses = ops.binary_crossentropy(y_true, y_pred)
    right = ops.add(ops.multiply(y_true, y_pred), ops.multiply(ops.subtract(1, y_true), ops.subtract(1, y_pred)))
    losses = ops.multiply(ops.power(ops.subtract(1.0, right), gamma), losses)
    if apply_class_balancing:
        losses = ops.multiply(ops.add(ops.multiply(y_true, alpha), ops.multiply(ops.subtract(1, y_true), 1 - alpha)), losses)
    return ops.mean(losses, axis=axis)


def categorical_focal_crossentropy(
    y_true,
    y_pred,
    alpha=0.25,
    gamma=2.0,
    from_logits=False,
    label_smoothing=0.0,
    axis=-1,
):
    """Returns the focal cross-entropy of one class out of several, for labels that are probabilities ("one-hot").

    Args:
        y_true: array of labels, a probability for each class.
        y_pred: array of the same shape with the predicted probabilities.
        alpha: float or array of floats, one for each class, by which the cross-entropy is multiplied.
        gamma: float. The cross-entropy is multiplied by `(1 - p) ** gamma`, for the probability `p` of what is right.
        from_logits: whether `y_pred` are logits, to which the softmax function is still to be applied.
        label_smoothing: float from 0 to 1, how much of each label is shared out among all classes.
        axis: int, the axis of the classes.

    Returns:
        An array of the shape of `y_pred` without `axis`.
    """
    y_true, y_pred = prepare_categorical("categorical_focal_crossentropy", y_true, y_pred, label_smoothing, axis)
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    p = ops.divide(y_pred, ops.sum(y_pred, axis=axis, keepdims=True))
    p = ops.clip(p, config.epsilon(), 1.0 - config.epsilon())
    factor = ops.multiply(ops.power(ops.subtract(1.0, p), gamma), alpha)
    return ops.negative(ops.sum(ops.multiply(factor, ops.multiply(y_true, ops.log(p))), axis=axis))


class BinaryFocalCrossentropy(BuiltInLoss):
    """The cross-entropy of answers to yes-or-no questions, which counts for less where the answer is good already.

    Args:
        apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis: as for `binary_focal_crossentropy`.
        reduction, name, dtype: as for `Loss`.

    Example:

    >>> BinaryFocalCrossentropy(gamma=2)([[0.0, 1.0], [0.0, 0.0]], [[0.6, 0.4], [0.4, 0.6]])
    0.26783153
    """

    def __init__(
        self,
        apply_class_balancing=False,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_focal_crossentropy",
        dtype=None,
    ):
        super().__init__(
            binary_focal_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
        )


class CategoricalFocalCrossentropy(BuiltInLoss):
    """The cross-entropy of one class out of several, which counts for less where the prediction is good already.

    Args:
        alpha, gamma, from_logits, label_smoothing, axis: as for `categorical_focal_crossentropy`.
        reduction, name, dtype: as for `Loss`.
    """

    def __init__(
        self,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_focal_crossentropy",
        dtype=None,
    ):
        super().__init__(
            categorical_focal_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
            alpha=alpha,
            gamma=gamma,
        )
