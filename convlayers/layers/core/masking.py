"""Steps of a sequence that are there to fill it up."""

from convlayers import ops
from convlayers.layers.layer import Layer
from convlayers.masks import set_keras_mask
from convlayers.serialization import deserialize_keras_object


class Masking(Layer):
    """Masks the steps of a sequence at which all features have one value.

    Layers behind it that know masks leave these steps out, and so do losses and metrics. A layer that does not support masks
    loses them, with a warning.

    Args:
        mask_value: number, the value.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (batch, steps, ..., features).

    Output shape: that of the input. Masked steps are 0.

    Example:

    >>> Masking()(np.array([[[1.0, 2.0], [0.0, 0.0]]])).shape  # the second step is masked
    (1, 2, 2)
    """

    def __init__(self, mask_value=0.0, **kwargs):
        super().__init__(**kwargs)
        if isinstance(mask_value, dict) and mask_value.get("config"):
            mask_value = deserialize_keras_object(mask_value)
        self.mask_value = mask_value
        self._build_at_init()

    def compute_mask(self, inputs, mask=None):
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs):
        mask = self.compute_mask(inputs)
        outputs = ops.where(ops.expand_dims(mask, -1), inputs, 0)
        set_keras_mask(outputs, mask)
        return outputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "mask_value": self.mask_value}
