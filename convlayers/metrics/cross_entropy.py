"""The cross-entropies of `losses`, as means over all samples."""

from convlayers.losses.cross_entropy import (
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from convlayers.metrics.reduction import BuiltInMean


class BinaryCrossentropy(BuiltInMean):
    """The cross-entropy of answers to yes-or-no questions.

    Args:
        name: string.
        dtype: as for `Metric`.
        from_logits, label_smoothing: as for the loss of this name.
    """

    def __init__(self, name="binary_crossentropy", dtype=None, from_logits=False, label_smoothing=0):
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(binary_crossentropy, name, dtype, **arguments)


class CategoricalCrossentropy(BuiltInMean):
    """The cross-entropy of one class out of several, for labels that are probabilities ("one-hot").

    Args:
        name: string.
        dtype: as for `Metric`.
        from_logits, label_smoothing, axis: as for the loss of this name.
    """

    def __init__(self, name="categorical_crossentropy", dtype=None, from_logits=False, label_smoothing=0, axis=-1):
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_crossentropy, name, dtype, **arguments)


class SparseCategoricalCrossentropy(BuiltInMean):
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
