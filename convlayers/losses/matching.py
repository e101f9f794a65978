"""Labels, predictions and weights that fit each other: number types and ranks."""

import numpy as np

from convlayers import nested, ops
from convlayers.autograd import Operand


def convert(x, dtype=None):
    """Returns anything array-like as an array of a dtype. A tensor stays a tensor."""
    if isinstance(x, (np.ndarray, Operand)) and (dtype is None or x.dtype == dtype):
        return x
    return ops.convert_to_tensor(x, dtype)


def convert_structure(structure, dtype):
    """Returns an array of a dtype, or a structure of such. Lists of numbers become arrays, lists of arrays do not."""
    if isinstance(structure, (np.ndarray, Operand)):
        return convert(structure, dtype)
    if isinstance(structure, dict) or any(getattr(leaf, "ndim", 0) for leaf in nested.flatten(structure)):
        return nested.map_structure(lambda leaf: convert(leaf, dtype), structure)
    return convert(structure, dtype)


def squeeze_or_expand_to_same_rank(x1, x2, expand_rank_1=True):
    """Returns two arrays of one rank, if one of them has a last axis of length 1 more than the other.

    That axis is removed; but to an array of one axis it is added, unless `expand_rank_1` is false.
    """
    if x1.ndim == x2.ndim + 1 and x1.shape[-1] == 1:
        if x2.ndim == 1 and expand_rank_1:
            return x1, ops.expand_dims(x2, -1)
        return ops.squeeze(x1, -1), x2
    if x2.ndim == x1.ndim + 1 and x2.shape[-1] == 1:
        if x1.ndim == 1 and expand_rank_1:
            return ops.expand_dims(x1, -1), x2
        return x1, ops.squeeze(x2, -1)
    return x1, x2


def match(y_true, y_pred):
    """Returns labels and predictions as arrays (or tensors) of the predictions' dtype and of one rank."""
    y_pred = convert(y_pred)
    return squeeze_or_expand_to_same_rank(convert(y_true, y_pred.dtype), y_pred)
