"""How far bounding boxes overlap."""

import math

from convlayers import ops
from convlayers.config import epsilon
from convlayers.layers.preprocessing.bounding_boxes.formats import convert_format


def compute_iou(boxes1, boxes2, bounding_box_format, use_masking=False, mask_val=-1, image_shape=None):
    """Returns, for each box of some with each of others, the area that both cover as a part of what one of them covers.

    Args:
        boxes1: array of shape (boxes, 4), or (batch, boxes, 4).
        boxes2: the others, with or without a batch.
        bounding_box_format: that of both; see `convert_format`.
        use_masking: whether boxes that are filled in, all of whose numbers are negative, get another value.
        mask_val: that value.
        image_shape: (height, width, channels), for relative formats.

    Returns:
        Array of shape (boxes1, boxes2), or (batch, boxes1, boxes2).

    Raises:
        ValueError: if boxes have another rank, or if the shape of the image is missing.

    Example:

    >>> compute_iou(np.array([[0, 0, 2, 2]]), np.array([[0, 0, 2, 2], [1, 0, 3, 2]]), "xyxy")
    [[1.0, 0.3333]]
    """
    ranks = [len(ops.shape(boxes)) for boxes in (boxes1, boxes2)]
    for name, rank in zip(("boxes1", "boxes2"), ranks, strict=True):
        if rank not in (2, 3):
            raise ValueError(
                f"compute_iou() expects {name} to be batched, or to be unbatched. "
                f"Received len(boxes1.shape)={ranks[0]}, len(boxes2.shape)={ranks[1]}. Expected either "
                f"len({name}.shape)=2 AND or len({name}.shape)=3."
            )
    boxes1, boxes2 = _corners(boxes1, boxes2, bounding_box_format, image_shape)
    boxes1, boxes2 = boxes1[..., :, None, :], boxes2[..., None, :, :]
    shared = _shared_area(boxes1, boxes2)
    overlap = shared / (_area(boxes1) + _area(boxes2) - shared + epsilon())
    if not use_masking:
        return overlap
    filled = ops.logical_or(*(ops.less(ops.max(boxes, axis=-1), 0) for boxes in (boxes1, boxes2)))
    return ops.where(filled, mask_val, overlap)


def compute_ciou(boxes1, boxes2, bounding_box_format, image_shape=None):
    """Returns how well boxes agree with others: the part that both cover, less the distance of their centers, less the
    difference of their proportions. One less it is a loss.

    Args:
        boxes1: array of shape (..., 4).
        boxes2: the others, of a shape that can be broadcast.
        bounding_box_format: that of both; see `convert_format`.
        image_shape: (height, width, channels), for relative formats.

    Returns:
        Array of shape (...). 1 is for boxes that are the same.

    Raises:
        ValueError: if the shape of the image is missing.
    """
    boxes1, boxes2 = _corners(boxes1, boxes2, bounding_box_format, image_shape)
    size1, size2 = (ops.unstack(boxes[..., 2:] - boxes[..., :2], axis=-1) for boxes in (boxes1, boxes2))
    (width1, height1), (width2, height2) = ((width, height + epsilon()) for width, height in (size1, size2))
    shared = _shared_area(boxes1, boxes2)
    overlap = shared / (width1 * height1 + width2 * height2 - shared + 2 * epsilon())
    distance = ops.sum((boxes1[..., :2] + boxes1[..., 2:] - boxes2[..., :2] - boxes2[..., 2:]) ** 2, axis=-1) / 4
    around = ops.maximum(boxes1[..., 2:], boxes2[..., 2:]) - ops.minimum(boxes1[..., :2], boxes2[..., :2])
    diagonal = ops.sum(around**2, axis=-1) + epsilon()
    proportions = 4 / math.pi**2 * (ops.arctan(width2 / height2) - ops.arctan(width1 / height1)) ** 2
    return overlap - (distance / diagonal + proportions**2 / (proportions - overlap + (1 + epsilon())))


def _corners(boxes1, boxes2, bounding_box_format, image_shape):
    if "rel" in bounding_box_format and image_shape is None:
        raise ValueError(
            "When using relative bounding box formats (e.g. `rel_yxyx`) the `image_shape` argument must be provided."
            f"Received `image_shape`: {image_shape}"
        )
    height, width = (None, None) if image_shape is None else image_shape[:2]
    return [convert_format(boxes, bounding_box_format, "xyxy", height, width) for boxes in (boxes1, boxes2)]


def _area(boxes):
    sides = boxes[..., 2:] - boxes[..., :2]
    return sides[..., 0] * sides[..., 1]


def _shared_area(boxes1, boxes2):
    starts, ends = ops.maximum(boxes1[..., :2], boxes2[..., :2]), ops.minimum(boxes1[..., 2:], boxes2[..., 2:])
    sides = ops.maximum(ends - starts, 0)
    return sides[..., 0] * sides[..., 1]
