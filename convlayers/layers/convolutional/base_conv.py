"""What all convolution layers have in common."""

from convlayers import activations, regularizers, shapes, validation
from convlayers.config import standardize_data_format
from convlayers.layers.input_spec import InputSpec
from convlayers.layers.layer import Layer
from convlayers.layers.weight_settings import WeightSettings
from convlayers.ops.conv_border import check_border, pad_border
from convlayers.padding import check_padding_mode, standardize_padding


class BaseConv(WeightSettings, Layer):
    """A layer that moves a window over its inputs: arguments, shapes, weights and configuration.

    A family of layers says which weights it has (`_add_kernels`), what it computes with them (`convolve`), how their outputs
    are multiplied (`scale_kernel`), and, where it is not that of a convolution with `filters` outputs, its output shape.

    Args:
        kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias: as the families describe them.
        weight_settings: dict. For each weight, as "kernel", its initializer, regularizer and constraint.
        allow_causal: whether `padding` may be "causal".
        padding_mode: what is put around the inputs, one of `padding_modes`.
        kwargs: arguments of `Layer`.
    """

    rank = None
    groups = 1
    padding_modes = ("zeros", "reflect", "replicate", "circular")

    def __init__(
        self,
        *,
        kernel_size,
        strides,
        padding,
        data_format,
        dilation_rate,
        activation,
        use_bias,
        weight_settings,
        allow_causal=False,
        padding_mode="zeros",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.kernel_size = shapes.standardize_tuple(kernel_size, self.rank, "kernel_size")
        self.strides = shapes.standardize_tuple(strides, self.rank, "strides")
        self.dilation_rate = shapes.standardize_tuple(dilation_rate, self.rank, "dilation_rate")
        self.padding = standardize_padding(padding, self.rank, allow_causal)
        self.padding_mode = check_padding_mode(padding_mode, self.padding, self.padding_modes, type(self).__name__)
        self.data_format = standardize_data_format(data_format)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self._weights_with_settings = tuple(weight_settings)
        self._keep_settings(**weight_settings)
        self.input_spec = InputSpec(min_ndim=self.rank + 2)

    def build(self, input_shape):
        channel_axis = -1 if self.data_format == "channels_last" else 1
        channels = input_shape[channel_axis]
        validation.check_channels(channels, self.groups, input_shape)
        self.compute_output_shape(input_shape)
        self._add_kernels(channels)
        self.bias = self._add_weight("bias", (self._output_channels(channels),)) if self.use_bias else None
        self.input_spec = InputSpec(min_ndim=self.rank + 2, axes={channel_axis: channels})

    def _add_kernels(self, channels):
        raise NotImplementedError

    def call(self, inputs):
        if self.padding_mode == "zeros":
            return self.convolve(inputs, self.padding, self.last_kernel, self.bias, self.activation)
        self.compute_output_shape(inputs.shape)  # Says what is wrong with it.
        inputs = pad_border(inputs, self._pads(inputs.shape), self.padding_mode, self.data_format)
        return self.convolve(inputs, "valid", self.last_kernel, self.bias, self.activation)

    @property
    def last_kernel(self):
        """The weights that lead to the outputs."""
        return self.kernel

    def convolve(self, inputs, padding, kernel, bias, activation):
        """Returns what the layer computes, with these in the place of its own; `kernel` in that of `last_kernel`."""
        raise NotImplementedError

    def scale_kernel(self, factors):
        """Returns `last_kernel` as an array, such that each output channel is multiplied by a factor.

        Args:
            factors: vector, with a number for each output channel.
        """
        return self.last_kernel.value * factors

    def compute_output_shape(self, input_shape):
        _, _, channels = shapes.split_shape(input_shape, self.data_format)
        output_shape = shapes.compute_conv_output_shape(
            tuple(input_shape),
            self._output_channels(channels),
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        if self.padding_mode != "zeros":
            check_border(input_shape, self._pads(input_shape), self.padding_mode, self.data_format)
        return output_shape

    def _output_channels(self, channels):
        return self.filters

    def _pads(self, input_shape):
        _, spatial, _ = shapes.split_shape(input_shape, self.data_format)
        return shapes.conv_pads_of_axes(spatial, self.kernel_size, self.strides, self.padding, self.dilation_rate)

    def get_config(self):
        config = {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding if isinstance(self.padding, str) else [list(pair) for pair in self.padding],
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
        }
        if self.padding_mode != "zeros":
            config["padding_mode"] = self.padding_mode
        for weight in self._weights_with_settings:
            config.update(self._config_of_settings(weight))
        return config
