"""A batch as one tuple, and its parts."""

from convlayers import nested


def unpack_x_y_sample_weight(data):
    """Returns the three parts of a batch, None for those that are not there.

    Args:
        data: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`.

    Raises:
        ValueError: if it has more parts.
    """
    if not isinstance(data, (list, tuple)):
        return data, None, None
    if len(data) > 3:
        raise ValueError(
            "Data is expected to be in format `x`, `(x,)`, `(x, y)`, or `(x, y, sample_weight)`, "
            f"found: {nested.map_structure(describe, data)}"
        )
    return (*data, None, None)[:3]


def pack_x_y_sample_weight(x, y=None, sample_weight=None):
    """Returns the parts of a batch as `fit` takes them: without those that are None."""
    if y is None:
        return (x,) if isinstance(x, (list, tuple)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def describe(leaf):
    """Returns what a message says of a part of a batch."""
    return f"array of shape {leaf.shape}" if hasattr(leaf, "shape") else leaf
