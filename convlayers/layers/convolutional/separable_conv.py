"""Convolution of each channel on its own, followed by one that mixes channels."""

from convlayers import ops, validation
from convlayers.layers.convolutional.base_conv import BaseConv
from convlayers.layers.signatures import documented, with_defaults


class _SeparableConv(BaseConv):
    """An N-dimensional depthwise convolution, and one with a window of one pixel on what it gives.

    Args:
        filters: int, the number of output channels.
        kernel_size: int or tuple of ints, the size of the window.
        strides: int or tuple of ints, the distance of windows.
        padding: "valid" (none) or "same" (zeros, so that outputs are as large as inputs / strides).
        data_format: "channels_last" or "channels_first"; by default what `~/.keras/keras.json` says, or "channels_last".
        dilation_rate: int or tuple of ints, the distance of the taps within a window.
        depth_multiplier: int, the number of channels between the two convolutions for each input channel.
        activation: name of an activation, or a function; none by default.
        use_bias: whether there is a `bias`.
        depthwise_initializer, pointwise_initializer, bias_initializer: initializers of the weights, by name or object.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: regularizers of the weights, by name or object.
        activity_regularizer: regularizer of the output, by name or object.
        depthwise_constraint, pointwise_constraint, bias_constraint: constraints of the weights, by name or object.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Beyond Keras: `padding` may also be numbers of pixels: an int for all sides, a tuple of ints, one for both sides of each
        axis, or a tuple of pairs (in front, behind). `padding_mode` says what is put there: "zeros", "reflect" (the image,
        mirrored at its outermost pixels), "replicate" (the outermost pixel) or "circular" (the opposite side).

    Weights: `depthwise_kernel` of shape (*kernel_size, channels, depth_multiplier), `pointwise_kernel` of shape
        (1, ..., 1, channels * depth_multiplier, filters), whatever the data format, and `bias` of shape (filters,).

    Raises:
        ValueError: if an argument is none of these. When called, if inputs have another rank or number of channels than when
            built, or are smaller than the window.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        depth_multiplier=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            weight_settings={
                "depthwise": (depthwise_initializer, depthwise_regularizer, depthwise_constraint),
                "pointwise": (pointwise_initializer, pointwise_regularizer, pointwise_constraint),
                "bias": (bias_initializer, bias_regularizer, bias_constraint),
            },
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.depth_multiplier = validation.check_positive(depth_multiplier, "depth_multiplier")
        self.filters = validation.check_positive(filters, "filters")

    def _add_kernels(self, channels):
        between = channels * self.depth_multiplier
        self.depthwise_kernel = self._add_weight(
            "depthwise_kernel", (*self.kernel_size, channels, self.depth_multiplier), "depthwise"
        )
        self.pointwise_kernel = self._add_weight("pointwise_kernel", (*(1,) * self.rank, between, self.filters), "pointwise")

    @property
    def last_kernel(self):
        return self.pointwise_kernel

    def convolve(self, inputs, padding, kernel, bias, activation):
        between = ops.depthwise_conv_bias_activation(
            inputs, self.depthwise_kernel, None, self.strides, padding, self.data_format, self.dilation_rate
        )
        return ops.conv_bias_activation(between, kernel, bias, 1, "valid", self.data_format, 1, activation)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "depth_multiplier": self.depth_multiplier}


@documented
class SeparableConv1D(_SeparableConv):
    """Depthwise convolution along one axis, and one with a window of one step.

    Args: those of `_SeparableConv`.

    Input shape: (batch, steps, channels), or (batch, channels, steps) for "channels_first".

    Output shape: (batch, new_steps, filters), or (batch, filters, new_steps).

    Example:

    >>> SeparableConv1D(4, 3, activation="relu")(np.ones((4, 10, 12), "float32")).shape
    (4, 8, 4)
    """

    rank = 1


@documented
class SeparableConv2D(_SeparableConv):
    """Depthwise convolution of images, and one with a window of one pixel.

    Args: those of `_SeparableConv`.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for "channels_first".

    Output shape: (batch, new_height, new_width, filters), or (batch, filters, new_height, new_width).

    Example:

    >>> SeparableConv2D(4, 3, activation="relu")(np.ones((4, 10, 10, 12), "float32")).shape
    (4, 8, 8, 4)
    """

    rank = 2
    __init__ = with_defaults(_SeparableConv.__init__, strides=(1, 1), dilation_rate=(1, 1))
