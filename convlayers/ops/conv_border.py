"""Borders that are not zeros, which kernels add by themselves, but copies of pixels."""

import numpy as np

from convlayers import shapes
from convlayers.autograd import differentiable


@differentiable(new_gradients=True, overwrites=True)
def pad_border(x, pads, mode, data_format):
    """Puts copies of pixels around images.

    Args:
        x: array of shape (batch, *spatial, channels), or (batch, channels, *spatial) for "channels_first".
        pads: a pair of ints for each spatial axis: how many pixels in front and behind.
        mode: "reflect" (the image, mirrored at its outermost pixels), "replicate" (the outermost pixel) or "circular" (the
            opposite side).
        data_format: "channels_last" or "channels_first".

    Raises:
        ValueError: if an image has too few pixels for that.
    """
    check_border(x.shape, pads, mode, data_format)
    images = _channels_last(x, data_format)
    widths = ((0, 0), *pads, (0, 0))
    inside = tuple([slice(front, front + length) for (front, _), length in zip(widths, images.shape, strict=True)])
    y = np.empty([sum(width) + length for width, length in zip(widths, images.shape, strict=True)], x.dtype)
    y[inside] = images
    copies = list(_copies(widths, inside, mode))
    for axis, target, source in copies:
        y[target] = np.flip(y[source], axis) if mode == "reflect" else y[source]

    def backward(d_outputs, owned):
        d_y = _channels_last(d_outputs if owned else d_outputs.copy(), data_format)
        for axis, target, source in reversed(copies):
            if mode == "replicate":
                d_y[source] += d_y[target].sum(axis, keepdims=True)
            else:
                d_y[source] += np.flip(d_y[target], axis) if mode == "reflect" else d_y[target]
        return _from_channels_last(d_y[inside], data_format)

    return _from_channels_last(y, data_format), backward


def check_border(input_shape, pads, mode, data_format):
    """Checks that images have the pixels that a border takes: `pads` of them, and one more to mirror at.

    Raises:
        ValueError: if they have not.
    """
    _, spatial, _ = shapes.split_shape(tuple(input_shape), data_format)
    for length, width in zip(spatial, pads, strict=True):
        if length is None or max(width) == 0:
            continue
        if length < (1 if mode == "replicate" else max(width) + (mode == "reflect")):
            raise ValueError(
                f"The input is too small for padding_mode='{mode}', which would have to copy {max(width)} of {length} pixels. "
                f"Received: input shape={tuple(input_shape)}, pads={tuple(pads)}\n"
                "'reflect' copies less pixels than there are, 'circular' at most as many, 'replicate' any number."
            )


def _copies(widths, inside, mode):
    """Yields axis, target and source of each part of the border, as indices, in the order of copying.

    Each axis takes along what the axes before it have added, so that corners are filled.
    """
    for axis, ((front, behind), part) in enumerate(zip(widths, inside, strict=True)):
        start, end = part.start, part.stop
        sources = {
            "reflect": (slice(start + 1, start + 1 + front), slice(end - 1 - behind, end - 1)),
            "replicate": (slice(start, start + 1), slice(end - 1, end)),
            "circular": (slice(end - front, end), slice(start, start + behind)),
        }[mode]
        for target, source, width in zip((slice(0, start), slice(end, end + behind)), sources, (front, behind), strict=True):
            if width > 0:
                before, after = (slice(None),) * axis, inside[axis + 1 :]
                yield axis, (*before, target, *after), (*before, source, *after)


def _channels_last(x, data_format):
    return np.moveaxis(x, 1, -1) if data_format == "channels_first" else x


def _from_channels_last(x, data_format):
    return np.moveaxis(x, -1, 1) if data_format == "channels_first" else x
