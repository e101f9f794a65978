"""Pooling: the largest or the mean value of each window."""

from convlayers import ops, shapes
from convlayers.config import standardize_data_format
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.layer import Layer
from convlayers.layers.signatures import documented, with_defaults
from convlayers.padding import standardize_pool_pads
from convlayers.symbolic import KerasTensor


class _Pooling(Layer):
    """Pooling over `rank` spatial axes by the op `pool`, which has an `option` of its own. The leaves give all three.

    Args:
        pool_size: int or tuple of ints, the size of the window.
        strides: int or tuple of ints, how far the window moves between two outputs; None stands for `pool_size`.
        padding: "valid" takes only windows that lie inside the input. "same" takes so many that the output has
            ceil(input / strides) pixels; what lies outside of the input does not count, in a mean either.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        name: the layer's name.
        kwargs: arguments of `Layer`, as `dtype`.

    Beyond Keras: `padding` may also be numbers of pixels, less than a window has: an int for all sides, a tuple of ints, one
        for both sides of each axis, or a tuple of pairs (in front, behind). `dilation_rate`, int or tuple of ints, is the
        distance of the pixels that a window takes. With `ceil_mode=True`, a last window that reaches beyond the padding is
        taken too, if it begins before. `AveragePooling` has `count_include_pad`: with True, the padding counts, as zeros.
        `MaxPooling` has `return_indices`: with True, the output is a pair, the largest values, and where they are, as int64.
        An index counts the pixels of the input in the order of its spatial axes, without batch and channels: for an image,
        row * width + column.

    Raises:
        ValueError: if an argument is none of these. When called, if the window is larger than the input.
    """

    rank = None
    pool = None
    option = None
    return_indices = False

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        dilation_rate = kwargs.pop("dilation_rate", 1)
        switches = {switch: bool(kwargs.pop(switch, False)) for switch in ("ceil_mode", self.option)}
        super().__init__(name=name, **kwargs)
        self.pool_size = shapes.standardize_tuple(pool_size, self.rank, "pool_size")
        self.strides = shapes.standardize_tuple(self.pool_size if strides is None else strides, self.rank, "strides")
        self.dilation_rate = shapes.standardize_tuple(dilation_rate, self.rank, "dilation_rate")
        self.padding = standardize_pool_pads(padding, self.pool_size, self.dilation_rate)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        for switch, value in switches.items():
            setattr(self, switch, value)
        self._build_at_init()

    def call(self, inputs):
        return self.pool(inputs, self.pool_size, self.strides, self.padding, self.data_format, **self._options())

    def _options(self):
        """Returns the arguments that Keras does not have."""
        return {"dilation_rate": self.dilation_rate, "ceil_mode": self.ceil_mode, self.option: getattr(self, self.option)}

    def _beyond_keras(self):
        """Returns the arguments that Keras does not have, those that are used."""
        return {name: value for name, value in self._options().items() if value not in (False, (1,) * self.rank)}

    def compute_output_shape(self, input_shape):
        shape = shapes.compute_pooling_output_shape(
            input_shape, self.pool_size, self.strides, self.padding, self.data_format, self.dilation_rate, self.ceil_mode
        )
        return (shape, shape) if self.return_indices else shape

    def compute_output_spec(self, inputs, **kwargs):
        outputs = super().compute_output_spec(inputs, **kwargs)
        if not self.return_indices:
            return outputs
        largest, indices = outputs
        return largest, KerasTensor(indices.shape, "int64")

    def get_config(self):
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "padding": self.padding if isinstance(self.padding, str) else [list(pair) for pair in self.padding],
            "strides": self.strides,
            "data_format": self.data_format,
            **self._beyond_keras(),
        }


@documented
class MaxPooling1D(_Pooling):
    """Takes the largest value of each window of a sequence.

    Args: those of `_Pooling`.

    Input shape: (batch, steps, channels), or (batch, channels, steps) for data_format="channels_first".

    Output shape: the same with fewer steps.

    Example:

    >>> x = np.array([1.0, 2.0, 3.0, 4.0, 5.0]).reshape(1, 5, 1)
    >>> MaxPooling1D(pool_size=2, strides=1)(x).ravel()
    [2.0, 3.0, 4.0, 5.0]
    """

    rank = 1
    pool = staticmethod(ops.max_pool)
    option = "return_indices"
    __init__ = with_defaults(_Pooling.__init__, pool_size=2)


@documented
class MaxPooling2D(_Pooling):
    """Takes the largest value of each window of an image.

    Args: those of `_Pooling`.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for data_format="channels_first".

    Output shape: the same with fewer pixels.

    Example:

    >>> x = np.arange(1.0, 10.0).reshape(1, 3, 3, 1)
    >>> MaxPooling2D(pool_size=2, strides=1)(x)[0, :, :, 0]
    [[5.0, 6.0], [8.0, 9.0]]
    """

    rank = 2
    pool = staticmethod(ops.max_pool)
    option = "return_indices"
    __init__ = with_defaults(_Pooling.__init__, pool_size=(2, 2))


@documented
class MaxPooling3D(_Pooling):
    """Takes the largest value of each window of a volume or a film.

    Args: those of `_Pooling`.

    Input shape: (batch, depth, height, width, channels), or (batch, channels, depth, height, width) for
    data_format="channels_first".

    Output shape: the same with fewer pixels.

    Example:

    >>> MaxPooling3D(pool_size=3)(np.ones((1, 6, 6, 6, 2))).shape
    (1, 2, 2, 2, 2)
    """

    rank = 3
    pool = staticmethod(ops.max_pool)
    option = "return_indices"
    __init__ = with_defaults(_Pooling.__init__, pool_size=(2, 2, 2))


@documented
class AveragePooling1D(_Pooling):
    """Takes the mean of each window of a sequence.

    Args: those of `_Pooling`.

    Input shape: (batch, steps, channels), or (batch, channels, steps) for data_format="channels_first".

    Output shape: the same with fewer steps.

    Example:

    >>> x = np.array([1.0, 2.0, 3.0, 4.0, 5.0]).reshape(1, 5, 1)
    >>> AveragePooling1D(pool_size=2, strides=1)(x).ravel()
    [1.5, 2.5, 3.5, 4.5]
    """

    rank = 1
    pool = staticmethod(ops.average_pool)
    option = "count_include_pad"


@documented
class AveragePooling2D(_Pooling):
    """Takes the mean of each window of an image.

    Args: those of `_Pooling`.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for data_format="channels_first".

    Output shape: the same with fewer pixels.

    Example:

    >>> x = np.arange(1.0, 10.0).reshape(1, 3, 3, 1)
    >>> AveragePooling2D(pool_size=2, strides=1)(x)[0, :, :, 0]
    [[3.0, 4.0], [6.0, 7.0]]
    """

    rank = 2
    pool = staticmethod(ops.average_pool)
    option = "count_include_pad"


@documented
class AveragePooling3D(_Pooling):
    """Takes the mean of each window of a volume or a film.

    Args: those of `_Pooling`.

    Input shape: (batch, depth, height, width, channels), or (batch, channels, depth, height, width) for
    data_format="channels_first".

    Output shape: the same with fewer pixels.

    Example:

    >>> AveragePooling3D(pool_size=3)(np.ones((1, 6, 6, 6, 2))).shape
    (1, 2, 2, 2, 2)
    """

    rank = 3
    pool = staticmethod(ops.average_pool)
    option = "count_include_pad"
