"""Another shape for each sample."""

from convlayers import ops, shapes
from convlayers.layers.reshaping.reshaping import Reshaping


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
        self.target_shape = shapes.standardize_reshape(target_shape, "target_shape")
        self._build_at_init()

    def call(self, inputs):
        return ops.reshape(inputs, self.compute_output_shape(inputs.shape))

    def compute_output_shape(self, input_shape):
        batch, *sizes = input_shape
        return (batch, *shapes.compute_reshape_output_shape(tuple(sizes), self.target_shape, "target_shape"))

    def get_config(self):
        return {**super().get_config(), "target_shape": self.target_shape}
