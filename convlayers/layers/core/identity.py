"""The layer that does nothing."""

from convlayers import nested
from convlayers.layers.layer import Layer
from convlayers.symbolic import KerasTensor


class Identity(Layer):
    """Returns its inputs: a place in a model where nothing is to be computed.

    Args:
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: any.

    Output shape: that of the input.

    Example:

    >>> Identity()(np.ones((2, 3))).shape
    (2, 3)
    """

    supports_masking = True

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._build_at_init()

    def call(self, inputs):
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, inputs):
        return nested.map_structure(lambda x: KerasTensor(x.shape, x.dtype), inputs)

    def get_config(self):
        return super().get_config()
