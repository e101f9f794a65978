"""Adaptive pooling: the largest or the mean value of each part of the input, for an output of a given size."""

from convlayers import config, ops, shapes
from convlayers.layers.layer import Layer
from convlayers.layers.signatures import documented


class _AdaptivePooling(Layer):
    """Pooling to an output of a given size by the op `pool`. The leaves give it, and the number of spatial axes, `rank`.

    Args:
        output_size: int or tuple of ints, the spatial size of the output. Each axis of the input is divided into so many
            parts, as even as can be; where a part would end within a pixel, its neighbour takes this pixel too.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Raises:
        TypeError: if `output_size` is neither an int nor a tuple of as many ints as there are spatial axes.
        ValueError: if its numbers are not above 0, or `data_format` is another. When called, if the input has no pixels.
    """

    rank = None
    pool = None

    def __init__(self, output_size, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.output_size = _standardize_output_size(output_size, self.rank)
        self.data_format = data_format or config.image_data_format()
        if self.data_format not in ("channels_first", "channels_last"):
            raise ValueError(f"Invalid data_format: {self.data_format}. Expected 'channels_first' or 'channels_last'.")

    def call(self, inputs):
        return self.pool(inputs, self.output_size, self.data_format)

    def compute_output_shape(self, input_shape):
        batch, _, channels = shapes.split_shape(input_shape, self.data_format)
        return shapes.join_shape(batch, self.output_size, channels, self.data_format)

    def get_config(self):
        return {**super().get_config(), "output_size": self.output_size, "data_format": self.data_format}


_WANTED = {1: "tuple of 1 integer", 2: "(height, width) tuple", 3: "(depth, height, width) tuple"}


def _standardize_output_size(output_size, rank):
    several = isinstance(output_size, (tuple, list))
    if several and rank == 1 and len(output_size) != 1:
        raise ValueError(f"For 1D input, `output_size` tuple must have length 1. Received: {output_size}")
    if not isinstance(output_size, int) and not (several and len(output_size) == rank):
        raise TypeError(
            f"`output_size` must be an integer or {_WANTED[rank]}. Received: {output_size} of type {type(output_size)}"
        )
    return shapes.standardize_tuple(output_size, rank, "output_size")


@documented
class AdaptiveMaxPooling1D(_AdaptivePooling):
    """Divides a sequence into parts and takes the largest value of each.

    Args: those of `_AdaptivePooling`.

    Input shape: (batch, steps, channels), or (batch, channels, steps) for data_format="channels_first".

    Output shape: the same with `output_size` steps.

    Example:

    >>> x = np.array([1.0, 2.0, 3.0, 4.0, 5.0]).reshape(1, 5, 1)
    >>> AdaptiveMaxPooling1D(3)(x).ravel()
    [2.0, 4.0, 5.0]
    """

    rank = 1
    pool = staticmethod(ops.adaptive_max_pool)


@documented
class AdaptiveMaxPooling2D(_AdaptivePooling):
    """Divides an image into parts and takes the largest value of each.

    Args: those of `_AdaptivePooling`.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for data_format="channels_first".

    Output shape: the same with the height and width of `output_size`.

    Example:

    >>> AdaptiveMaxPooling2D(7)(np.zeros((1, 100, 80, 3))).shape
    (1, 7, 7, 3)
    """

    rank = 2
    pool = staticmethod(ops.adaptive_max_pool)


@documented
class AdaptiveMaxPooling3D(_AdaptivePooling):
    """Divides a volume or a film into parts and takes the largest value of each.

    Args: those of `_AdaptivePooling`.

    Input shape: (batch, depth, height, width, channels), or (batch, channels, depth, height, width) for
    data_format="channels_first".

    Output shape: the same with the depth, height and width of `output_size`.

    Example:

    >>> AdaptiveMaxPooling3D(4)(np.zeros((1, 10, 10, 9, 3))).shape
    (1, 4, 4, 4, 3)
    """

    rank = 3
    pool = staticmethod(ops.adaptive_max_pool)


@documented
class AdaptiveAveragePooling1D(_AdaptivePooling):
    """Divides a sequence into parts and takes the mean of each.

    Args: those of `_AdaptivePooling`.

    Input shape: (batch, steps, channels), or (batch, channels, steps) for data_format="channels_first".

    Output shape: the same with `output_size` steps.

    Example:

    >>> x = np.array([1.0, 2.0, 3.0, 4.0, 5.0]).reshape(1, 5, 1)
    >>> AdaptiveAveragePooling1D(3)(x).ravel()
    [1.5, 3.0, 4.5]
    """

    rank = 1
    pool = staticmethod(ops.adaptive_average_pool)


@documented
class AdaptiveAveragePooling2D(_AdaptivePooling):
    """Divides an image into parts and takes the mean of each.

    Args: those of `_AdaptivePooling`.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for data_format="channels_first".

    Output shape: the same with the height and width of `output_size`.

    Example:

    >>> AdaptiveAveragePooling2D((8, 4))(np.zeros((1, 100, 80, 3))).shape
    (1, 8, 4, 3)
    """

    rank = 2
    pool = staticmethod(ops.adaptive_average_pool)


@documented
class AdaptiveAveragePooling3D(_AdaptivePooling):
    """Divides a volume or a film into parts and takes the mean of each.

    Args: those of `_AdaptivePooling`.

    Input shape: (batch, depth, height, width, channels), or (batch, channels, depth, height, width) for
    data_format="channels_first".

    Output shape: the same with the depth, height and width of `output_size`.

    Example:

    >>> AdaptiveAveragePooling3D((2, 4, 4))(np.zeros((1, 10, 10, 9, 3))).shape
    (1, 2, 4, 4, 3)
    """

    rank = 3
    pool = staticmethod(ops.adaptive_average_pool)
