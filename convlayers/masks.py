"""Masks: which steps of a sequence count. A mask belongs to an array, or to a tensor, for as long as that lives.

Layers such as `Masking` make masks; those that take a `mask` argument get them, the others pass them on or lose them
(`layers/mask_passing.py`); losses and metrics leave out what is masked.

An array has no room for attributes, so masks are kept in a table, by the identity of the array. A tensor on a tape is known
by its array. A symbolic tensor has room, and keeps its mask itself.
"""

import weakref

import numpy as np

from convlayers.autograd import Operand

# By the `id` of the array. Whoever asks often looks first whether there is anything in it.
remembered_masks = {}


class _Masked(weakref.ref):
    """An array that has a mask. It is forgotten, and the mask with it, when nobody else refers to the array any more."""

    __slots__ = ("key", "mask")

    def __new__(cls, array, mask):
        return super().__new__(cls, array, _forget)

    def __init__(self, array, mask):
        super().__init__(array, _forget)
        self.key = id(array)
        self.mask = mask


def _forget(masked):
    remembered_masks.pop(masked.key, None)


def get_keras_mask(x):
    """Returns the mask of an array or tensor, None if it has none.

    Args:
        x: an array, a tensor, a symbolic tensor, or anything else, which has none.
    """
    if isinstance(x, Operand):
        if x.symbolic:
            return x.mask
        x = x.value
    masked = remembered_masks.get(id(x))
    return None if masked is None else masked.mask


def set_keras_mask(x, mask):
    """Gives a mask to an array or tensor, in place of the one that it has.

    Args:
        x: an array, a tensor or a symbolic tensor.
        mask: array of truth values, False where `x` does not count; None for no mask.
    """
    if isinstance(x, Operand):
        if x.symbolic:
            x.mask = mask
            return
        x = x.value
    if mask is None:
        remembered_masks.pop(id(x), None)
    elif isinstance(x, np.ndarray):  # nothing can refer weakly to a single number
        remembered_masks[id(x)] = _Masked(x, mask)
