"""Convolution of each channel on its own."""

from convlayers import ops, validation
from convlayers.layers.convolutional.base_conv import BaseConv
from convlayers.layers.signatures import documented, with_defaults


class _DepthwiseConv(BaseConv):
    """An N-dimensional convolution of each channel with `depth_multiplier` kernels of its own.

    Args:
        kernel_size: int or tuple of ints, the size of the window.
        strides: int or tuple of ints, the distance of windows.
        padding: "valid" (none) or "same" (zeros, so that outputs are as large as inputs / strides).
        depth_multiplier: int, the number of output channels for each input channel.
        data_format: "channels_last" or "channels_first"; by default what `~/.keras/keras.json` says, or "channels_last".
        dilation_rate: int or tuple of ints, the distance of the taps within a window.
        activation: name of an activation, or a function; none by default.
        use_bias: whether there is a `bias`.
        depthwise_initializer, bias_initializer: initializers of the weights, by name or object.
        depthwise_regularizer, bias_regularizer: regularizers of the weights, by name or object.
        activity_regularizer: regularizer of the output, by name or object.
        depthwise_constraint, bias_constraint: constraints of the weights, by name or object.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Beyond Keras: `padding` may also be numbers of pixels: an int for all sides, a tuple of ints, one for both sides of each
        axis, or a tuple of pairs (in front, behind). `padding_mode` says what is put there: "zeros", "reflect" (the image,
        mirrored at its outermost pixels), "replicate" (the outermost pixel) or "circular" (the opposite side).

    Weights: `kernel` of shape (*kernel_size, channels, depth_multiplier), whatever the data format, and `bias` of shape
        (channels * depth_multiplier,).

    Raises:
        ValueError: if an argument is none of these. When called, if inputs have another rank or number of channels than when
            built, or are smaller than the window.
    """

    def __init__(
        self,
        kernel_size,
        strides=1,
        padding="valid",
        depth_multiplier=1,
        data_format=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
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
                "bias": (bias_initializer, bias_regularizer, bias_constraint),
            },
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.depth_multiplier = validation.check_positive(depth_multiplier, "depth_multiplier")

    def _add_kernels(self, channels):
        self.kernel = self._add_weight("kernel", (*self.kernel_size, channels, self.depth_multiplier), "depthwise")

    def convolve(self, inputs, padding, kernel, bias, activation):
        return ops.depthwise_conv_bias_activation(
            inputs, kernel, bias, self.strides, padding, self.data_format, self.dilation_rate, activation
        )

    def scale_kernel(self, factors):
        return self.kernel.value * factors.reshape(-1, self.depth_multiplier)

    def _output_channels(self, channels):
        return None if channels is None else channels * self.depth_multiplier

    def get_config(self):
        return {**super().get_config(), "depth_multiplier": self.depth_multiplier}


@documented
class DepthwiseConv1D(_DepthwiseConv):
    """Convolution of each channel on its own, along one axis.

    Args: those of `_DepthwiseConv`.

    Input shape: (batch, steps, channels), or (batch, channels, steps) for "channels_first".

    Output shape: (batch, new_steps, channels * depth_multiplier), or the same with the channels first.

    Example:

    >>> DepthwiseConv1D(3, depth_multiplier=3, activation="relu")(np.ones((4, 10, 12), "float32")).shape
    (4, 8, 36)
    """

    rank = 1


@documented
class DepthwiseConv2D(_DepthwiseConv):
    """Convolution of each channel of images on its own.

    Args: those of `_DepthwiseConv`.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for "channels_first".

    Output shape: (batch, new_height, new_width, channels * depth_multiplier), or the same with the channels first.

    Example:

    >>> DepthwiseConv2D(3, padding="same", activation="relu")(np.ones((4, 10, 10, 12), "float32")).shape
    (4, 10, 10, 12)
    """

    rank = 2
    __init__ = with_defaults(_DepthwiseConv.__init__, strides=(1, 1), dilation_rate=(1, 1))
