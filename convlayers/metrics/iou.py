"""How much of predicted regions and those of the labels is in both: intersection over union."""

import warnings

import numpy as np

from convlayers import config
from convlayers.autograd import value_of
from convlayers.losses.reduction import spread_weights
from convlayers.metrics.metric import Metric


class IoU(Metric):
    """The intersection of predicted regions and those of the labels, divided by their union: the mean over some classes.

    Args:
        num_classes: int.
        target_class_ids: list or tuple of ints, the classes that count.
        name: string.
        dtype: as for `Metric`, by default int32.
        ignore_class: int, the label of pixels that do not count.
        sparse_y_true, sparse_y_pred: whether labels and predictions are numbers of classes, and not numbers for each class.
        axis: int, the axis of the classes, where they are not.

    Raises:
        ValueError: if there is no such class.

    Example:

    >>> m = IoU(num_classes=2, target_class_ids=[0])
    >>> m.update_state([0, 0, 1, 1], [0, 1, 0, 1])
    >>> m.result()
    0.33333334
    """

    _direction = "up"

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(dtype or "int", name)
        self.num_classes = num_classes
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        if max(target_class_ids) >= num_classes:
            raise ValueError(f"Target class id {max(target_class_ids)} is out of range, which is [0, {num_classes}).")
        self.target_class_ids = list(target_class_ids)
        # Rows are labels, columns predictions.
        self.total_cm = self.add_variable((num_classes, num_classes), "zeros", self.dtype, name="total_confusion_matrix")

    def update_state(self, y_true, y_pred, sample_weight=None):
        labels = self._to_classes(y_true, self.sparse_y_true)
        classes = self._to_classes(y_pred, self.sparse_y_pred)
        if labels.size != classes.size:
            raise ValueError(
                "Labels and predictions must be as many. "
                f"Received: y_true.shape={np.shape(y_true)}, y_pred.shape={np.shape(y_pred)}\n"
                "Predictions with a number for each class need `sparse_y_pred=False`, and such labels `sparse_y_true=False`."
            )
        weights = np.broadcast_to(self._to_weights(sample_weight, labels.shape), labels.shape).reshape(-1)
        labels, classes = labels.reshape(-1), classes.reshape(-1)
        valid = (labels >= 0) & (labels < self.num_classes) & (classes >= 0) & (classes < self.num_classes)
        if self.ignore_class is not None:
            valid &= labels != self.ignore_class
        places = labels[valid] * self.num_classes + classes[valid]
        counts = np.bincount(places, weights[valid], self.num_classes**2)
        self.total_cm.assign_add(counts.reshape(self.total_cm.shape))

    def _to_classes(self, y, sparse):
        y = np.asarray(value_of(y))
        return np.asarray(y if sparse else np.argmax(y, axis=self.axis), self._array_dtype).astype(np.intp)

    def _to_weights(self, sample_weight, shape):
        weights = np.asarray(1 if sample_weight is None else value_of(sample_weight))
        if weights.dtype.kind == "f" and "int" in self.dtype:
            warnings.warn(
                "You are passing weight as `float`, but dtype is `int`. This may result in an incorrect weight due to type "
                "casting Consider using integer weights.",
                stacklevel=3,
            )
        return spread_weights(weights.astype(self._array_dtype), shape)

    def result(self):
        counts = self.total_cm.value
        right = np.diag(counts)
        union = np.sum(counts, axis=0) + np.sum(counts, axis=1) - right
        right, union = (array[self.target_class_ids].astype(np.float32) for array in (right, union))
        # Classes that are nowhere do not count.
        present = union > 1e-9
        epsilon = np.float32(config.epsilon())
        shares = np.where(present, right / (union + epsilon), np.float32(0))
        return np.sum(shares, axis=self.axis) / (np.float32(np.count_nonzero(present)) + epsilon)

    def get_config(self):
        arguments = {
            "num_classes": self.num_classes,
            "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
            "axis": self.axis,
        }
        return {**super().get_config(), **arguments}

    def _choose_config(self, *names):
        """Returns some entries of the config, in this order."""
        config = IoU.get_config(self)
        return {name: config[name] for name in names}


class BinaryIoU(IoU):
    """The intersection over union of what is a yes, of what is a no, or their mean.

    Args:
        target_class_ids: list or tuple of 0 (what is a no) and 1 (what is a yes).
        threshold: float. Predictions from it on are a yes.
        name: string.
        dtype: as for `IoU`.

    Example:

    >>> m = BinaryIoU(target_class_ids=[0, 1], threshold=0.3)
    >>> m.update_state([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])
    >>> m.result()
    0.33333334
    """

    def __init__(self, target_class_ids=(0, 1), threshold=0.5, name=None, dtype=None):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = np.asarray(value_of(y_pred), np.float32) >= self.threshold
        super().update_state(y_true, y_pred, sample_weight)

    def get_config(self):
        chosen = self._choose_config("target_class_ids", "name", "dtype")
        return {"target_class_ids": chosen.pop("target_class_ids"), "threshold": self.threshold, **chosen}


class MeanIoU(IoU):
    """The mean over all classes of the intersection over union.

    Args:
        num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis: as for `IoU`.

    Example:

    >>> m = MeanIoU(num_classes=2)
    >>> m.update_state([0, 0, 1, 1], [0, 1, 0, 1])
    >>> m.result()
    0.33333334
    """

    def __init__(
        self,
        num_classes,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)

    def get_config(self):
        names = ("num_classes", "name", "dtype", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")
        return self._choose_config(*names)


class OneHotIoU(IoU):
    """The intersection over union of some classes, for labels and predictions with a number for each class ("one-hot").

    Args:
        num_classes, target_class_ids, name, dtype, ignore_class, sparse_y_pred, axis: as for `IoU`.
    """

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_pred=False,
        axis=-1,
    ):
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self):
        names = ("num_classes", "target_class_ids", "name", "dtype", "ignore_class", "sparse_y_pred", "axis")
        return self._choose_config(*names)


class OneHotMeanIoU(MeanIoU):
    """The mean over all classes of the intersection over union, for labels and predictions with a number for each class.

    Args:
        num_classes, name, dtype, ignore_class, sparse_y_pred, axis: as for `IoU`.
    """

    def __init__(self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_pred=False, axis=-1):
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self):
        return self._choose_config("num_classes", "name", "dtype", "ignore_class", "sparse_y_pred", "axis")
