"""Borders that are not zeros, which kernels add by themselves, but copies of pixels."""

from convlayers import shapes
from convlayers.ops.shaping import pad

# The names of the modes in `ops.pad`.
_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


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
    return pad(x, shapes.join_shape((0, 0), pads, (0, 0), data_format), _MODES[mode])


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
