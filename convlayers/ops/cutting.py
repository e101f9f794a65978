"""Arrays cut into parts."""

import numpy as np

from convlayers.autograd import differentiable
from convlayers.ops.dtypes import as_array
from convlayers.symbolic import KerasTensor, one_node, runs_for_shapes, with_shapes


@differentiable
def split(x, indices_or_sections, axis=0):
    """Cuts an array along an axis.

    Args:
        indices_or_sections: the number of equal parts, or a list of the indices to cut at.

    Returns:
        A list of arrays.

    Raises:
        ValueError: if there is no such axis, or its length can't be divided so.
    """
    x = as_array(x)
    if not -x.ndim <= axis < x.ndim:
        raise np.exceptions.AxisError(axis, x.ndim)
    if isinstance(indices_or_sections, int) and x.shape[axis] % indices_or_sections:
        raise ValueError(
            "`x` size on given `axis` must be divisible by `indices_or_sections` when `indices_or_sections` is an int. But "
            f"received {x.shape[axis]} and {indices_or_sections}."
        )
    parts = np.split(x, indices_or_sections, axis)
    shapes = [part.shape for part in parts]

    def backward(d_parts):
        return np.concatenate(_or_zeros(d_parts, shapes), axis)

    return parts, backward


def unstack(x, num=None, axis=0):
    """Cuts an array into its entries along an axis, which is removed.

    Args:
        num: the length of the axis; it need not be given, unless that is unknown in a graph.

    Returns:
        A list of arrays.

    Raises:
        ValueError: if the length is unknown.
    """
    if num is None and isinstance(x, KerasTensor) and x.shape[axis:][:1] == (None,):
        raise ValueError(
            f"Cannot infer argument `num` from shape {x.shape}. Either provide a tensor with a concrete shape in the `axis` "
            "dimension or explicitly pass the `num` argument."
        )
    return _unstack(x, num, axis)


@differentiable
def _unstack(x, num, axis):
    x = np.moveaxis(as_array(x), axis, 0)
    if num is not None and runs_for_shapes():
        x = np.resize(x, (num, *x.shape[1:]))
    shapes = [entry.shape for entry in x]

    def backward(d_parts):
        return np.stack(_or_zeros(d_parts, shapes), axis)

    return list(x), backward


def _or_zeros(gradients, shapes):
    """Returns the gradients of several results, with zeros for results that nothing used."""
    dtype = next(gradient.dtype for gradient in gradients if gradient is not None)
    return [np.zeros(shape, dtype) if gradient is None else gradient for gradient, shape in zip(gradients, shapes, strict=True)]


def _mend_parts(parts, x, indices_or_sections, axis=0):
    if x.shape[axis] is None and isinstance(indices_or_sections, int):
        for part in parts:
            part.shape = tuple(None if place == axis % len(x.shape) else n for place, n in enumerate(part.shape))


@with_shapes(_mend_parts)
@one_node
def array_split(x, indices_or_sections, axis=0):
    """Cuts an array along an axis, as `split` does, into parts that may differ by one where they cannot be equal."""
    if isinstance(indices_or_sections, int):
        length, parts = np.shape(x)[axis], indices_or_sections
        longer = length % parts
        sizes = [length // parts + (part < longer) for part in range(parts)]
        indices_or_sections = np.cumsum(sizes[:-1]).tolist()
    return split(x, indices_or_sections, axis)


def hsplit(x, indices_or_sections):
    """Cuts an array along its second axis, a vector along its only one."""
    return split(x, indices_or_sections, axis=1 if len(np.shape(x)) > 1 else 0)


def vsplit(x, indices_or_sections):
    """Cuts an array along its first axis."""
    return split(x, indices_or_sections, axis=0)


def dsplit(x, indices_or_sections):
    """Cuts an array along its third axis."""
    return split(x, indices_or_sections, axis=2)
