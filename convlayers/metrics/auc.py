"""The area under a curve that thresholds draw."""

from enum import Enum

import numpy as np

from convlayers import config, ops
from convlayers.autograd import value_of
from convlayers.metrics.confusion import ALL_COUNTS, ConfusionCounts
from convlayers.metrics.thresholds import are_evenly_spread, count_by_threshold, divide, pairwise, prepare, spread_evenly
from convlayers.serialization import deserialize_keras_object


class AUCCurve(Enum):
    """Which curve: "ROC", yes that is found over no that is mistaken; "PR", precision over recall; "PRGAIN", their gains."""

    ROC = "ROC"
    PR = "PR"
    PRGAIN = "PRGAIN"

    @classmethod
    def from_str(cls, key):
        """Returns the member that a name in upper or lower case means."""
        if key in ("pr", "PR", "roc", "ROC", "prgain", "PRGAIN"):
            return cls(key.upper())
        raise ValueError(f'Invalid AUC curve value: "{key}". Expected values are ["PR", "ROC", "PRGAIN"]')


class AUCSummationMethod(Enum):
    """How high the curve is taken to be between two thresholds: between the two points, or as the higher or lower one."""

    INTERPOLATION = "interpolation"
    MAJORING = "majoring"
    MINORING = "minoring"

    @classmethod
    def from_str(cls, key):
        """Returns the member that a name means, with a small or large first letter."""
        known = [method.value for method in cls]
        if key in known or key in [value.capitalize() for value in known]:
            return cls(key.lower())
        raise ValueError(
            f'Invalid AUC summation method value: "{key}". Expected values are ["interpolation", "majoring", "minoring"]'
        )


class AUC(ConfusionCounts):
    """The area under the ROC or the precision-recall curve: 1 where all that is yes is above all that is no.

    Args:
        num_thresholds: int, how many points the curve has.
        curve: "ROC", "PR" or "PRGAIN".
        summation_method: "interpolation", "minoring" or "majoring": the height between two points.
        name: string.
        dtype: as for `Metric`.
        thresholds: list of floats from 0 to 1, in place of `num_thresholds` at the same distance. One below 0 and one above 1
            are added.
        multi_label: whether each place along the last axis is a question by itself. The result is the mean of their areas.
        num_labels: int, how many there are; known from the first batch otherwise.
        label_weights: list of floats, for each of them: what it counts in the mean, or what its predictions count.
        from_logits: whether predictions are logits, to which the sigmoid function is still to be applied.

    Raises:
        ValueError: if an argument is none of these.

    Example:

    >>> m = AUC(num_thresholds=3)
    >>> m.update_state([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    >>> m.result()
    0.75
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds=200,
        curve="ROC",
        summation_method="interpolation",
        name=None,
        dtype=None,
        thresholds=None,
        multi_label=False,
        num_labels=None,
        label_weights=None,
        from_logits=False,
    ):
        self._init_from_thresholds = thresholds is not None
        if self._init_from_thresholds:
            inner = sorted(thresholds)
            self.num_thresholds = len(inner) + 2
            self._evenly_spread = are_evenly_spread([0.0, *inner, 1.0])
        else:
            if num_thresholds <= 1:
                raise ValueError(f"Argument `num_thresholds` must be an integer > 1. Received: num_thresholds={num_thresholds}")
            inner = spread_evenly(num_thresholds)
            self.num_thresholds = num_thresholds
            self._evenly_spread = True
        # Beyond any prediction, however it is rounded.
        self._thresholds = np.array([0.0 - config.epsilon(), *inner, 1.0 + config.epsilon()])
        self.curve = curve if isinstance(curve, AUCCurve) else AUCCurve.from_str(curve)
        known = isinstance(summation_method, AUCSummationMethod)
        self.summation_method = summation_method if known else AUCSummationMethod.from_str(summation_method)
        super().__init__(dtype, name)
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else np.asarray(label_weights, self._array_dtype)
        self._from_logits = from_logits
        self._built = False
        if multi_label:
            if num_labels:
                self._build((None, num_labels))
        elif num_labels:
            raise ValueError("`num_labels` is needed only when `multi_label` is True.")
        else:
            self._build(None)

    @property
    def thresholds(self):
        return list(self._thresholds)

    def _build(self, shape):
        if self.multi_label and len(shape) != 2:
            raise ValueError(
                f"`y_pred` must have rank 2 when `multi_label=True`. Found rank {len(shape)}. "
                f"Full shape received for `y_pred`: {shape}"
            )
        shape = (self.num_thresholds, shape[1]) if self.multi_label else (self.num_thresholds,)
        self._add_counts(ALL_COUNTS, shape)
        self._built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        if not self._built:
            self._build(y_pred.shape)
        if self._from_logits:
            y_pred = ops.sigmoid(value_of(y_pred))
        y_true, y_pred, weights = prepare(y_true, y_pred, sample_weight, self._variables[0].dtype)
        if self.label_weights is not None and not self.multi_label:
            weights = np.broadcast_to(self.label_weights, y_pred.shape) * (1 if weights is None else weights)
        self._add(count_by_threshold(y_true, y_pred, weights, self._thresholds, self._evenly_spread, self.multi_label))

    def result(self):
        if self.curve is AUCCurve.PR and self.summation_method is AUCSummationMethod.INTERPOLATION:
            areas = self._interpolate_precision()
        else:
            x, y = self._draw()
            (left, right), heights = pairwise(x), pairwise(y)
            if self.summation_method is AUCSummationMethod.INTERPOLATION:
                height = (heights[0] + heights[1]) / 2
            else:
                lower = self.summation_method is AUCSummationMethod.MINORING
                height = (np.minimum if lower else np.maximum)(*heights)
            areas = (left - right) * height
        if not self.multi_label:
            return np.sum(areas)
        by_label = np.sum(areas, axis=0)
        if self.label_weights is None:
            return np.mean(by_label)
        return divide(np.sum(by_label * self.label_weights), np.sum(self.label_weights))[()]

    def _draw(self):
        """Returns the curve as numbers `x` and `y` for each threshold."""
        recall = self._share("true_positives", "false_negatives")
        if self.curve is AUCCurve.ROC:
            return self._share("false_positives", "true_negatives"), recall
        if self.curve is AUCCurve.PR:
            return recall, self._share("true_positives", "false_positives")
        tp, fp, tn, fn = (self._counts[name].value for name in ALL_COUNTS)
        # Gains are shares on a scale that begins at those of a guess (Flach and Kull, "Precision-Recall-Gain Curves").
        odds = divide(tp + fn, tn + fp)
        recall_gain = np.where(tp == 0, 0, 1 - odds * divide(fn, tp))
        precision_gain = np.where(tp == 0, 1, 1 - odds * divide(fp, tp))
        return np.maximum(recall_gain, 0), precision_gain

    def _interpolate_precision(self):
        """Returns the area between each two thresholds: between them true and false positives grow in proportion.

        Davis and Goadrich, "The Relationship Between Precision-Recall and ROC Curves".
        """
        tp, fp, _, fn = (self._counts[name].value for name in ALL_COUNTS)
        (tp_before, tp_after), (before, after) = pairwise(tp), pairwise(tp + fp)
        slope = divide(tp_before - tp_after, np.maximum(before - after, 0))
        intercept = tp_after - slope * after
        ratio = np.where((before > 0) & (after > 0), divide(before, after), 1)
        return divide(slope * (tp_before - tp_after + intercept * np.log(ratio)), tp_after + fn[1:])

    def get_config(self):
        arguments = {
            "num_thresholds": self.num_thresholds,
            "curve": self.curve.value,
            "summation_method": self.summation_method.value,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": self.label_weights,
            "from_logits": self._from_logits,
        }
        if self._init_from_thresholds:
            arguments["thresholds"] = self.thresholds[1:-1]
        return {**super().get_config(), **arguments}

    @classmethod
    def from_config(cls, config):
        # The weights of the labels are an array.
        return cls(**deserialize_keras_object(config))
