"""Convolution layers."""

from convlayers import activations, constraints, initializers, ops, regularizers, shapes, validation
from convlayers.config import standardize_data_format
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.layer import Layer
from convlayers.layers.signatures import with_defaults


class _Conv(Layer):
    """An N-dimensional convolution: `activation(conv(inputs, kernel) + bias)`.

    Args:
        filters: int, the number of output channels.
        kernel_size: int or tuple of `rank` ints, the size of the window.
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

    Weights: `kernel` of shape (*kernel_size, channels / groups, filters), whatever the data format, and `bias` of shape
    (filters,).

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
        # The classes are named, since the leaves share this function under other defaults.
        Layer.__init__(self, activity_regularizer=activity_regularizer, **kwargs)
        self.filters = validation.check_positive(filters, "filters")
        self.groups = validation.check_groups(groups, self.filters)
        self.kernel_size = shapes.standardize_tuple(kernel_size, self.rank, "kernel_size")
        self.strides = shapes.standardize_tuple(strides, self.rank, "strides")
        self.dilation_rate = shapes.standardize_tuple(dilation_rate, self.rank, "dilation_rate")
        self.padding = validation.standardize_padding(padding, allow_causal=self.rank == 1)
        self.data_format = standardize_data_format(data_format)
        validation.check_strides_and_dilation(self.strides, self.dilation_rate)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=self.rank + 2)

    def build(self, input_shape):
        channel_axis = -1 if self.data_format == "channels_last" else 1
        channels = input_shape[channel_axis]
        validation.check_channels(channels, self.groups, input_shape)
        self.compute_output_shape(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels // self.groups, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
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
        return ops.conv_bias_activation(
            inputs,
            self.kernel,
            self.bias,
            self.strides,
            self.padding,
            self.data_format,
            self.dilation_rate,
            self.activation,
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
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


class Conv1D(_Conv):
    """Convolution along one axis, as time.

    Args:
        Those of `_Conv`: see `help(convlayers.layers.convolutional.conv)`.

    Input shape: (batch, steps, channels), or (batch, channels, steps) for "channels_first".

    Output shape: (batch, new_steps, filters), or (batch, filters, new_steps).

    Example:

    >>> Conv1D(32, 3, activation="relu")(np.ones((4, 10, 128), "float32")).shape
    (4, 8, 32)
    """

    rank = 1


class Conv2D(_Conv):
    """Convolution over images.

    Args:
        Those of `_Conv`: see `help(convlayers.layers.convolutional.conv)`.

    Input shape: (batch, height, width, channels), or (batch, channels, height, width) for "channels_first".

    Output shape: (batch, new_height, new_width, filters), or (batch, filters, new_height, new_width).

    Example:

    >>> Conv2D(32, 3, activation="relu", padding="same")(np.ones((4, 28, 28, 3), "float32")).shape
    (4, 28, 28, 32)
    """

    rank = 2
    __init__ = with_defaults(_Conv.__init__, strides=(1, 1), dilation_rate=(1, 1))


class Conv3D(_Conv):
    """Convolution over volumes.

    Args:
        Those of `_Conv`: see `help(convlayers.layers.convolutional.conv)`.

    Input shape: (batch, depth, height, width, channels), or (batch, channels, depth, height, width) for "channels_first".

    Output shape: (batch, new_depth, new_height, new_width, filters), or the same with the filters first.

    Example:

    >>> Conv3D(2, 3)(np.ones((4, 8, 28, 28, 1), "float32")).shape
    (4, 6, 26, 26, 2)
    """

    rank = 3
    __init__ = with_defaults(_Conv.__init__, strides=(1, 1, 1), dilation_rate=(1, 1, 1))
