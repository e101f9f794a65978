"""Axes split, exchanged and joined, as a pattern says."""

import math
import re

from convlayers.autograd import differentiable
from convlayers.ops.dtypes import as_array


@differentiable
def rearrange(tensor, pattern, **axes_lengths):
    """Splits, exchanges and joins axes.

    Args:
        pattern: names of the axes before and behind "->", with those that are joined in parentheses.
        axes_lengths: the lengths of axes that are split off, by name. One of each pair of parentheses can be left out.

    Raises:
        ValueError: if the pattern does not fit the shape, or itself.

    Example:

    >>> keras.ops.rearrange(images, "b (h1 h) (w1 w) c -> (b h1 w1) h w c", h1=2, w1=2)  # four quarters of each image
    """
    x = as_array(tensor)
    before, after = map(_groups, pattern.split("->"))
    lengths = dict(axes_lengths)
    for group, length in zip(before, x.shape, strict=False):  # the check below says what is wrong
        for name in group:
            others = math.prod(lengths.get(other, 1) for other in group if other != name)
            lengths.setdefault(name, length // others)
    names = [name for group in before for name in group]
    order = [name for group in after for name in group]
    split = [lengths.get(name, 1) for name in names]
    if len(before) != x.ndim or sorted(names) != sorted(order) or math.prod(split) != x.size:
        raise ValueError(
            "The pattern must name each axis once on both sides, and lengths must multiply to those of the array. "
            f"Received: pattern='{pattern}', lengths {axes_lengths}, tensor.shape={x.shape}"
        )
    moved = x.reshape(split).transpose([names.index(name) for name in order])

    def backward(d_y):
        return d_y.reshape(moved.shape).transpose([order.index(name) for name in names]).reshape(x.shape)

    return moved.reshape([math.prod(lengths[name] for name in group) for group in after]), backward


def _groups(side):
    """Returns the names of one side of a pattern, those that share an axis together."""
    return [re.findall(r"\w+", axis) for axis in re.findall(r"\(.*?\)|\w+", side)]
