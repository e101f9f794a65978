"""How images shrink on their way through a model, for the message when one is too small."""

from convlayers import nested
from convlayers.symbolic import KerasTensor


def sizes_on_the_way(tensor, data_format):
    """Returns the spatial sizes that a symbolic tensor went through, as "28 -> 26 -> 13"; None if there is only one.

    Args:
        tensor: what a layer was called on: a symbolic tensor, a list of which the first counts, or anything else.
        data_format: where its channels are: first for "channels_first".
    """
    tensor = next(iter(nested.flatten(tensor)), None)
    spatial = slice(1, -1) if data_format != "channels_first" else slice(2, None)
    sizes = []
    while isinstance(tensor, KerasTensor):
        size = _as_text(tensor.shape[spatial])
        if size and (not sizes or size != sizes[-1]):
            sizes.append(size)
        source = tensor.node.inputs if tensor.node is not None else ()
        tensor = source[0] if source else None
    return " -> ".join(reversed(sizes)) if len(sizes) > 1 else None


def _as_text(sizes):
    """Returns 28 for a square of 28 x 28 pixels, else 28x14."""
    return str(sizes[0]) if len(set(sizes)) == 1 else "x".join(map(str, sizes))
