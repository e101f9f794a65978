"""Convolution of each channel on its own, followed by one that mixes channels."""

from convlayers import activations, constraints, initializers, ops, regularizers, shapes, validation
from convlayers.config import standardize_data_format
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.layer import Layer
from convlayers.layers.signatures import with_defaults


class _SeparableConv(Layer):
    """An N-dimensional depthwise convolution, and one with a window of one pixel on what it gives.

    Args:
        filters: int, the number of output channels.
        kernel_size: int or tuple of `rank` ints, the size of the window.
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

    Weights: `depthwise_kernel` of shape (*kernel_size, channels, depth_multiplier), `pointwise_kernel` of shape
    (1, ..., 1, channels * depth_multiplier, filters), whatever the data format, and `bias` of shape (filters,).

    Raises:
        ValueError: if an argument is none of these. When called, if inputs have another rank or number of channels than when
            built, or are smaller than the window.
    """

    rank = None

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
        # The classes are named, since the leaves share this function under other defaults.
        Layer.__init__(self, activity_regularizer=activity_regularizer, **kwargs)
        self.depth_multiplier = validation.check_positive(depth_multiplier, "depth_multiplier")
        self.filters = validation.check_positive(filters, "filters")
        self.kernel_size = shapes.standardize_tuple(kernel_size, self.rank, "kernel_size")
        self.strides = shapes.standardize_tuple(strides, self.rank, "strides")
        self.dilation_rate = shapes.standardize_tuple(dilation_rate, self.rank, "dilation_rate")
        self.padding = validation.standardize_padding(padding)
        self.data_format = standardize_data_format(data_format)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=self.rank + 2)

    def build(self, input_shape):
        channel_axis = -1 if self.data_format == "channels_last" else 1
        channels = input_shape[channel_axis]
        validation.check_channels(channels, 1, input_shape)
        self.compute_output_shape(input_shape)
        self.depthwise_kernel = self.add_weight(
            name="depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.pointwise_kernel = self.add_weight(
            name="pointwise_kernel",
            shape=(*(1,) * self.rank, channels * self.depth_multiplier, self.filters),
            initializer=self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.filters,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(min_ndim=self.rank + 2, axes={channel_axis: channels})

    def call(self, inputs):
        between = ops.depthwise_conv(
            inputs, self.depthwise_kernel, self.strides, self.padding, self.data_format, self.dilation_rate
        )
        return ops.conv_bias_activation(
            between, self.pointwise_kernel, self.bias, 1, "valid", self.data_format, 1, self.activation
        )

    def compute_output_shape(self, input_shape):
        return shapes.compute_conv_output_shape(
            tuple(input_shape),
            self.filters,
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "depth_multiplier": self.depth_multiplier,
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "depthwise_initializer": initializers.serialize(self.depthwise_initializer),
            "pointwise_initializer": initializers.serialize(self.pointwise_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "depthwise_regularizer": regularizers.serialize(self.depthwise_regularizer),
            "pointwise_regularizer": regularizers.serialize(self.pointwise_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "depthwise_constraint": constraints.serialize(self.depthwise_constraint),
            "pointwise_constraint": constraints.serialize(self.pointwise_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


class SeparableConv1D(_SeparableConv):
    """Depthwise convolution along one axis, and one with a window of one step.

    Args:
        Those of `_SeparableConv`: see `help(convlayers.layers.convolutional.separable_conv)`.

    Input shape: (batch, steps, channels), or (batch, channels, steps) for "channels_first".

    Output shape: (batch, new_steps, filters), or (batch, filters, new_steps).

    Example:

    >>> SeparableConv1D(4, 3, activation="relu")(np.ones((4, 10, 12), "float32")).shape
    (4, 8, 4)
    """

    rank = 1


class SeparableConv2D(_SeparableConv):
    """Depthwise convolution of images, and one with a window of one pixel.

    Args:
        Those of `_SeparableConv`: see `help(convlayers.layers.convolutional.separable_conv)`.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for "channels_first".

    Output shape: (batch, new_height, new_width, filters), or (batch, filters, new_height, new_width).

    Example:

    >>> SeparableConv2D(4, 3, activation="relu")(np.ones((4, 10, 10, 12), "float32")).shape
    (4, 8, 8, 4)
    """

    rank = 2
    __init__ = with_defaults(_SeparableConv.__init__, strides=(1, 1), dilation_rate=(1, 1))
