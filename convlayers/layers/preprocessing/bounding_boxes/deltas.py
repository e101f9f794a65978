"""Bounding boxes as their difference from anchors: what networks that find objects are trained for."""

import numpy as np

from convlayers import ops
from convlayers.config import epsilon
from convlayers.layers.preprocessing.bounding_boxes.formats import convert_format

_ENCODINGS = "center_xywh", "center_yxhw"


def encode_box_to_deltas(
    anchors,
    boxes,
    anchor_format,
    box_format,
    encoding_format="center_yxhw",
    variance=None,
    image_shape=None,
):
    """Returns how boxes differ from anchors: the distances of the centers as parts of the anchors' sizes, and the logarithms of
    the ratios of the sizes.

    Args:
        anchors: array of shape (boxes, 4).
        boxes: array of shape (boxes, 4), or (batch, boxes, 4).
        anchor_format, box_format: their formats; see `convert_format`.
        encoding_format: "center_yxhw" or "center_xywh": the order of the numbers in the result.
        variance: four numbers that the result is divided by.
        image_shape: (height, width, channels), for relative formats.

    Returns:
        Array of the shape of the boxes.

    Raises:
        ValueError: if the variance has not four numbers, or if there is no such encoding.
    """
    variance = _checked_variance(variance)
    if encoding_format not in _ENCODINGS:
        raise ValueError(f"`encoding_format` should be one of 'center_xywh' or 'center_yxhw', got {encoding_format}")
    height, width = (None, None) if image_shape is None else image_shape[:2]
    anchors = convert_format(anchors, anchor_format, encoding_format, height, width)
    boxes = convert_format(boxes, box_format, encoding_format, height, width)
    anchor_sizes, box_sizes = (ops.maximum(part[..., 2:], epsilon()) for part in (anchors, boxes))
    centers = (boxes[..., :2] - anchors[..., :2]) / anchor_sizes
    deltas = ops.concatenate([centers, ops.log(box_sizes / anchor_sizes)], axis=-1)
    return deltas if variance is None else deltas / variance


def decode_deltas_to_boxes(
    anchors,
    boxes_delta,
    anchor_format,
    box_format,
    encoded_format="center_yxhw",
    variance=None,
    image_shape=None,
):
    """Returns the boxes that differ from anchors by what `encode_box_to_deltas` made of them.

    Args:
        anchors: array of shape (boxes, 4); or a dict of such.
        boxes_delta: array of shape (boxes, 4), or (batch, boxes, 4); or a dict with the same keys.
        anchor_format: the format of the anchors.
        box_format: the format of the result.
        encoded_format: "center_yxhw" or "center_xywh": the order of the numbers in `boxes_delta`.
        variance: four numbers that these are multiplied by.
        image_shape: (height, width, channels), for relative formats.

    Returns:
        Array of the shape of `boxes_delta`, or a dict of such.

    Raises:
        ValueError: if the variance has not four numbers, or if there is no such encoding.
    """
    variance = _checked_variance(variance)
    if encoded_format not in _ENCODINGS:
        raise ValueError(f"`encoded_format` should be 'center_xywh' or 'center_yxhw', but got '{encoded_format}'.")
    height, width = (None, None) if image_shape is None else image_shape[:2]

    def decode(anchors, deltas):
        anchors = convert_format(anchors, anchor_format, encoded_format, height, width)
        deltas = deltas if variance is None else deltas * variance
        centers = deltas[..., :2] * anchors[..., 2:] + anchors[..., :2]
        sizes = ops.exp(deltas[..., 2:]) * anchors[..., 2:]
        return convert_format(ops.concatenate([centers, sizes], axis=-1), encoded_format, box_format, height, width)

    if isinstance(anchors, dict) and isinstance(boxes_delta, dict):
        return {level: decode(part, boxes_delta[level]) for level, part in anchors.items()}
    return decode(anchors, boxes_delta)


def _checked_variance(variance):
    if variance is None:
        return None
    variance = np.asarray(variance, "float32")
    if variance.shape[-1] != 4:
        raise ValueError(f"`variance` must be length 4, got {variance}")
    return variance
