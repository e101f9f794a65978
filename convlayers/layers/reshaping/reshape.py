"""Another shape for each sample."""

import math

from convlayers import ops
from convlayers.layers.reshaping.reshaping import Reshaping
from convlayers.shapes import as_size


class Reshape(Reshaping):
    """Gives each sample another shape.

    Args:
        target_shape: tuple of ints, the shape of a sample. One of them may be -1, for what remains.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (batch, ...).

    Output shape: (batch, *target_shape).

    Raises:
        ValueError: if `target_shape` is no shape. When called, if a sample has not as many values.

    Example:

    >>> Reshape((3, 4))(np.zeros((10, 12))).shape
    (10, 3, 4)
    >>> Reshape((-1, 2, 2))(np.zeros((10, 12))).shape
    (10, 3, 2, 2)
    """

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        self.target_shape = _standardized(tuple(target_shape))
        self._build_at_init()

    def call(self, inputs):
        return ops.reshape(inputs, self.compute_output_shape(inputs.shape))

    def compute_output_shape(self, input_shape):
        batch, *sizes = input_shape
        return (batch, *_filled(self.target_shape, tuple(sizes)))

    def get_config(self):
        return {**super().get_config(), "target_shape": self.target_shape}


def _standardized(target_shape):
    """Returns a shape as ints, of which one may be -1."""
    message = f"The `target_shape` argument must be a tuple of integers. Received target_shape={target_shape}"
    sizes = tuple(size if size is None else as_size(size, message) for size in target_shape)
    if any(size is not None and size < -1 for size in sizes):
        raise ValueError(
            "Each dimension in `target_shape` must be a non-negative integer, or `-1` for a single unknown dimension. "
            f"Received: target_shape={sizes}."
        )
    if sizes.count(-1) > 1:
        raise ValueError(f"There must be at most one unknown dimension (-1) in `target_shape`. Received: target_shape={sizes}.")
    return sizes


def _filled(target_shape, input_shape):
    """Returns the target shape with -1 replaced by what remains of the input's, or by None where that is unknown."""
    if None in input_shape or None in target_shape:
        return tuple(None if size == -1 else size for size in target_shape)
    values = math.prod(input_shape)
    known = math.prod(size for size in target_shape if size != -1)
    received = f"Received: input_shape={input_shape}, target_shape={target_shape}"
    if -1 not in target_shape:
        if values != known:
            raise ValueError(
                f"The total size of the tensor must be unchanged. {received}\n"
                f"The input has {values} values, the target shape {known}."
            )
        return target_shape
    if known == 0 or values % known != 0:
        raise ValueError(
            "The total size of the tensor must be unchanged, however, the input size cannot by divided by the "
            f"specified dimensions in target_shape. {received}\nThe input has {values} values, which {known} does not divide."
        )
    return tuple(values // known if size == -1 else size for size in target_shape)
