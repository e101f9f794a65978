"""How good answers to yes-or-no questions are in one way, at the threshold where they are good enough in another."""

import numpy as np

from convlayers.metrics.confusion import ALL_COUNTS, ConfusionCounts
from convlayers.metrics.thresholds import spread_evenly

# What is divided, and what it is added to for the whole.
_SHARES = {
    "sensitivity": ("true_positives", "false_negatives"),
    "specificity": ("true_negatives", "false_positives"),
    "precision": ("true_positives", "false_positives"),
    "recall": ("true_positives", "false_negatives"),
}


class SensitivitySpecificityBase(ConfusionCounts):
    """Base class of metrics that are the best of one share, where another is at least a given number.

    Args:
        given: the name of the other one, which is the name of the argument as well.
        wanted: the name of the share.
        value: the number.
        num_thresholds, class_id, name, dtype: as for `SensitivityAtSpecificity`.
    """

    _direction = "up"

    def __init__(self, given, wanted, value, num_thresholds, class_id, name, dtype):
        if value < 0 or value > 1:
            raise ValueError(f"Argument `{given}` must be in the range [0, 1]. Received: {given}={value}")
        super().__init__(dtype, name)
        if num_thresholds <= 0:
            raise ValueError(f"Argument `num_thresholds` must be an integer > 0. Received: num_thresholds={num_thresholds}")
        self.value = value
        setattr(self, given, value)
        self.num_thresholds = num_thresholds
        self.class_id = class_id
        self._given, self._wanted = given, wanted
        self._evenly_spread = num_thresholds > 1
        self.thresholds = [0.0, *spread_evenly(num_thresholds), 1.0] if self._evenly_spread else [0.5]
        self._add_counts(ALL_COUNTS, (len(self.thresholds),))

    def result(self):
        enough = self._share(*_SHARES[self._given]) >= self.value
        return np.max(np.where(enough, self._share(*_SHARES[self._wanted]), 0), initial=0)

    def get_config(self):
        return {
            **super().get_config(),
            "class_id": self.class_id,
            "num_thresholds": self.num_thresholds,
            self._given: self.value,
        }


class SensitivityAtSpecificity(SensitivitySpecificityBase):
    """The best sensitivity (how many of yes are found), where the specificity (how many of no are found) is enough.

    Args:
        specificity: float from 0 to 1, what is enough.
        num_thresholds: int, how many thresholds to choose from.
        class_id: int, the class that alone counts. By default all do.
        name: string.
        dtype: as for `Metric`.

    Example:

    >>> m = SensitivityAtSpecificity(0.5)
    >>> m.update_state([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
    >>> m.result()
    0.5
    """

    def __init__(self, specificity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__("specificity", "sensitivity", specificity, num_thresholds, class_id, name, dtype)


class SpecificityAtSensitivity(SensitivitySpecificityBase):
    """The best specificity (how many of no are found), where the sensitivity (how many of yes are found) is enough.

    Args:
        sensitivity: float from 0 to 1, what is enough.
        num_thresholds, class_id, name, dtype: as for `SensitivityAtSpecificity`.
    """

    def __init__(self, sensitivity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__("sensitivity", "specificity", sensitivity, num_thresholds, class_id, name, dtype)


class PrecisionAtRecall(SensitivitySpecificityBase):
    """The best precision (how many that are taken for yes are), where the recall (how many of yes are found) is enough.

    Args:
        recall: float from 0 to 1, what is enough.
        num_thresholds, class_id, name, dtype: as for `SensitivityAtSpecificity`.
    """

    def __init__(self, recall, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__("recall", "precision", recall, num_thresholds, class_id, name, dtype)


class RecallAtPrecision(SensitivitySpecificityBase):
    """The best recall (how many of yes are found), where the precision (how many that are taken for yes are) is enough.

    Args:
        precision: float from 0 to 1, what is enough.
        num_thresholds, class_id, name, dtype: as for `SensitivityAtSpecificity`.
    """

    def __init__(self, precision, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__("precision", "recall", precision, num_thresholds, class_id, name, dtype)
