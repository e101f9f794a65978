"""Values that are dropped at random."""

from convlayers import ops, random
from convlayers.mindspore.nn.cell import Cell


class Dropout(Cell):
    """Sets values to 0 at random, in training only. The others grow by what that takes from their sum.

    Args:
        keep_prob: float above 0 and up to 1, the part that stays. MindSpore will give it up for `p`.
        p: number from 0 and below 1, the part that is set to 0; None for `1 - keep_prob`.

    Inputs: array of floats.

    Outputs: array of the same shape.

    Raises:
        TypeError: if an argument is no number.
        ValueError: if it is outside of its range.

    Example:

    >>> nn.Dropout(p=0.2)(np.ones((2, 2, 3))).shape
    (2, 2, 3)
    """

    def __init__(self, keep_prob=0.5, p=None):
        super().__init__()
        name, value, types = ("keep_prob", keep_prob, float) if p is None else ("p", p, (float, int))
        if not isinstance(value, types) or isinstance(value, bool):
            wanted = "'float'" if p is None else "one of '['float', 'int']'"
            raise TypeError(
                f"For '{self.cls_name}', the type of '{name}' should be {wanted}, but got type '{type(value).__name__}'."
            )
        if p is None and not 0 < keep_prob <= 1:
            raise ValueError(f"For '{self.cls_name}', the 'keep_prob' must be a number in range (0, 1], but got {keep_prob}.")
        if p is not None and not 0 <= p < 1:
            raise ValueError(f"For '{self.cls_name}', the 'p' must be a number in range [0, 1), but got {p}.")
        self.keep_prob = keep_prob
        self.p = p
        self.rate = 1.0 - keep_prob if p is None else p
        self.seed_generator = random.SeedGenerator()

    def construct(self, x):
        return ops.dropout(x, self.rate, None, self.seed_generator) if self.training and self.rate > 0 else x
