"""What a row of the table of layers means: its shapes, its arithmetic, its arrays. Channels are last, as in Keras."""

from dataclasses import dataclass, replace
from math import prod
from typing import NamedTuple

import numpy as np

ADAPTIVE_POOLINGS = ("adaptive_max_pool", "adaptive_average_pool")
POOLINGS = ("max_pool", "average_pool", *ADAPTIVE_POOLINGS)


class LayerArrays(NamedTuple):
    """What one call works on. `kernel` and `bias` are None for pooling."""

    x: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray
    d_y: np.ndarray


@dataclass(frozen=True, kw_only=True)
class LayerCase:
    """One layer on one input.

    Args:
        name: unique, in the form "model/layer".
        family: the group of cases over which geometric means are taken.
        layer: "conv", "conv_transpose", "depthwise", or one of `POOLINGS`.
        batch, size, channels: the input's shape; `size` has one number for each spatial dimension.
        filters: the number of output channels.
        window: kernel or pool size, or output size of adaptive pooling, as long as `size`. So are `strides` and `dilation`.
        padding: "valid" or "same".
        first: whether it is the first layer of a model, whose training needs no gradient for the input.
        quick: whether it belongs to the small selection.
    """

    name: str
    family: str
    layer: str
    batch: int
    size: tuple
    channels: int
    filters: int
    window: tuple
    strides: tuple
    dilation: tuple
    groups: int
    padding: str
    first: bool
    quick: bool

    directions = ("forward", "both")

    @property
    def rank(self):
        return len(self.size)

    @property
    def pooling(self):
        return self.layer in POOLINGS

    @property
    def adaptive(self):
        return self.layer in ADAPTIVE_POOLINGS

    @property
    def transposed(self):
        return self.layer == "conv_transpose"

    @property
    def back(self):
        """The convolution that leads from the output of a transposed one to its input, with the same kernel."""
        return replace(self, layer="conv", size=self.output_size, channels=self.filters, filters=self.channels)

    @property
    def spans(self):
        """How many input pixels the window reaches over, along each axis."""
        return tuple((taps - 1) * step + 1 for taps, step in zip(self.window, self.dilation, strict=True))

    @property
    def output_size(self):
        if self.adaptive:
            return self.window
        if self.transposed:
            last = self.strides if self.padding == "same" else map(max, self.spans, self.strides)
            return tuple(
                (length - 1) * stride + more for length, stride, more in zip(self.size, self.strides, last, strict=True)
            )
        if self.padding == "same":
            return tuple(-(-length // stride) for length, stride in zip(self.size, self.strides, strict=True))
        axes = zip(self.size, self.spans, self.strides, strict=True)
        return tuple((length - span) // stride + 1 for length, span, stride in axes)

    @property
    def pads(self):
        """Pixels added in front of and behind each axis; those of a transposed convolution are cut off its output."""
        if self.adaptive:
            return ((0, 0),) * self.rank
        if self.transposed:
            return self.back.pads
        axes = zip(self.size, self.output_size, self.spans, self.strides, strict=True)
        totals = [max(0, (out - 1) * stride + span - length) for length, out, span, stride in axes]
        return tuple((total // 2, total - total // 2) for total in totals)

    @property
    def input_shape(self):
        return (self.batch, *self.size, self.channels)

    @property
    def output_shape(self):
        return (self.batch, *self.output_size, self.filters)

    @property
    def kernel_shape(self):
        """In Keras's layout; that of a depthwise kernel ends in (channels, 1)."""
        if self.transposed:
            return self.back.kernel_shape
        if self.layer == "depthwise":
            return (*self.window, self.channels, 1)
        return (*self.window, self.channels // self.groups, self.filters)

    @property
    def fan_in(self):
        return prod(self.window) * self.channels // self.groups

    def operations(self, direction):
        """Multiplications and additions, with those on padding counted as usual; None for pooling, which has few.

        Each gradient, for the input and for the kernel, costs as much as the forward pass.
        """
        if self.pooling:
            return None
        if self.transposed:
            return self.back.operations(direction)
        passes = 1 if direction == "forward" else 2 if self.first else 3
        return passes * 2 * prod(self.output_shape) * self.fan_in

    def traffic(self, direction, itemsize):
        """Bytes that cross memory at least: the input read and the output written once, then their gradients."""
        passes = 1 if direction == "forward" else 2
        return passes * itemsize * (prod(self.input_shape) + prod(self.output_shape))

    def arrays(self, dtype):
        """Returns the arrays that every peer works on, the same ones at every call."""
        random = np.random.default_rng(20)

        def normal(shape, scale=1.0):
            return (scale * random.standard_normal(shape, dtype="float32")).astype(dtype)

        x, d_y = normal(self.input_shape), normal(self.output_shape)
        if self.pooling:
            return LayerArrays(x, None, None, d_y)
        return LayerArrays(x, normal(self.kernel_shape, self.fan_in**-0.5), normal(self.filters), d_y)


# How the table writes its rows ---------------------------------------------------------------------------------------


def conv(name, batch, size, channels, filters, kernel=3, *, stride=1, dilation=1, groups=1, padding="same", **marks):
    """Returns a convolution; an int stands for a square, and `size` says how many dimensions there are."""
    return _case(name, "conv", batch, size, channels, filters, kernel, stride, dilation, groups, padding, **marks)


def conv_transpose(name, batch, size, channels, filters, kernel, *, stride, padding="same", **marks):
    """Returns a transposed convolution."""
    return _case(name, "conv_transpose", batch, size, channels, filters, kernel, stride, 1, 1, padding, **marks)


def depthwise(name, batch, size, channels, kernel=3, *, stride=1, dilation=1, padding="same", **marks):
    """Returns a depthwise convolution."""
    return _case(name, "depthwise", batch, size, channels, channels, kernel, stride, dilation, channels, padding, **marks)


def pool(name, layer, batch, size, channels, window, *, stride=None, padding="valid", **marks):
    """Returns a pooling; `stride` is the window unless given, as in Keras."""
    return _case(name, layer, batch, size, channels, channels, window, stride or window, 1, channels, padding, **marks)


def adaptive_pool(name, layer, batch, size, channels, output_size, **marks):
    """Returns a pooling to a given size."""
    return _case(name, layer, batch, size, channels, channels, output_size, 1, 1, channels, "valid", **marks)


def _case(name, layer, batch, size, channels, filters, window, strides, dilation, groups, padding, first=False, quick=False):
    size = (size, size) if isinstance(size, int) else size
    window, strides, dilation = (
        (value,) * len(size) if isinstance(value, int) else value for value in (window, strides, dilation)
    )
    return LayerCase(
        name=name,
        family="",
        layer=layer,
        batch=batch,
        size=size,
        channels=channels,
        filters=filters,
        window=window,
        strides=strides,
        dilation=dilation,
        groups=groups,
        padding=padding,
        first=first,
        quick=quick,
    )


def family(name, *cases):
    """Returns `cases` as the members of a family."""
    return [replace(case, family=name) for case in cases]
