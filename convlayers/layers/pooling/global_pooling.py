"""Global pooling: the largest or the mean value of each channel."""

from convlayers import ops, shapes
from convlayers.config import standardize_data_format
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.layer import Layer
from convlayers.layers.signatures import documented


class _GlobalPooling(Layer):
    """Pooling of all pixels by the op `pool`. The leaves give it, and the number of spatial axes, `rank`.

    Args:
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        keepdims: whether the output keeps the spatial axes, with size 1.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Raises:
        ValueError: if an argument is none of these.
    """

    rank = None
    pool = None

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self._build_at_init()

    def call(self, inputs):
        return self.pool(inputs, self.data_format, self.keepdims)

    def compute_output_shape(self, input_shape):
        batch, spatial, channels = shapes.split_shape(input_shape, self.data_format)
        return shapes.join_shape(batch, (1,) * len(spatial) if self.keepdims else (), channels, self.data_format)

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format, "keepdims": self.keepdims}


@documented
class GlobalMaxPooling1D(_GlobalPooling):
    """Takes the largest value of each channel of a sequence.

    Args: those of `_GlobalPooling`.

    Input shape: (batch, steps, channels), or (batch, channels, steps) for data_format="channels_first".

    Output shape: (batch, channels); with `keepdims`, all axes of the input.

    Example:

    >>> GlobalMaxPooling1D()(np.zeros((2, 3, 4))).shape
    (2, 4)
    """

    rank = 1
    pool = staticmethod(ops.global_max_pool)


@documented
class GlobalMaxPooling2D(_GlobalPooling):
    """Takes the largest value of each channel of an image.

    Args: those of `_GlobalPooling`.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for data_format="channels_first".

    Output shape: (batch, channels); with `keepdims`, all axes of the input.

    Example:

    >>> GlobalMaxPooling2D()(np.zeros((2, 4, 5, 3))).shape
    (2, 3)
    """

    rank = 2
    pool = staticmethod(ops.global_max_pool)


@documented
class GlobalMaxPooling3D(_GlobalPooling):
    """Takes the largest value of each channel of a volume or a film.

    Args: those of `_GlobalPooling`.

    Input shape: (batch, depth, height, width, channels), or (batch, channels, depth, height, width) for
    data_format="channels_first".

    Output shape: (batch, channels); with `keepdims`, all axes of the input.

    Example:

    >>> GlobalMaxPooling3D()(np.zeros((2, 4, 5, 4, 3))).shape
    (2, 3)
    """

    rank = 3
    pool = staticmethod(ops.global_max_pool)


@documented
class GlobalAveragePooling1D(_GlobalPooling):
    """Takes the mean of each channel of a sequence.

    Args: those of `_GlobalPooling`.

    Call arguments:
        inputs: array of shape (batch, steps, channels).
        mask: array of shape (batch, steps): which steps count. All by default. A sequence of which none count has no mean,
            but NaN.

    Input shape: (batch, steps, channels), or (batch, channels, steps) for data_format="channels_first".

    Output shape: (batch, channels); with `keepdims`, all axes of the input.

    Example:

    >>> GlobalAveragePooling1D()(np.zeros((2, 3, 4))).shape
    (2, 4)
    """

    rank = 1
    pool = staticmethod(ops.global_average_pool)

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        if mask is None:
            return super().call(inputs)
        steps, channels = (1, 2) if self.data_format == "channels_last" else (2, 1)
        mask = ops.cast(ops.expand_dims(mask, channels), "bool")
        total = ops.sum(ops.where(mask, inputs, 0), steps, self.keepdims)
        return total / ops.sum(ops.cast(mask, inputs.dtype), steps, self.keepdims)

    def compute_mask(self, inputs, mask=None):
        return None  # There are no steps any more.


@documented
class GlobalAveragePooling2D(_GlobalPooling):
    """Takes the mean of each channel of an image.

    Args: those of `_GlobalPooling`.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for data_format="channels_first".

    Output shape: (batch, channels); with `keepdims`, all axes of the input.

    Example:

    >>> GlobalAveragePooling2D()(np.zeros((2, 4, 5, 3))).shape
    (2, 3)
    """

    rank = 2
    pool = staticmethod(ops.global_average_pool)


@documented
class GlobalAveragePooling3D(_GlobalPooling):
    """Takes the mean of each channel of a volume or a film.

    Args: those of `_GlobalPooling`.

    Input shape: (batch, depth, height, width, channels), or (batch, channels, depth, height, width) for
    data_format="channels_first".

    Output shape: (batch, channels); with `keepdims`, all axes of the input.

    Example:

    >>> GlobalAveragePooling3D()(np.zeros((2, 4, 5, 4, 3))).shape
    (2, 3)
    """

    rank = 3
    pool = staticmethod(ops.global_average_pool)
