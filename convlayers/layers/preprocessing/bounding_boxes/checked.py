"""Bounding boxes as users give them. Texts are those of Keras."""

import numpy as np

from convlayers import ops


def checked_boxes(bounding_boxes):
    """Returns a dict with the arrays "boxes", of float32, and "labels".

    Lists of different lengths, one for each image, are filled up: with boxes of zeros, whose labels are -1.

    Raises:
        ValueError: if there are no such two, or if they do not fit together.
    """
    if not isinstance(bounding_boxes, dict) or not {"boxes", "labels"} <= bounding_boxes.keys():
        raise ValueError(
            "Expected `bounding_boxes` agurment to be a dict with keys 'boxes' and 'labels'. "
            f"Received: bounding_boxes={bounding_boxes}"
        )
    boxes, labels = bounding_boxes["boxes"], bounding_boxes["labels"]
    if isinstance(boxes, list):
        _check_lists(boxes, labels)
        if np.ndim(labels[0] if labels else 0):
            count = max(map(len, labels))
            boxes = [_filled(part, (count, 4), 0) for part in boxes]
            labels = [_filled(part, (count,), -1) for part in labels]
    else:
        _check_ranks(boxes, labels)
    return {**bounding_boxes, "boxes": ops.cast(boxes, "float32"), "labels": ops.convert_to_tensor(labels)}


def _filled(numbers, shape, fill_value):
    filled = np.full(shape, fill_value, np.asarray(numbers).dtype if len(numbers) else None)
    filled[: len(numbers)] = numbers
    return filled


def _check_lists(boxes, labels):
    if not isinstance(labels, list):
        raise ValueError(
            "If `bounding_boxes['boxes']` is a list, then `bounding_boxes['labels']` must also be a list."
            f"Received: bounding_boxes['labels']={labels}"
        )
    if len(boxes) != len(labels):
        raise ValueError(
            "If `bounding_boxes['boxes']` and `bounding_boxes['labels']` are both lists, they must have the same length. "
            f"Received: len(bounding_boxes['boxes'])={len(boxes)} and len(bounding_boxes['labels'])={len(labels)} and "
        )


def _check_ranks(boxes, labels):
    boxes_shape, labels_shape = tuple(ops.shape(boxes)), tuple(ops.shape(labels))
    if len(boxes_shape) not in (2, 3):
        raise ValueError(
            "Expected `bounding_boxes['boxes']` to have rank 2 or 3, with shape (num_boxes, 4) or (batch_size, num_boxes, 4). "
            f"Received: bounding_boxes['boxes'].shape={boxes_shape}"
        )
    least = len(boxes_shape) - 1
    if len(labels_shape) not in (least, least + 1):
        raise ValueError(
            f"Found bounding_boxes['boxes'].shape={boxes_shape} and expected bounding_boxes['labels'] to have "
            f"rank {least} or {least + 1}, but received: bounding_boxes['labels'].shape={labels_shape} "
        )
