"""Several axes made one."""

from math import prod

from convlayers import ops
from convlayers.mindspore.nn.cell import Cell
from convlayers.validation import is_integer


class Flatten(Cell):
    """Makes one axis of several neighbouring ones.

    Args:
        start_dim: int, the first of these axes.
        end_dim: int, the last of them.

    Raises:
        TypeError: if an argument is no int.
        ValueError: when called, if there is no such axis, or if the last is before the first.

    Example:

    >>> nn.Flatten()(np.zeros((2, 3, 4, 5))).shape
    (2, 60)
    """

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        for value in (start_dim, end_dim):
            if not is_integer(value):
                raise TypeError(f"For 'flatten', both 'start_dim' and 'end_dim' must be int, but got {type(value).__name__}.")
        self.start_dim = start_dim
        self.end_dim = end_dim

    def construct(self, x):
        shape, rank = tuple(x.shape), len(x.shape)
        for name, axis in (("start_dim", self.start_dim), ("end_dim", self.end_dim)):
            if not -rank <= axis < rank:
                raise ValueError(f"For 'flatten', '{name}' must be in range [{-rank}, {rank - 1}], but got {axis}.")
        first, last = self.start_dim % rank, self.end_dim % rank
        if first > last:
            raise ValueError(
                f"For 'flatten', 'start_dim' cannot come after 'end_dim'. Received: start_dim={self.start_dim}, "
                f"end_dim={self.end_dim}, x.shape={shape}"
            )
        return ops.reshape(x, (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :]))
