"""By how much predictions are not on the right side of a margin."""

from convlayers.losses.margin import categorical_hinge, hinge, squared_hinge
from convlayers.metrics.reduction import BuiltInMean


class Hinge(BuiltInMean):
    """The hinge loss of this name, as a mean over all samples.

    Args:
        name: string.
        dtype: as for `Metric`.

    Example:

    >>> m = Hinge()
    >>> m.update_state([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
    >>> m.result()
    1.3
    """

    def __init__(self, name="hinge", dtype=None):
        super().__init__(hinge, name, dtype)


class SquaredHinge(BuiltInMean):
    """The squared hinge loss, as a mean over all samples.

    Args:
        name: string.
        dtype: as for `Metric`.
    """

    def __init__(self, name="squared_hinge", dtype=None):
        super().__init__(squared_hinge, name, dtype)


class CategoricalHinge(BuiltInMean):
    """The hinge loss of one class out of several, as a mean over all samples.

    Args:
        name: string.
        dtype: as for `Metric`.
    """

    def __init__(self, name="categorical_hinge", dtype=None):
        super().__init__(categorical_hinge, name, dtype)
