"""Normalization to a norm of 1."""

from convlayers import shapes
from convlayers.layers.layer import Layer
from convlayers.ops.sample_normalization import unit_normalization


class UnitNormalization(Layer):
    """Divides each sample by its norm along some axes: afterwards, its squares add up to 1.

    Args:
        axis: int, or a list of ints: the axes along which squares are added up.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: any.

    Output shape: that of the input.

    Raises:
        TypeError: if `axis` is no such thing.
        ValueError: when called, if there is no such axis.

    Example:

    >>> UnitNormalization()(np.array([[3.0, 4.0]]))
    [[0.6, 0.8]]
    """

    supports_masking = True

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(axis, (int, list, tuple)):
            raise TypeError(
                f"Invalid value for `axis` argument: expected an int or a list/tuple of ints. Received: axis={axis}"
            )
        self.axis = axis if isinstance(axis, int) else list(axis)
        self._build_at_init()

    def call(self, inputs):
        return unit_normalization(inputs, self.axis)

    def compute_output_shape(self, input_shape):
        shapes.check_axis(self.axis, input_shape)
        return input_shape

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}
