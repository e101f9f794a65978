"""What kernels make of weights (packed, split, transformed), kept for as long as these stay the same."""

from convlayers._native.kept import Kept
from convlayers.launching import is_recorded_for_other_weights
from convlayers.variables import Variable


class KeptWeights:
    """What is kept of one version of a variable: for one plan at a time, the last that asked.

    Args:
        version: that of the variable.
    """

    __slots__ = ("_last", "version")

    def __init__(self, version):
        self.version = version
        self._last = None, None

    def for_plan(self, plan):
        """Returns the `Kept` that a plan's kernel may read or fill."""
        last, kept = self._last
        if last is not plan:
            kept = Kept()
            self._last = plan, kept  # Both at once: another thread may be asking.
        return kept


def kept_weights(weights):
    """Returns where to keep what is made of weights, or None.

    The second use of one version begins to keep: in training, each is used once.
    """
    if type(weights) is not Variable or is_recorded_for_other_weights():
        return None
    kept = weights.kept
    if kept is None or kept.version != weights.version:
        weights.kept = KeptWeights(weights.version)
        return None
    return kept
