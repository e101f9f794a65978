"""Arrays one behind the other."""

from convlayers import ops, shapes
from convlayers.layers.merging.merge import Merge, check_masks, is_list_of_shapes


class Concatenate(Merge):
    """Puts arrays one behind the other along an axis.

    Args:
        axis: int, the axis.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: a list of arrays whose shapes differ on this axis only.

    Output shape: that of the inputs, with the sum of their sizes on this axis.

    Example:

    >>> Concatenate(axis=1)([np.zeros((2, 3, 5)), np.ones((2, 4, 5))]).shape
    (2, 7, 5)
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def build(self, input_shape):
        self.compute_output_shape(input_shape)
        others = [_without_axis(shape, self.axis) for shape in input_shape]
        if not all(_may_be_same(others[0], other) for other in others):
            raise ValueError(
                "A `Concatenate` layer requires inputs with matching shapes except for the concatenation axis. "
                f"Received: input_shape={input_shape}\nThe concatenation axis is {self.axis}."
            )

    def call(self, inputs):
        return ops.concatenate(inputs, self.axis)

    def compute_output_shape(self, input_shape):
        if not is_list_of_shapes(input_shape):
            raise ValueError(
                f"A `Concatenate` layer should be called on a list of at least 1 input. Received: input_shape={input_shape}\n"
                "Write `layer([a, b])` for two inputs a and b."
            )
        for shape in input_shape:
            shapes.check_axis(self.axis, shape)
        sizes = [shape[self.axis] for shape in input_shape]
        output_shape = list(input_shape[0])
        output_shape[self.axis] = None if None in sizes else sum(sizes)
        return tuple(output_shape)

    def compute_mask(self, inputs, mask=None):
        """Returns where one of the numbers along the last axis counts, None if no input has a mask."""
        if mask is None:
            return None
        check_masks(inputs, mask)
        if all(part is None for part in mask):
            return None
        masks = [_spread_mask(x, part) for x, part in zip(inputs, mask, strict=True)]
        return ops.any(ops.concatenate(masks, axis=self.axis), axis=-1)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


def _spread_mask(x, mask):
    """Returns the mask of an input in its shape, or as near to it as it was given."""
    if mask is None:
        return ops.ones_like(x, dtype="bool")
    if len(mask.shape) < len(x.shape):
        return ops.logical_or(ops.expand_dims(mask, axis=-1), ops.zeros_like(x, dtype="bool"))
    return mask


def _without_axis(shape, axis):
    return [size for index, size in enumerate(shape) if index != axis % len(shape)]


def _may_be_same(shape1, shape2):
    return len(shape1) == len(shape2) and all(
        size1 == size2 or None in (size1, size2) for size1, size2 in zip(shape1, shape2, strict=True)
    )


def concatenate(inputs, axis=-1, **kwargs):
    """Returns `Concatenate(axis, **kwargs)(inputs)`."""
    return Concatenate(axis=axis, **kwargs)(inputs)
