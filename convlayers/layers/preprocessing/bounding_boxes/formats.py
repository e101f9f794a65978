"""Bounding boxes in another format."""

import numpy as np

from convlayers import ops

SUPPORTED_FORMATS = (
    "xyxy",
    "yxyx",
    "xywh",
    "center_xywh",
    "center_yxhw",
    "rel_xyxy",
    "rel_yxyx",
    "rel_xywh",
    "rel_center_xywh",
)


def convert_format(boxes, source, target, height=None, width=None, dtype="float32"):
    """Returns bounding boxes in another format.

    Formats, in capital letters or not, are "xyxy" (left, top, right, bottom), "yxyx" (top, left, bottom, right), "xywh" (left,
    top, width, height), "center_xywh" and "center_yxhw" (the center and the size); and "rel_xyxy", "rel_yxyx", "rel_xywh" and
    "rel_center_xywh", in which all are parts of the width and height of the image.

    Args:
        boxes: array of shape (..., 4); or a dict, of which "boxes" is one.
        source: the format that they have.
        target: the format that they get.
        height, width: the size of the image, where one of the formats is relative to it and the other is not: numbers, or
            arrays of shape (..., 1).
        dtype: that of the result.

    Returns:
        Array of the same shape, or a dict with one.

    Raises:
        ValueError: if the boxes have not four numbers, if there is no such format, or if a size is needed.

    Example:

    >>> convert_format([[10, 20, 30, 40]], "xyxy", "rel_center_xywh", height=200, width=100)
    [[0.2, 0.15, 0.2, 0.1]]
    """
    if isinstance(boxes, dict):
        return {**boxes, "boxes": convert_format(boxes["boxes"], source, target, height, width, dtype)}
    shape = tuple(ops.shape(boxes))
    if shape[-1] != 4:
        raise ValueError(f"`boxes` must be a tensor with the last dimension of 4. Received: boxes.shape={shape}")
    source, target = source.lower(), target.lower()
    if source not in SUPPORTED_FORMATS or target not in SUPPORTED_FORMATS:
        raise ValueError(
            f"Invalid source or target format. Supported formats: {SUPPORTED_FORMATS}\n"
            f"Received: source={source!r}, target={target!r}"
        )
    relative = [format.startswith("rel_") for format in (source, target)]
    if any(relative) and (width is None or height is None):
        raise ValueError(
            "convert_format() must receive `height` and `width` transforming between relative and absolute formats."
            f"convert_format() received source=`{source}`, target=`{target}, but height={height} and width={width}."
        )
    boxes = ops.cast(boxes, dtype)
    if source == target:
        return boxes
    first, last = _corners(boxes, source)
    if relative == [True, False]:
        sizes = _sizes(width, height, dtype)
        first, last = first * sizes, last * sizes
    pairs = _pairs(first, last, target)
    if relative == [False, True]:
        sizes = _sizes(width, height, dtype)
        pairs = [pair / sizes for pair in pairs]
    return ops.concatenate(_in_order(pairs, target), axis=-1)


# Pairs of numbers are (x, y), but in what users see.


def _corners(boxes, source):
    """Returns the upper left corners and the lower right ones."""
    first, second = _in_order((boxes[..., :2], boxes[..., 2:]), source)
    if "center" in source:
        return first - second / 2, first + second / 2
    return first, first + second if _has_sizes(source) else second


def _pairs(first, last, target):
    """Returns what takes the place of the corners: centers, or sizes."""
    size = last - first
    if "center" in target:
        return first + size / 2, size
    return first, size if _has_sizes(target) else last


def _in_order(pairs, format):
    """Returns pairs of (x, y) as pairs of (y, x), or the reverse, for formats that have them so."""
    return [ops.flip(pair, axis=-1) for pair in pairs] if format[-4:-2] == "yx" else pairs


def _has_sizes(format):
    return format.endswith(("wh", "hw"))


def _sizes(width, height, dtype):
    return np.concatenate(np.broadcast_arrays(*(np.atleast_1d(np.asarray(size, dtype)) for size in (width, height))), axis=-1)
