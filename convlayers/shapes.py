"""The integer rules of convolution and pooling: sizes, padding, and where the channels are. One function for each rule.

A size of None is unknown and stays unknown. `padding` is "valid", "same", or "causal" (1-D convolutions only); or, for
given numbers of pixels, a pair (in front, behind), of which whole shapes have a tuple with one for each axis.
"""

import operator

import numpy as np


def standardize_tuple(value, n, name, allow_zero=False):
    """Returns an argument such as `strides` as a tuple of `n` ints; one int is repeated.

    Args:
        value: an int or an iterable of ints.
        n: how many are wanted.
        name: the argument's name, for the message.
        allow_zero: whether 0 is allowed. Less than 0 never is.

    Raises:
        ValueError: if it is anything else.
    """
    message = f"The `{name}` argument must be a tuple of {n} integers. Received {name}={value}"
    try:
        sizes = (operator.index(value),) * n
    except TypeError:
        try:
            sizes = tuple(value)
        except TypeError:
            raise ValueError(message) from None
        if len(sizes) != n:
            raise ValueError(message) from None
        sizes = tuple(as_size(size, message) for size in sizes)
    smallest = 0 if allow_zero else 1
    unfit = {size for size in sizes if size < smallest}
    if unfit:
        wanted = "value >= 0" if allow_zero else "value > 0"
        raise ValueError(f"{message}, including values {unfit} that do not satisfy `{wanted}`")
    return sizes


def hashable(argument):
    """Returns an argument such as `strides` with tuples in place of lists: plans are known by their arguments."""
    try:
        hash(argument)
    except TypeError:
        return tuple(map(hashable, argument))
    return argument


def as_size(size, message):
    """Returns a size as an int; a `ValueError` with the message if it is none."""
    try:
        return operator.index(size)
    except TypeError:
        raise ValueError(f"{message}, including element {size} of type {type(size)}") from None


def standardize_pool_padding(padding):
    """Returns the `padding` argument of pooling in lower case.

    Raises:
        ValueError: for anything but "valid" and "same".
    """
    name = str(padding).lower()
    if name not in ("valid", "same"):
        raise ValueError(
            f"Argument `padding` must be either 'valid' or 'same'. Received: padding={padding}\n"
            "'valid' takes only windows that lie inside the input; 'same' takes so many that the output has "
            "ceil(input / strides) pixels."
        )
    return name


# Where things are in a shape ----------------------------------------------------------------------------------------


def channel_axis(data_format, ndim):
    """Returns the axis of the channels, counted from the front."""
    return ndim - 1 if data_format == "channels_last" else 1


def check_axis(axis, shape):
    """Checks that an array of this shape has such an axis, or all of several.

    Raises:
        ValueError: if it has not.
    """
    for one in axis if isinstance(axis, (list, tuple)) else [axis]:
        if not -len(shape) <= one < len(shape):
            raise ValueError(
                f"Axis {one} is out of bounds for input shape {shape}. Received: axis={axis}\n"
                f"There are {len(shape)} axes: 0 to {len(shape) - 1}, or from the end, -1 to {-len(shape)}."
            )


def split_shape(shape, data_format):
    """Returns the parts of a shape: batch size, tuple of spatial sizes, channels."""
    if data_format == "channels_last":
        return shape[0], tuple(shape[1:-1]), shape[-1]
    return shape[0], tuple(shape[2:]), shape[1]


def join_shape(batch, spatial, channels, data_format):
    """Returns the shape that has these parts."""
    if data_format == "channels_last":
        return (batch, *spatial, channels)
    return (batch, channels, *spatial)


# Sizes along one axis -----------------------------------------------------------------------------------------------


def dilated_size(kernel_size, dilation):
    """Returns how many input pixels a kernel spans."""
    return (kernel_size - 1) * dilation + 1


def padding_of_axes(padding, rank):
    """Returns the padding of each axis: a string is that of all."""
    return (padding,) * rank if isinstance(padding, str) else padding


def conv_output_length(length, kernel_size, stride, padding, dilation=1):
    """Returns the output size of a convolution or pooling along one axis. It may be 0 or less where nothing fits."""
    if length is None:
        return None
    if padding not in ("same", "causal"):
        length += sum(conv_pads(length, kernel_size, stride, padding, dilation)) - dilated_size(kernel_size, dilation) + 1
    return (length - 1) // stride + 1


def pool_output_length(length, pool_size, stride, padding, dilation=1, ceil_mode=False):
    """Returns the output size of pooling along one axis, with the last window that `ceil_mode` adds."""
    if length is None or padding == "same" or not ceil_mode:
        return conv_output_length(length, pool_size, stride, padding, dilation)
    front, behind = conv_pads(length, pool_size, stride, padding, dilation)
    windows = -(-(front + length + behind - dilated_size(pool_size, dilation)) // stride) + 1
    return windows if (windows - 1) * stride < front + length else windows - 1


def conv_pads(length, kernel_size, stride, padding, dilation=1):
    """Returns how many pixels a convolution or pooling adds in front of and behind one axis."""
    if padding == "valid":
        return 0, 0
    if not isinstance(padding, str):
        return padding
    if length is None:
        return None, None
    span = dilated_size(kernel_size, dilation)
    if padding == "causal":
        return span - 1, 0
    total = max(0, (-(-length // stride) - 1) * stride + span - length)
    # An odd pixel goes behind, as in TensorFlow.
    return total // 2, total - total // 2


def conv_pads_of_axes(spatial, kernel_size, strides, padding, dilation_rate):
    """Returns the pairs of `conv_pads`, one for each axis; those that depend on an unknown length are None."""
    per_axis = zip(spatial, kernel_size, strides, padding_of_axes(padding, len(spatial)), dilation_rate, strict=True)
    return [conv_pads(*axis) for axis in per_axis]


def conv_transpose_output_length(length, kernel_size, stride, padding, output_padding=None, dilation=1):
    """Returns the output size of a transposed convolution along one axis."""
    if length is None:
        return None
    span = dilated_size(kernel_size, dilation)
    if padding == "valid":
        return (length - 1) * stride + span + (max(0, stride - span) if output_padding is None else output_padding)
    if not isinstance(padding, str):
        return (length - 1) * stride + span - sum(padding) + (output_padding or 0)
    if output_padding is None:
        return length * stride
    return (length - 1) * stride + span % 2 + output_padding


def conv_transpose_crop(kernel_size, stride, padding, output_padding=None, dilation=1):
    """Returns how many pixels a transposed convolution drops in front of one axis.

    Input pixel `i` and kernel tap `k` add to output pixel `i * stride + k * dilation - crop`.
    """
    if padding == "valid":
        return 0
    if not isinstance(padding, str):
        return padding[0]
    span = dilated_size(kernel_size, dilation)
    total = span - 2 + (stride if output_padding is None else span % 2 + output_padding)
    return max(0, span - 1 - (total + 1) // 2)


def conv_transpose_crops(kernel_size, strides, padding, output_padding, dilation_rate):
    """Returns the number of `conv_transpose_crop` for each axis."""
    rank = len(kernel_size)
    per_axis = zip(
        kernel_size, strides, padding_of_axes(padding, rank), _repeat(output_padding, rank), dilation_rate, strict=True
    )
    return [conv_transpose_crop(*axis) for axis in per_axis]


# Output shapes ------------------------------------------------------------------------------------------------------


def check_kernel_rank(kernel_shape, input_shape):
    """Checks that a kernel has as many axes as the inputs.

    Raises:
        ValueError: if it has not.
    """
    if len(kernel_shape) != len(input_shape):
        raise ValueError(
            "Kernel shape must have the same length as input, but received "
            f"kernel of shape {kernel_shape} and input of shape {tuple(input_shape)}."
        )


def compute_conv_output_shape(
    input_shape, filters, kernel_size, strides=1, padding="valid", data_format="channels_last", dilation_rate=1
):
    """Returns the output shape of a convolution.

    Args:
        input_shape: the shape of the inputs, in which sizes may be None.
        filters: the number of output channels.
        kernel_size: tuple of ints, one for each spatial axis.
        strides, dilation_rate: an int, or a tuple of ints.
        padding: "valid", "same", "causal", or a tuple of pairs of ints.

    Raises:
        ValueError: if the kernel has another number of axes than the inputs, or does not fit.
    """
    batch, spatial, channels = split_shape(input_shape, data_format)
    kernel_shape = (*kernel_size, channels, filters)
    check_kernel_rank(kernel_shape, input_shape)
    rank = len(spatial)
    strides = _repeat(strides, rank)
    dilation_rate = _repeat(dilation_rate, rank)
    if len(dilation_rate) != rank:
        raise ValueError(
            "Dilation must be None, scalar or tuple/list of length of inputs' spatial shape, but received "
            f"`dilation_rate={dilation_rate}` and input of shape {tuple(input_shape)}."
        )
    per_axis = zip(spatial, kernel_size, strides, padding_of_axes(padding, rank), dilation_rate, strict=True)
    lengths = [conv_output_length(*axis) for axis in per_axis]
    if padding not in ("same", "causal") and any(length is not None and length <= 0 for length in lengths):
        spans = [dilated_size(size, dilation) for size, dilation in zip(kernel_size, dilation_rate, strict=True)]
        # The arrays print as Keras prints them.
        raise ValueError(
            "Computed output size would be zero or negative. Received "
            f"`inputs shape={tuple(input_shape)}`, `kernel shape={kernel_shape}`, "
            f"`dilation_rate={np.array(dilation_rate)}`, `strides={strides}`, `padding={padding}`.\n"
            + _explain_misfit("kernel", spans, input_shape, data_format)
        )
    return join_shape(batch, lengths, filters, data_format)


def compute_conv_transpose_output_shape(
    input_shape,
    kernel_size,
    filters,
    strides,
    padding,
    output_padding=None,
    data_format="channels_last",
    dilation_rate=1,
):
    """Returns the output shape of a transposed convolution. Arguments as for `compute_conv_output_shape`."""
    batch, spatial, channels = split_shape(input_shape, data_format)
    check_kernel_rank((*kernel_size, filters, channels), input_shape)
    rank = len(spatial)
    per_axis = zip(
        spatial,
        kernel_size,
        _repeat(strides, rank),
        padding_of_axes(padding, rank),
        _repeat(output_padding, rank),
        _repeat(dilation_rate, rank),
        strict=True,
    )
    lengths = [conv_transpose_output_length(*axis) for axis in per_axis]
    if any(length is not None and length < 0 for length in lengths):
        raise ValueError(
            f"Computed output size would be negative. Received: input shape={tuple(input_shape)}, "
            f"kernel_size={tuple(kernel_size)}, strides={strides}, padding={padding}, output_padding={output_padding}\n"
            "The padding of a transposed convolution is cut off from its output."
        )
    return join_shape(batch, lengths, filters, data_format)


def compute_pooling_output_shape(
    input_shape, pool_size, strides, padding="valid", data_format="channels_last", dilation_rate=1, ceil_mode=False
):
    """Returns the output shape of pooling.

    Args:
        input_shape: the shape of the inputs, in which sizes may be None.
        pool_size: an int, or a tuple of ints.
        strides: an int, a tuple of ints, or None for `pool_size`.
        padding: "valid", "same", or a tuple of pairs of ints.
        dilation_rate: an int, or a tuple of ints.
        ceil_mode: whether a last window that reaches beyond the padding is taken too, if it begins before.

    Raises:
        ValueError: if the window does not fit.
    """
    if isinstance(padding, str):
        padding = standardize_pool_padding(padding)
    batch, spatial, channels = split_shape(input_shape, data_format)
    pool_size = _repeat(pool_size, len(spatial))
    strides = pool_size if strides is None else _repeat(strides, len(spatial))
    dilation_rate = _repeat(dilation_rate, len(spatial))
    per_axis = zip(spatial, pool_size, strides, padding_of_axes(padding, len(spatial)), dilation_rate, strict=True)
    lengths = [pool_output_length(*axis, ceil_mode) for axis in per_axis]
    if padding != "same" and any(length is not None and length <= 0 for length in lengths):
        spans = [dilated_size(size, dilation) for size, dilation in zip(pool_size, dilation_rate, strict=True)]
        # The arrays print as Keras prints them.
        known = join_shape(batch, tuple(-1 if length is None else length for length in spatial), channels, data_format)
        raise ValueError(
            f"Computed output size would be zero or negative. Received: `inputs.shape={np.array(known)}`, "
            f"`pool_size={np.array(pool_size)}`, `strides={strides}`, `padding={padding}`.\n"
            + _explain_misfit("pooling window", spans, input_shape, data_format)
        )
    return join_shape(batch, lengths, channels, data_format)


def _repeat(value, rank):
    return (value,) * rank if value is None or isinstance(value, int) else value


def _explain_misfit(what, spans, input_shape, data_format):
    _, spatial, _ = split_shape(input_shape, data_format)
    return (
        f"A {what} that spans {_by(spans)} pixels does not fit an input of {_by(spatial)} pixels. "
        "Use padding='same', or drop a layer before it that makes the image smaller."
    ) + hint_at_data_format(input_shape, data_format)


def hint_at_data_format(input_shape, data_format):
    """Returns a line to end a message with if the channels seem to be on the other end of a shape: 1 or 3 are mostly colors."""
    other = "channels_first" if data_format == "channels_last" else "channels_last"
    _, _, channels = split_shape(input_shape, data_format)
    _, other_spatial, others = split_shape(input_shape, other)
    if others not in (1, 3) or channels in (1, 3, None) or any(n is not None and n <= others for n in other_spatial):
        return ""
    axes = "1, -1" if other == "channels_first" else "-1, 1"
    return (
        f"\nThe inputs look like {other}: {tuple(input_shape)}. If they are, set data_format='{other}', or move the channels "
        f"with `np.moveaxis(x, {axes})`."
    )


def _by(sizes):
    return "x".join("?" if size is None else str(size) for size in sizes)
