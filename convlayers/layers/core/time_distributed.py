"""The same layer for each step of a sequence."""

from convlayers import ops
from convlayers.layers.core.wrapper import Wrapper
from convlayers.layers.layer import Layer


class TimeDistributed(Wrapper):
    """Applies a layer to each step of a sequence, with the same weights.

    Args:
        layer: the layer, for instance a `Conv2D` for the images of a film.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Call arguments:
        inputs: an array.
        training: passed on to the layer, if it has that argument.
        mask: array of truth values, of shape (batch, steps) or with more axes. The layer gets that of each step, if it has
            that argument.

    Input shape: (batch, steps, ...), where the layer takes (batch, ...).

    Output shape: (batch, steps, ...), where the layer gives (batch, ...).

    Raises:
        ValueError: if `layer` is none. When called, if the inputs have less than three axes, or the mask does not fit.

    Example:

    >>> TimeDistributed(Conv2D(4, 3))(np.ones((2, 10, 8, 8, 3))).shape
    (2, 10, 6, 6, 4)
    """

    supports_masking = True

    def __init__(self, layer, **kwargs):
        if not isinstance(layer, Layer):
            raise ValueError(
                f"Please initialize `TimeDistributed` layer with a `keras.layers.Layer` instance. Received: {layer}"
            )
        super().__init__(layer, **kwargs)

    def build(self, input_shape):
        super().build(_shape_of_step(input_shape))

    def call(self, inputs, training=None, mask=None):
        if mask is not None:
            _check_mask(inputs.shape, mask.shape)
        signature = self.layer._call_signature
        kwargs = {"training": training} if signature.takes_training else {}
        steps = ops.unstack(inputs, axis=1)
        if mask is None or not signature.takes_mask:
            outputs = [self.layer.call(step, **kwargs) for step in steps]
        else:
            masks = ops.unstack(mask, axis=1)
            outputs = [self.layer.call(step, mask=part, **kwargs) for step, part in zip(steps, masks, strict=True)]
        return ops.stack(outputs, axis=1)

    def compute_output_shape(self, input_shape):
        batch, *others = self.layer.compute_output_shape(_shape_of_step(input_shape))
        return (batch, input_shape[1], *others)


def _shape_of_step(input_shape):
    if not isinstance(input_shape, (tuple, list)) or len(input_shape) < 3:
        raise ValueError(
            "`TimeDistributed` Layer should be passed an `input_shape` with at least 3 dimensions, received: "
            f"{input_shape}\nThe axes are the batch, the steps, and those that the layer takes."
        )
    return (input_shape[0], *input_shape[2:])


def _check_mask(input_shape, mask_shape):
    if len(mask_shape) < 2:
        raise ValueError(
            "The `mask` passed to the `TimeDistributed` layer must be at least 2D (e.g., `(batch_size, timesteps)`), but it "
            f"has {len(mask_shape)} dimension(s) with shape {mask_shape}."
        )
    if mask_shape[:2] != input_shape[:2]:
        raise ValueError(
            f"The `mask` passed to the `TimeDistributed` layer has a shape {mask_shape} that is incompatible with the input "
            f"shape {input_shape}. The first two dimensions of the mask (batch size and timesteps) must match the input's "
            f"first two dimensions. Expected mask shape prefix: ({input_shape[0]}, {input_shape[1]})."
        )
