"""How far predicted distributions are from those of the labels."""

from convlayers.losses.divergence import kl_divergence, poisson
from convlayers.metrics.reduction import BuiltInMean


class KLDivergence(BuiltInMean):
    """The Kullback-Leibler divergence of predicted probabilities from those of the labels.

    Args:
        name: string.
        dtype: as for `Metric`.

    Example:

    >>> m = KLDivergence()
    >>> m.update_state([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
    >>> m.result()
    0.45814306
    """

    def __init__(self, name="kl_divergence", dtype=None):
        super().__init__(kl_divergence, name, dtype)


class Poisson(BuiltInMean):
    """How unlikely counts are if those predicted are the means of Poisson distributions.

    Args:
        name: string.
        dtype: as for `Metric`.
    """

    def __init__(self, name="poisson", dtype=None):
        super().__init__(poisson, name, dtype)
