"""The axes of each sample in another order."""

from convlayers import ops
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.reshaping.reshaping import Reshaping
from convlayers.validation import without_array


class Permute(Reshaping):
    """Brings the axes of each sample into another order.

    Args:
        dims: tuple of ints, the axes in their new order, counted from 1, without the batch.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (batch, ...), with as many axes as `dims` has, and the batch.

    Output shape: that of the input, in the order of `dims`.

    Raises:
        ValueError: if `dims` has not each axis once.

    Example:

    >>> Permute((2, 1))(np.ones((3, 10, 64))).shape
    (3, 64, 10)
    """

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        dims = without_array(dims)
        self.dims = tuple(dims)
        if sorted(dims) != list(range(1, len(dims) + 1)):
            raise ValueError(
                "Invalid permutation argument `dims` for Permute Layer. The set of indices in `dims` must be consecutive and "
                f"start from 1. Received dims={dims}\nThe batch is axis 0, and stays where it is."
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs):
        return ops.transpose(inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[axis] for axis in (0, *self.dims))

    def get_config(self):
        return {**super().get_config(), "dims": self.dims}
