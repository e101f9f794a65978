"""Pooling: the largest or the mean value of each window, or of the whole image."""

from convlayers import ops, shapes
from convlayers.config import standardize_data_format
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.layer import Layer
from convlayers.layers.signatures import with_defaults


class _Pooling(Layer):
    """Pooling over `rank` spatial axes by the op `pool`, which the leaves give."""

    rank = None
    pool = None

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        """Makes the layer.

        Args:
            pool_size: int or tuple of ints, the size of the window.
            strides: int or tuple of ints, how far the window moves between two outputs; None stands for `pool_size`.
            padding: "valid" takes only windows that lie inside the input. "same" takes so many that the output has
                ceil(input / strides) pixels; what lies outside of the input does not count, in a mean either.
            data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
            name: the layer's name.
            kwargs: arguments of `Layer`, as `dtype`.

        Raises:
            ValueError: if an argument is none of these. When called, if the window is larger than the input.
        """
        super().__init__(name=name, **kwargs)
        self.pool_size = shapes.standardize_tuple(pool_size, self.rank, "pool_size")
        self.strides = shapes.standardize_tuple(self.pool_size if strides is None else strides, self.rank, "strides")
        self.padding = shapes.standardize_pool_padding(padding)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs):
        return self.pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)

    def compute_output_shape(self, input_shape):
        return shapes.compute_pooling_output_shape(input_shape, self.pool_size, self.strides, self.padding, self.data_format)

    def get_config(self):
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "padding": self.padding,
            "strides": self.strides,
            "data_format": self.data_format,
        }


class MaxPooling1D(_Pooling):
    """Takes the largest value of each window of a sequence.

    Input shape: (batch, steps, channels), or (batch, channels, steps) for data_format="channels_first".

    Output shape: the same with fewer steps.

    Example:

    >>> x = np.array([1.0, 2.0, 3.0, 4.0, 5.0]).reshape(1, 5, 1)
    >>> MaxPooling1D(pool_size=2, strides=1)(x).ravel()
    [2.0, 3.0, 4.0, 5.0]
    """

    rank = 1
    pool = staticmethod(ops.max_pool)
    __init__ = with_defaults(_Pooling.__init__, pool_size=2)


class MaxPooling2D(_Pooling):
    """Takes the largest value of each window of an image.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for data_format="channels_first".

    Output shape: the same with fewer pixels.

    Example:

    >>> x = np.arange(1.0, 10.0).reshape(1, 3, 3, 1)
    >>> MaxPooling2D(pool_size=2, strides=1)(x)[0, :, :, 0]
    [[5.0, 6.0], [8.0, 9.0]]
    """

    rank = 2
    pool = staticmethod(ops.max_pool)
    __init__ = with_defaults(_Pooling.__init__, pool_size=(2, 2))


class MaxPooling3D(_Pooling):
    """Takes the largest value of each window of a volume or a film.

    Input shape: (batch, depth, height, width, channels), or (batch, channels, depth, height, width) for
    data_format="channels_first".

    Output shape: the same with fewer pixels.

    Example:

    >>> MaxPooling3D(pool_size=3)(np.ones((1, 6, 6, 6, 2))).shape
    (1, 2, 2, 2, 2)
    """

    rank = 3
    pool = staticmethod(ops.max_pool)
    __init__ = with_defaults(_Pooling.__init__, pool_size=(2, 2, 2))


class AveragePooling1D(_Pooling):
    """Takes the mean of each window of a sequence.

    Input shape: (batch, steps, channels), or (batch, channels, steps) for data_format="channels_first".

    Output shape: the same with fewer steps.

    Example:

    >>> x = np.array([1.0, 2.0, 3.0, 4.0, 5.0]).reshape(1, 5, 1)
    >>> AveragePooling1D(pool_size=2, strides=1)(x).ravel()
    [1.5, 2.5, 3.5, 4.5]
    """

    rank = 1
    pool = staticmethod(ops.average_pool)


class AveragePooling2D(_Pooling):
    """Takes the mean of each window of an image.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for data_format="channels_first".

    Output shape: the same with fewer pixels.

    Example:

    >>> x = np.arange(1.0, 10.0).reshape(1, 3, 3, 1)
    >>> AveragePooling2D(pool_size=2, strides=1)(x)[0, :, :, 0]
    [[3.0, 4.0], [6.0, 7.0]]
    """

    rank = 2
    pool = staticmethod(ops.average_pool)


class AveragePooling3D(_Pooling):
    """Takes the mean of each window of a volume or a film.

    Input shape: (batch, depth, height, width, channels), or (batch, channels, depth, height, width) for
    data_format="channels_first".

    Output shape: the same with fewer pixels.

    Example:

    >>> AveragePooling3D(pool_size=3)(np.ones((1, 6, 6, 6, 2))).shape
    (1, 2, 2, 2, 2)
    """

    rank = 3
    pool = staticmethod(ops.average_pool)
