"""Bounding boxes that tests are made of."""

import numpy as np

from convlayers import utils

RNG = np.random.default_rng(0)
HEIGHT, WIDTH = 20, 30
FORMATS = ["xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh"]


def some_boxes(*shape, least=0.0, largest=1.0):
    """Returns boxes of the format "xyxy"; the image ends at 0 and 1."""
    corners = np.sort(RNG.uniform(least, largest, (*shape, 2, 2)), axis=-2) * [WIDTH, HEIGHT]
    return corners.reshape(*shape, 4).astype("float32")


def in_format(boxes, target):
    return utils.bounding_boxes.convert_format(boxes, "xyxy", target, HEIGHT, WIDTH)


def as_tensors(structure, keras):
    if isinstance(structure, dict):
        return {key: as_tensors(part, keras) for key, part in structure.items()}
    if isinstance(structure, list):
        return [as_tensors(part, keras) for part in structure]
    # Copies: Keras changes some of what it is given.
    return keras.ops.convert_to_tensor(np.array(structure)) if isinstance(structure, (np.ndarray, np.generic)) else structure
