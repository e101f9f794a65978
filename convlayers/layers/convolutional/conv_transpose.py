"""Transposed convolution layers."""

import numpy as np

from convlayers import ops, shapes, validation
from convlayers.layers.convolutional.base_conv import BaseConv
from convlayers.layers.signatures import documented, with_defaults
from convlayers.padding import standardize_output_padding


class _ConvTranspose(BaseConv):
    """An N-dimensional convolution in the other direction: `activation(conv_transpose(inputs, kernel) + bias)`.

    From something that has the shape of a convolution's output it makes something that has the shape of its input, by adding
    up the windows that each pixel stands for.

    Args:
        filters: int, the number of output channels.
        kernel_size: int or tuple of ints, the size of the window.
        strides: int or tuple of ints, the distance of windows in the output. Strides other than 1 do not go with a
            `dilation_rate` other than 1.
        padding: "valid" (outputs hold all windows) or "same" (outputs are as large as inputs * strides). Case does not matter.
        output_padding: int or tuple of ints, the number of pixels behind the output of (inputs - 1) * strides + kernel_size
            pixels for "valid", or of (inputs - 1) * strides + kernel_size % 2 for "same". Less than `strides`. By default, as
            many as give the sizes said above.
        data_format: "channels_last" or "channels_first"; by default what `~/.keras/keras.json` says, or "channels_last".
        dilation_rate: int or tuple of ints, the distance of the taps within a window.
        activation: name of an activation, or a function; none by default.
        use_bias: whether there is a `bias`.
        kernel_initializer, bias_initializer: initializers of the weights, by name or object.
        kernel_regularizer, bias_regularizer: regularizers of the weights, by name or object.
        activity_regularizer: regularizer of the output, by name or object.
        kernel_constraint, bias_constraint: constraints of the weights, by name or object.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Beyond Keras: `groups`, an int that divides channels and filters, into so many groups of which each is convolved on its
        own. `padding` may also be numbers of pixels that are cut off: an int for all sides, a tuple of ints, one for both
        sides of each axis, or a tuple of pairs (in front, behind). Then strides and dilation go together.

    Weights: `kernel` of shape (*kernel_size, filters / groups, channels), whatever the data format, and `bias` of shape
        (filters,).

    Raises:
        ValueError: if an argument is none of these. When called, if inputs have another rank or number of channels than when
            built.
    """

    padding_modes = ("zeros",)

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        output_padding=None,
        data_format=None,
        dilation_rate=1,
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
        groups = kwargs.pop("groups", 1)
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
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.filters = validation.check_positive(filters, "filters")
        self.groups = validation.check_groups(groups, self.filters)
        self.output_padding = standardize_output_padding(output_padding, self.strides)
        validation.check_strides_and_dilation(self.strides, self.dilation_rate, self.padding)

    def _add_kernels(self, channels):
        self.kernel = self._add_weight("kernel", (*self.kernel_size, self.filters // self.groups, channels))

    def convolve(self, inputs, padding, kernel, bias, activation):
        return ops.conv_transpose_bias_activation(
            inputs,
            kernel,
            bias,
            self.strides,
            padding,
            self.output_padding,
            self.data_format,
            self.dilation_rate,
            activation,
            self.groups,
        )

    def scale_kernel(self, factors):
        filters = self.filters // self.groups
        # Channels of a group lie together, and lead to the filters of their group only.
        factors = np.repeat(factors.reshape(self.groups, filters), self.kernel.shape[-1] // self.groups, axis=0)
        return self.kernel.value * factors.T

    def compute_output_shape(self, input_shape):
        return shapes.compute_conv_transpose_output_shape(
            tuple(input_shape),
            self.kernel_size,
            self.filters,
            strides=self.strides,
            padding=self.padding,
            output_padding=self.output_padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )

    def get_config(self):
        groups = {"groups": self.groups} if self.groups != 1 else {}
        return {**super().get_config(), "filters": self.filters, "output_padding": self.output_padding, **groups}


@documented
class Conv1DTranspose(_ConvTranspose):
    """Transposed convolution along one axis, as time.

    Args: those of `_ConvTranspose`.

    Input shape: (batch, steps, channels), or (batch, channels, steps) for "channels_first".

    Output shape: (batch, new_steps, filters), or (batch, filters, new_steps).

    Example:

    >>> Conv1DTranspose(32, 3, 2, activation="relu")(np.ones((4, 10, 128), "float32")).shape
    (4, 21, 32)
    """

    rank = 1


@documented
class Conv2DTranspose(_ConvTranspose):
    """Transposed convolution over images.

    Args: those of `_ConvTranspose`.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for "channels_first".

    Output shape: (batch, new_height, new_width, filters), or (batch, filters, new_height, new_width).

    Example:

    >>> Conv2DTranspose(32, 2, 2, activation="relu")(np.ones((4, 10, 8, 128), "float32")).shape
    (4, 20, 16, 32)
    """

    rank = 2
    __init__ = with_defaults(_ConvTranspose.__init__, strides=(1, 1), dilation_rate=(1, 1))


@documented
class Conv3DTranspose(_ConvTranspose):
    """Transposed convolution over volumes.

    Args: those of `_ConvTranspose`.

    Input shape: (batch, depth, height, width, channels), or (batch, channels, depth, height, width) for "channels_first".

    Output shape: (batch, new_depth, new_height, new_width, filters), or the same with the filters first.

    Example:

    >>> Conv3DTranspose(32, 2, 2, activation="relu")(np.ones((4, 10, 8, 12, 128), "float32")).shape
    (4, 20, 16, 24, 32)
    """

    rank = 3

    # As in Keras, with `data_format` and `output_padding` in another order than above.
    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1, 1),
        padding="valid",
        data_format=None,
        output_padding=None,
        dilation_rate=(1, 1, 1),
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
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            output_padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            **kwargs,
        )
