"""Convolution layers."""

from convlayers import ops, validation
from convlayers.layers.convolutional.base_conv import BaseConv
from convlayers.layers.core.unsupported_arguments import refuse
from convlayers.layers.signatures import documented, with_defaults


class _Conv(BaseConv):
    """An N-dimensional convolution: `activation(conv(inputs, kernel) + bias)`.

    Args:
        filters: int, the number of output channels.
        kernel_size: int or tuple of ints, the size of the window.
        strides: int or tuple of ints, the distance of windows. Strides other than 1 do not go with a `dilation_rate` other
            than 1.
        padding: "valid" (none), "same" (zeros, so that outputs are as large as inputs / strides) or, in `Conv1D`, "causal"
            (zeros in front, so that no output sees later inputs). Case does not matter.
        data_format: "channels_last" or "channels_first"; by default what `~/.keras/keras.json` says, or "channels_last".
        dilation_rate: int or tuple of ints, the distance of the taps within a window.
        groups: int. Inputs and filters are divided into so many groups, each convolved on its own. Divides both numbers.
        activation: name of an activation, or a function; none by default.
        use_bias: whether there is a `bias`.
        kernel_initializer, bias_initializer: initializers of the weights, by name or object.
        kernel_regularizer, bias_regularizer: regularizers of the weights, by name or object.
        activity_regularizer: regularizer of the output, by name or object.
        kernel_constraint, bias_constraint: constraints of the weights, by name or object.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Beyond Keras: `padding` may also be numbers of pixels: an int for all sides, a tuple of ints, one for both sides of each
        axis, or a tuple of pairs (in front, behind). Then strides and dilation go together. `padding_mode` says what is put
        there: "zeros", "reflect" (the image, mirrored at its outermost pixels), "replicate" (the outermost pixel) or
        "circular" (the opposite side).

    Weights: `kernel` of shape (*kernel_size, channels / groups, filters), whatever the data format, and `bias` of shape
        (filters,).

    Raises:
        ValueError: if an argument is none of these. When called, if inputs have another rank or number of channels than when
            built, or are smaller than the window.
        NotImplementedError: for `lora_rank`, which Keras takes among `kwargs`.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        groups=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        refuse("lora_rank", kwargs.pop("lora_rank", None))
        super().__init__(
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            weight_settings={
                "kernel": (kernel_initializer, kernel_regularizer, kernel_constraint),
                "bias": (bias_initializer, bias_regularizer, bias_constraint),
            },
            allow_causal=self.rank == 1,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.filters = validation.check_positive(filters, "filters")
        self.groups = validation.check_groups(groups, self.filters)
        validation.check_strides_and_dilation(self.strides, self.dilation_rate, self.padding)

    def _add_kernels(self, channels):
        self.kernel = self._add_weight("kernel", (*self.kernel_size, channels // self.groups, self.filters))

    def convolve(self, inputs, padding, kernel, bias, activation, pool=None):
        return ops.conv_bias_activation(
            inputs, kernel, bias, self.strides, padding, self.data_format, self.dilation_rate, activation, pool
        )

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "groups": self.groups}


@documented
class Conv1D(_Conv):
    """Convolution along one axis, as time.

    Args: those of `_Conv`.

    Input shape: (batch, steps, channels), or (batch, channels, steps) for "channels_first".

    Output shape: (batch, new_steps, filters), or (batch, filters, new_steps).

    Example:

    >>> Conv1D(32, 3, activation="relu")(np.ones((4, 10, 128), "float32")).shape
    (4, 8, 32)
    """

    rank = 1


@documented
class Conv2D(_Conv):
    """Convolution over images.

    Args: those of `_Conv`.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for "channels_first".

    Output shape: (batch, new_height, new_width, filters), or (batch, filters, new_height, new_width).

    Example:

    >>> Conv2D(32, 3, activation="relu", padding="same")(np.ones((4, 28, 28, 3), "float32")).shape
    (4, 28, 28, 32)
    """

    rank = 2
    __init__ = with_defaults(_Conv.__init__, strides=(1, 1), dilation_rate=(1, 1))


@documented
class Conv3D(_Conv):
    """Convolution over volumes.

    Args: those of `_Conv`.

    Input shape: (batch, depth, height, width, channels), or (batch, channels, depth, height, width) for "channels_first".

    Output shape: (batch, new_depth, new_height, new_width, filters), or the same with the filters first.

    Example:

    >>> Conv3D(2, 3)(np.ones((4, 8, 28, 28, 1), "float32")).shape
    (4, 6, 26, 26, 2)
    """

    rank = 3
    __init__ = with_defaults(_Conv.__init__, strides=(1, 1, 1), dilation_rate=(1, 1, 1))
