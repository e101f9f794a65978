"""How many answers to yes-or-no questions are right and wrong, and which shares these are."""

from convlayers.metrics.metric import Metric
from convlayers.metrics.thresholds import NEG_INF, are_evenly_spread, count_by_threshold, divide, parse_thresholds, prepare

ALL_COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


class ConfusionCounts(Metric):
    """Base class of metrics that are made of how many predictions of yes and no are right and wrong, by threshold.

    A subclass sets `thresholds`, and `_evenly_spread`, and makes the variables, which are named for what they count.
    """

    # What `prepare` is told beside.
    top_k = class_id = None

    def _add_counts(self, names, shape):
        for name in names:
            setattr(self, name, self.add_variable(shape, "zeros", name=name))
        self._counts = {name: getattr(self, name) for name in names}

    def update_state(self, y_true, y_pred, sample_weight=None):
        parts = prepare(y_true, y_pred, sample_weight, self._variables[0].dtype, self.top_k, self.class_id)
        self._add(count_by_threshold(*parts, self.thresholds, self._evenly_spread))

    def _add(self, counts):
        for name, variable in self._counts.items():
            variable.assign_add(counts[name])

    def _share(self, name, other):
        """Returns how much one count is of two, for each threshold."""
        one = self._counts[name].value
        return divide(one, one + self._counts[other].value)

    def _of_single(self, result):
        """Returns the result for a single threshold as a number."""
        return result[0] if len(self.thresholds) == 1 else result


class _ConfusionMatrixConditionCount(ConfusionCounts):
    """Base class of metrics that count one kind of right or wrong predictions."""

    def __init__(self, counted, thresholds, name, dtype):
        super().__init__(dtype, name)
        self.init_thresholds = thresholds
        self.thresholds = parse_thresholds(thresholds, 0.5)
        self._evenly_spread = are_evenly_spread(self.thresholds)
        self.accumulator = self.add_variable((len(self.thresholds),), "zeros", name="accumulator")
        self._counts = {counted: self.accumulator}

    def result(self):
        return self._of_single(self.accumulator.value.copy())

    def get_config(self):
        return {**super().get_config(), "thresholds": self.init_thresholds}


class FalsePositives(_ConfusionMatrixConditionCount):
    """How many predictions are yes where the label is no.

    Args:
        thresholds: float or list of floats from 0 to 1: a prediction above one is a yes. 0.5 by default. For a list, the result
            has a number for each.
        name: string.
        dtype: as for `Metric`.

    Example:

    >>> m = FalsePositives()
    >>> m.update_state([0, 1, 0, 0], [0, 0, 1, 1])
    >>> m.result()
    2.0
    """

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__("false_positives", thresholds, name, dtype)


class FalseNegatives(_ConfusionMatrixConditionCount):
    """How many predictions are no where the label is yes.

    Args:
        thresholds, name, dtype: as for `FalsePositives`.
    """

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__("false_negatives", thresholds, name, dtype)


class TrueNegatives(_ConfusionMatrixConditionCount):
    """How many predictions are no where the label is no.

    Args:
        thresholds, name, dtype: as for `FalsePositives`.
    """

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__("true_negatives", thresholds, name, dtype)


class TruePositives(_ConfusionMatrixConditionCount):
    """How many predictions are yes where the label is yes.

    Args:
        thresholds, name, dtype: as for `FalsePositives`.
    """

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__("true_positives", thresholds, name, dtype)


class _ShareOfTruePositives(ConfusionCounts):
    """Base class of precision and recall: how many of some predictions are right."""

    _direction = "up"

    def __init__(self, others, thresholds, top_k, class_id, name, dtype):
        super().__init__(dtype, name)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        self._others = others
        self.thresholds = parse_thresholds(thresholds, 0.5 if top_k is None else NEG_INF)
        self._evenly_spread = are_evenly_spread(self.thresholds)
        self._add_counts(("true_positives", others), (len(self.thresholds),))

    def result(self):
        return self._of_single(self._share("true_positives", self._others))

    def get_config(self):
        arguments = {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**super().get_config(), **arguments}


class Precision(_ShareOfTruePositives):
    """How many of the predictions that are yes are right.

    Args:
        thresholds: float or list of floats from 0 to 1: a prediction above one is a yes. 0.5 by default. For a list, the result
            has a number for each.
        top_k: int: only the `top_k` largest predictions of a sample are a yes (whatever they are, if there are no thresholds).
        class_id: int, the class that alone counts. By default all do.
        name: string.
        dtype: as for `Metric`.

    Example:

    >>> m = Precision()
    >>> m.update_state([0, 1, 1, 1], [1, 0, 1, 1])
    >>> m.result()
    0.6666667
    """

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        super().__init__("false_positives", thresholds, top_k, class_id, name, dtype)


class Recall(_ShareOfTruePositives):
    """How many of the samples whose label is yes are found.

    Args:
        thresholds, top_k, class_id, name, dtype: as for `Precision`.

    Example:

    >>> m = Recall()
    >>> m.update_state([0, 1, 1, 1], [1, 0, 1, 1])
    >>> m.result()
    0.6666667
    """

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        super().__init__("false_negatives", thresholds, top_k, class_id, name, dtype)
