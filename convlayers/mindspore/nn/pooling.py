"""Pooling of images: the largest or the mean value of each window."""

import math

from convlayers import ops, shapes
from convlayers.mindspore.nn import checks
from convlayers.mindspore.nn.cell import Cell


class _Pool2d(Cell):
    """What both kinds have in common.

    Args:
        kernel_size, stride: int, or tuple of one or two ints.
        pad_mode: "valid", "same" or "pad", in any case.
        padding: int, or tuple or list of one or two ints, for the height and the width; 0 unless `pad_mode` is "pad".
        data_format: "NCHW" or "NHWC".
    """

    def __init__(self, kernel_size, stride, pad_mode, padding, data_format):
        super().__init__()
        if not isinstance(pad_mode, str):
            raise TypeError(
                f"For '{self.cls_name}', the type of 'pad_mode' should be 'str', but got type '{type(pad_mode).__name__}'."
            )
        self.pad_mode = checks.check_string(pad_mode.upper(), ["VALID", "SAME", "PAD"], "pad_mode", self.cls_name)
        self.keras_data_format = checks.check_data_format(data_format, self.cls_name)
        self.data_format = data_format
        self.kernel_size = checks.check_pair(kernel_size, "kernel_size", self.cls_name)
        self.stride = checks.check_pair(stride, "stride", self.cls_name)
        numbers = checks.check_ints(padding, "padding", self.cls_name, lengths=(1, 2))
        numbers = tuple(checks.check_non_negative_int(number, "padding item", self.cls_name) for number in numbers)
        self.padding = numbers * (2 // len(numbers)) if self.pad_mode == "PAD" else self.pad_mode.lower()

    def construct(self, x):
        if len(x.shape) == 3:  # a single image
            outputs = self._pool(ops.expand_dims(x, 0))
            return tuple(ops.squeeze(y, 0) for y in outputs) if isinstance(outputs, tuple) else ops.squeeze(outputs, 0)
        return self._pool(x)

    def _pool(self, x):
        raise NotImplementedError


class MaxPool2d(_Pool2d):
    """Takes the largest value of each window.

    Args:
        kernel_size: int or tuple of two ints, the height and width of the window.
        stride: int or tuple of two ints, how far the window moves between two outputs.
        pad_mode: "valid" (only windows inside the input), "same" (as many as inputs / stride) or "pad" (`padding`), in any
            case. What lies outside of the input does not count.
        padding: int, or tuple or list of two ints, how many pixels are added above and below, and left and right.
        dilation: int or tuple of two ints, the distance of the pixels that a window takes.
        return_indices: whether to return where the largest values are, too: row * width + column, as int64.
        ceil_mode: whether a last window that reaches beyond the padding is taken too, if it begins before.
        data_format: "NCHW" or "NHWC".

    The arguments from `padding` to `ceil_mode` are for pad_mode="pad".

    Inputs: array of shape (n, channels, height, width) or (channels, height, width), or with the channels last for "NHWC".

    Outputs: the same with fewer pixels; with `return_indices`, a pair of such arrays.

    Raises:
        TypeError: if an argument has another type.
        ValueError: if an argument is none of these. When called, if the window is larger than the input.

    Example:

    >>> nn.MaxPool2d(kernel_size=3, stride=1)(np.ones((1, 2, 4, 4), "float32")).shape
    (1, 2, 2, 2)
    """

    def __init__(
        self,
        kernel_size=1,
        stride=1,
        pad_mode="valid",
        padding=0,
        dilation=1,
        return_indices=False,
        ceil_mode=False,
        data_format="NCHW",
    ):
        super().__init__(kernel_size, stride, pad_mode, padding, data_format)
        self.dilation = checks.check_pair(dilation, "dilation", self.cls_name)
        self.return_indices = checks.check_bool(return_indices, "return_indices", self.cls_name)
        self.ceil_mode = checks.check_bool(ceil_mode, "ceil_mode", self.cls_name)
        if self.pad_mode != "PAD" and (padding != 0 or dilation != 1 or return_indices or ceil_mode):
            raise ValueError(
                f"For {self.cls_name}, the parameter 'padding', 'dilation', 'return_indices', 'ceil_mode' can not be set to "
                f"non-default value when pad_mode is not 'pad', but got pad_mode:{pad_mode}."
            )

    def _pool(self, x):
        return ops.max_pool(
            x,
            self.kernel_size,
            self.stride,
            self.padding,
            self.keras_data_format,
            dilation_rate=self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )


class AvgPool2d(_Pool2d):
    """Takes the mean of each window.

    Args:
        kernel_size: int or tuple of two ints, the height and width of the window.
        stride: int or tuple of two ints, how far the window moves between two outputs.
        pad_mode: "valid" (only windows inside the input), "same" (as many as inputs / stride; what lies outside does not
            count) or "pad" (`padding`), in any case.
        padding: int, or tuple or list of two ints, how many zeros are added above and below, and left and right.
        ceil_mode: whether a last window that reaches beyond the padding is taken too, if it begins before.
        count_include_pad: whether the zeros of `padding` count.
        divisor_override: int, what sums of windows are divided by, in place of the number of their pixels; None and 0 change
            nothing.
        data_format: "NCHW" or "NHWC".

    Inputs: array of shape (n, channels, height, width) or (channels, height, width), or with the channels last for "NHWC".

    Outputs: the same with fewer pixels.

    Raises:
        TypeError: if an argument has another type.
        ValueError: if an argument is none of these. When called, if the window is larger than the input.

    Example:

    >>> nn.AvgPool2d(kernel_size=3, stride=1)(np.ones((1, 2, 4, 4), "float32")).shape
    (1, 2, 2, 2)
    """

    def __init__(
        self,
        kernel_size=1,
        stride=1,
        pad_mode="valid",
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
        data_format="NCHW",
    ):
        super().__init__(kernel_size, stride, pad_mode, padding, data_format)
        if self.pad_mode != "PAD" and padding != 0:
            raise ValueError(
                f"For '{self.cls_name}', the 'padding' must be zero when 'pad_mode' is not \"pad\", "
                f"but got 'padding' is {padding} and 'pad_mode' is {pad_mode}."
            )
        if divisor_override is not None:
            checks.check_non_negative_int(divisor_override, "divisor_override", self.cls_name)
        self.divisor_override = divisor_override
        self.ceil_mode = checks.check_bool(ceil_mode, "ceil_mode", self.cls_name)
        self.count_include_pad = checks.check_bool(count_include_pad, "count_include_pad", self.cls_name)

    def _pool(self, x):
        if self.divisor_override:
            means = ops.average_pool(
                x, self.kernel_size, self.stride, self._whole_windows(x.shape), self.keras_data_format, count_include_pad=True
            )
            return means * (math.prod(self.kernel_size) / self.divisor_override)
        return ops.average_pool(
            x,
            self.kernel_size,
            self.stride,
            self.padding,
            self.keras_data_format,
            ceil_mode=self.ceil_mode,
            count_include_pad=self.count_include_pad and self.pad_mode == "PAD",
        )

    def _whole_windows(self, shape):
        """Returns the padding with which the same windows are whole: that behind reaches to where the last one ends."""
        _, spatial, _ = shapes.split_shape(shape, self.keras_data_format)
        paddings = shapes.padding_of_axes(self.padding, 2)
        pads = []
        for length, size, stride, padding in zip(spatial, self.kernel_size, self.stride, paddings, strict=True):
            padding = padding if isinstance(padding, str) else (padding, padding)
            windows = shapes.pool_output_length(length, size, stride, padding, ceil_mode=self.ceil_mode)
            front, behind = shapes.conv_pads(length, size, stride, padding)
            pads.append((front, max(behind, (windows - 1) * stride + size - length - front)))
        return tuple(pads)
