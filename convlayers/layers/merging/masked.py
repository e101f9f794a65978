"""Merging of inputs of which some do not count everywhere."""

from functools import reduce

from convlayers import ops
from convlayers.masks import get_keras_mask, remembered_masks, set_keras_mask
from convlayers.ops.merging import merge


def extreme(kind, inputs):
    """Returns the largest or smallest of arrays. Where one is masked, the others decide alone.

    Args:
        kind: "maximum" or "minimum", the name of an op.
        inputs: list of arrays.
    """
    if not remembered_masks:
        return merge(kind, inputs)
    op = getattr(ops, kind)
    output, *others = inputs
    output_mask = _spread_mask(output)
    for x in others:
        mask = _spread_mask(x)
        if mask is not None:
            x = ops.where(mask, x, output)
        if output_mask is not None:
            output = ops.where(output_mask, output, x)
        output_mask = None if mask is None or output_mask is None else ops.logical_or(output_mask, mask)
        output = op(output, x)
    return _with_mask_of_steps(output, output_mask)


def product(inputs):
    """Returns the product of arrays. Where one is masked, it counts as 1; where all are, the product is 0."""
    if not remembered_masks:
        return merge("product", inputs)
    masks = [_spread_mask(x) for x in inputs]
    output = reduce(ops.multiply, [x if mask is None else ops.where(mask, x, 1) for x, mask in zip(inputs, masks, strict=True)])
    if any(mask is None for mask in masks):
        return output
    output_mask = reduce(ops.logical_or, masks)
    return _with_mask_of_steps(ops.where(output_mask, output, 0), output_mask)


def _spread_mask(x):
    """Returns the mask of an array in the array's shape, None if it has none."""
    mask = get_keras_mask(x)
    return None if mask is None else ops.broadcast_to(ops.expand_dims(mask, -1), x.shape)


def _with_mask_of_steps(output, mask):
    if mask is not None:
        set_keras_mask(output, ops.any(mask, axis=-1))
    return output
