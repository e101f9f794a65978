"""Convolution of images."""

from convlayers import ops
from convlayers.mindspore.nn import checks
from convlayers.mindspore.nn.cell import Cell
from convlayers.mindspore.nn.initial_values import InitialValue

_TO_KERAS = {"NCHW": (2, 3, 1, 0), "NHWC": (1, 2, 3, 0)}  # axes of the weight
_FROM_KERAS = {"NCHW": (3, 2, 0, 1), "NHWC": (3, 0, 1, 2)}


class Conv2d(Cell):
    """Convolves images: each output is the sum of products of a window with the weight of a filter.

    Args:
        in_channels: int, the number of channels of the input.
        out_channels: int, the number of filters.
        kernel_size: int or tuple of two ints, the height and width of the window.
        stride: int or tuple of two ints, the distance of windows.
        pad_mode: "same" (zeros, so that outputs are as large as inputs / stride), "valid" (none) or "pad" (`padding`).
        padding: int, or tuple of four ints: top, bottom, left, right. 0 unless `pad_mode` is "pad".
        dilation: int or tuple of two ints, the distance of the taps within a window.
        group: int. Inputs and filters are divided into so many groups, each convolved on its own. Divides both numbers.
        has_bias: whether there is a bias.
        weight_init, bias_init: the name of a distribution, a number, an array, or an initializer of convlayers.
        data_format: "NCHW" or "NHWC".

    Inputs: array of shape (n, in_channels, height, width), or (n, height, width, in_channels) for "NHWC".

    Outputs: the same with out_channels, and with fewer pixels.

    Parameters: `weight` of shape (out_channels, in_channels / group, height, width), or (out_channels, height, width,
        in_channels / group) for "NHWC", and `bias` of shape (out_channels,).

    Raises:
        TypeError: if an argument has another type.
        ValueError: if an argument is none of these. When called, if inputs have another number of channels.

    Example:

    >>> nn.Conv2d(120, 240, 4)(np.ones((1, 120, 102, 64), "float32")).shape
    (1, 240, 102, 64)
    """

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        pad_mode="same",
        padding=0,
        dilation=1,
        group=1,
        has_bias=False,
        weight_init="normal",
        bias_init="zeros",
        data_format="NCHW",
    ):
        super().__init__()
        name = self.cls_name
        self.in_channels = checks.check_positive_int(in_channels, "in_channels", name)
        self.out_channels = checks.check_positive_int(out_channels, "out_channels", name)
        self.kernel_size = checks.check_pair(kernel_size, "kernel_size", name)
        self.stride = checks.check_pair(stride, "stride", name)
        self.dilation = checks.check_pair(dilation, "dilation", name)
        self.group = checks.check_positive_int(group, "group", name)
        self._check_groups()
        self.pad_mode, self.padding = _check_padding(pad_mode, padding, name)
        self.has_bias = checks.check_bool(has_bias, "has_bias", name)
        self.keras_data_format = checks.check_data_format(data_format, name)
        self.data_format = data_format
        keras_shape = (*self.kernel_size, self.in_channels // self.group, self.out_channels)
        self.weight = self.add_weight(
            shape=[keras_shape[axis] for axis in _FROM_KERAS[data_format]],
            initializer=InitialValue(weight_init, _FROM_KERAS[data_format]),
            name="weight",
        )
        self.bias = None
        if has_bias:
            self.bias = self.add_weight(shape=(self.out_channels,), initializer=InitialValue(bias_init), name="bias")

    def _check_groups(self):
        for what, channels in (("attr 'in_channels'", self.in_channels), ("'out_channels'", self.out_channels)):
            if channels % self.group:
                argument = what.removeprefix("attr ")
                raise ValueError(
                    f"For '{self.cls_name}', the {what} must be divisible by attr 'group', "
                    f"but got {argument}: {channels} and 'group': {self.group}."
                )

    def construct(self, x):
        channels = x.shape[1 if self.data_format == "NCHW" else -1]
        if channels != self.in_channels:
            other = "NHWC" if self.data_format == "NCHW" else "NCHW"
            swapped = x.shape[1 if other == "NCHW" else -1] == self.in_channels
            raise ValueError(
                "For 'Conv2D', 'C_in' of input 'x' shape divide by parameter 'group' must be equal to 'C_in' of input "
                f"'weight' shape: {self.in_channels // self.group}, but got 'C_in' of input 'x' shape: {channels}, and "
                f"'group': {self.group}.\nExpected {self.in_channels} channels in the format {self.data_format}."
                + (f" The input seems to be in the format {other}." if swapped else "")
            )
        kernel = ops.transpose(self.weight, _TO_KERAS[self.data_format])
        return ops.conv_bias_activation(x, kernel, self.bias, self.stride, self.padding, self.keras_data_format, self.dilation)


def _check_padding(pad_mode, padding, cell_name):
    """Returns the mode, and what `ops.conv` takes as padding."""
    numbers = checks.check_ints(padding, "padding", cell_name, lengths=(4,))
    numbers = tuple(checks.check_non_negative_int(number, "padding item", cell_name) for number in numbers)
    top, bottom, left, right = numbers * (4 // len(numbers))
    mode = pad_mode.lower() if isinstance(pad_mode, str) else pad_mode
    checks.check_string(mode, ["valid", "same", "pad"], "pad_mode", "Conv2D")
    if mode == "pad":
        return mode, ((top, bottom), (left, right))
    if any(numbers):
        raise ValueError(
            "For 'Conv2D', the 'pad' must be zero or (0, 0, 0, 0) when 'pad_mode' is not \"pad\", "
            f"but got 'pad' is {(top, bottom, left, right)} and 'pad_mode' is {pad_mode}."
        )
    return mode, mode
