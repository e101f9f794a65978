"""Bounding boxes at other places."""

import numpy as np

from convlayers import ops


def clip_to_image_size(bounding_boxes, height=None, width=None, bounding_box_format="xyxy"):
    """Returns bounding boxes without what lies outside of the image. The label of a box of which nothing is left becomes -1.

    Args:
        bounding_boxes: dict of arrays: "boxes" of shape (boxes, 4), or (batch, boxes, 4), and maybe "labels" of shape (boxes,),
            or (batch, boxes).
        height, width: the size of the image, for "xyxy".
        bounding_box_format: "xyxy" or "rel_xyxy".

    Returns:
        A dict with the same keys.

    Raises:
        NotImplementedError: for other formats.
        ValueError: if the size is missing.

    Example:

    >>> clip_to_image_size({"boxes": np.array([[-10, 20, 150, 160]]), "labels": np.array([3])}, height=100, width=120)
    {"boxes": [[0, 20, 120, 100]], "labels": [3]}
    """
    if bounding_box_format not in ("xyxy", "rel_xyxy"):
        raise NotImplementedError(
            f"Expected a bounding_box_format of 'xyxy' or 'rel_xyxy'. Received: bounding_box_format={bounding_box_format}"
        )
    if bounding_box_format == "rel_xyxy":
        height = width = 1
    elif height is None or width is None:
        raise ValueError("`height` and `width` must be set if `format='xyxy'`.")
    boxes = _clip(ops.convert_to_tensor(bounding_boxes["boxes"]), height, width)
    clipped = {**bounding_boxes, "boxes": boxes}
    if bounding_boxes.get("labels") is not None:
        sides = boxes[..., 2:] - boxes[..., :2]
        clipped["labels"] = ops.where(ops.greater(sides[..., 0] * sides[..., 1], 0), bounding_boxes["labels"], -1)
    return clipped


def crop(boxes, top, left, height, width, bounding_box_format="xyxy"):
    """Returns bounding boxes as they lie in a part of the image.

    Args:
        boxes: array of shape (..., 4).
        top, left: where the part begins.
        height, width: its size. What lies outside of it is cut off.
        bounding_box_format: "xyxy", the only one.

    Returns:
        Array of the same shape.

    Raises:
        NotImplementedError: for other formats.

    Example:

    >>> crop(np.array([[10, 20, 50, 60]]), top=10, left=20, height=40, width=30)
    [[0, 10, 30, 40]]
    """
    return _clip(pad(boxes, -top, -left, bounding_box_format=bounding_box_format), height, width)


def pad(boxes, top, left, height=None, width=None, bounding_box_format="xyxy"):
    """Returns bounding boxes as they lie in an image that got a border.

    Args:
        boxes: array of shape (..., 4).
        top, left: how wide the border is.
        height, width: taken for compatibility. They change nothing.
        bounding_box_format: "xyxy", the only one.

    Returns:
        Array of the same shape.

    Raises:
        NotImplementedError: for other formats.
    """
    _check_xyxy(bounding_box_format)
    boxes = ops.convert_to_tensor(boxes)
    return boxes + np.asarray([left, top, left, top], boxes.dtype)


def affine_transform(
    boxes,
    angle,
    translate_x,
    translate_y,
    scale,
    shear_x,
    shear_y,
    height,
    width,
    center_x=None,
    center_y=None,
    bounding_box_format="xyxy",
):
    """Returns the bounding boxes of boxes that are turned, moved, scaled and sheared.

    Args:
        boxes: array of shape (batch, boxes, 4).
        angle: how far they are turned, in degrees: array of shape (batch,), as those that follow.
        translate_x, translate_y: how far they move, as parts of the width and height.
        scale: how much larger they become.
        shear_x, shear_y: how far they are sheared, in degrees.
        height, width: the size of the image.
        center_x, center_y: what stays where it is, as parts of width and height; by default 0.5.
        bounding_box_format: "xyxy", the only one.

    Returns:
        Array of the same shape.

    Raises:
        NotImplementedError: for other formats.
    """
    _check_xyxy(bounding_box_format)
    turn, slant_x, slant_y = (-np.pi / 180 * ops.convert_to_tensor(degrees) for degrees in (angle, shear_x, shear_y))
    center_x, center_y = (
        (0.5 if part is None else part) * (size - 1) for part, size in ((center_x, width), (center_y, height))
    )
    # Where what will be in the center is.
    from_x, from_y = center_x - translate_x * (width - 1), center_y - translate_y * (height - 1)
    cos, sin = (function(turn - slant_y) / ops.cos(slant_y) for function in (ops.cos, ops.sin))
    a0, a1 = (ops.cos(turn) + sin * ops.tan(slant_x)) * scale, -(cos * ops.tan(slant_x) + ops.sin(turn)) * scale
    b0, b1 = sin * scale, cos * scale
    zero = ops.zeros_like(a0)
    rows = [a0, a1, center_x - a0 * from_x - a1 * from_y, b0, b1, center_y - b0 * from_x - b1 * from_y, zero, zero]
    return move_boxes(boxes, ops.stack(rows, axis=-1))


def move_boxes(boxes, rows):
    """Returns the bounding boxes of boxes whose corners go to other places.

    Args:
        boxes: array of shape (..., boxes, 4) in the format "xyxy".
        rows: array of shape (..., 8): a point (x, y) goes to ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k), where
            k = c0 x + c1 y + 1. It is what `ops.image.affine_transform` takes, in the other direction.
    """
    x, y = (ops.take(boxes, columns, axis=-1) for columns in ([0, 2, 2, 0], [1, 1, 3, 3]))
    a0, a1, a2, b0, b1, b2, c0, c1 = (rows[..., i, None, None] for i in range(8))
    k = c0 * x + c1 * y + 1
    x, y = (a0 * x + a1 * y + a2) / k, (b0 * x + b1 * y + b2) / k
    return ops.stack([extreme(along, axis=-1) for extreme in (ops.min, ops.max) for along in (x, y)], axis=-1)


def inverse(rows):
    """Returns rows of 8 numbers that take points back."""
    matrices = np.concatenate([rows, np.ones_like(rows[..., :1])], axis=-1).reshape(*rows.shape[:-1], 3, 3)
    back = np.linalg.inv(matrices)
    return (back / back[..., 2:, 2:]).reshape(*rows.shape[:-1], 9)[..., :8]


def place_boxes(boxes, scales, shifts):
    """Returns boxes in the format "xyxy", scaled and then moved by numbers (y, x)."""
    (scale_y, scale_x), (down, right) = scales, shifts
    numbers = np.array([[scale_x, scale_y, scale_x, scale_y], [right, down, right, down]], "float64")
    return (boxes * numbers[0] + numbers[1]).astype(boxes.dtype)


def _clip(boxes, height, width):
    return ops.minimum(ops.maximum(boxes, 0), np.asarray([width, height, width, height], boxes.dtype))


def _check_xyxy(bounding_box_format):
    if bounding_box_format != "xyxy":
        raise NotImplementedError(
            f"Expected a bounding_box_format of 'xyxy'. Received: bounding_box_format={bounding_box_format}"
        )
