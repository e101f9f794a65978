"""Bounding boxes on images."""

import numpy as np

from convlayers.config import standardize_data_format
from convlayers.layers.preprocessing.bounding_boxes.formats import convert_format
from convlayers.visualization.batches import import_matplotlib, with_channels_last

_FONT_SIZE = 12  # in pixels, for font_scale=1


def draw_bounding_boxes(
    images,
    bounding_boxes,
    bounding_box_format,
    class_mapping=None,
    color=(128, 128, 128),
    line_thickness=2,
    text_thickness=1,
    font_scale=1.0,
    data_format=None,
):
    """Returns images with bounding boxes drawn on them. Names are written with Matplotlib.

    Args:
        images: array of shape (batch, height, width, 3): bytes, or floats up to 1 or 255.
        bounding_boxes: dict with the arrays "boxes", of shape (batch, boxes, 4), and "labels", of shape (batch, boxes); and
            maybe "confidences", of the shape of the labels, which are written behind names. Boxes with the label -1 are left
            out.
        bounding_box_format: their format: what `keras.utils.bounding_boxes.convert_format` takes.
        class_mapping: dict of names for labels. Others get none.
        color: three numbers, up to 255.
        line_thickness: how wide lines are, in pixels.
        text_thickness: how bold names are; by default as wide as lines.
        font_scale: how large names are.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.

    Returns:
        Array of bytes of the shape of the images.

    Raises:
        ValueError, TypeError: if the images are no batch, or the boxes no such dict.
        ImportError: if names are to be written and Matplotlib is not installed.
    """
    drawn = _as_bytes(with_channels_last(images, data_format))
    if not isinstance(bounding_boxes, dict):
        raise TypeError(
            f"`bounding_boxes` should be a dict. Received: bounding_boxes={bounding_boxes} of type {type(bounding_boxes)}"
        )
    if not {"boxes", "labels"} <= bounding_boxes.keys():
        raise ValueError(
            f"`bounding_boxes` should be a dict containing 'boxes' and 'labels' keys. Received: bounding_boxes={bounding_boxes}"
        )
    all_boxes = convert_format(bounding_boxes["boxes"], bounding_box_format, "xyxy", *drawn.shape[1:3])
    all_texts = _texts(bounding_boxes, class_mapping or {})
    for image, boxes, labels, texts in zip(drawn, all_boxes, bounding_boxes["labels"], all_texts, strict=True):
        for box, label, text in zip(boxes.astype("int32").tolist(), labels, texts, strict=True):
            if label != -1:
                _draw_rectangle(image, box, color, line_thickness)
                if text:
                    _write(image, box, text, color, font_scale, text_thickness or line_thickness)
    return drawn.transpose(0, 3, 1, 2) if standardize_data_format(data_format) == "channels_first" else drawn


def _as_bytes(images):
    """Returns a new array."""
    if images.dtype.kind == "f" and images.size:
        scale = 255 if images.max() <= 1 else 1
        images = np.clip(images * scale, 0, 255)
    return np.array(images, "uint8", order="C")


def _texts(bounding_boxes, class_mapping):
    names = [[class_mapping.get(int(label), "") for label in labels] for labels in bounding_boxes["labels"]]
    if "confidences" not in bounding_boxes:
        return names
    return [
        [name and f"{name} | {confidence:.2f}" for name, confidence in zip(*both, strict=True)]
        for both in zip(names, bounding_boxes["confidences"], strict=True)
    ]


def _draw_rectangle(image, box, color, thickness):
    left, top, right, bottom = box

    def from_to(start, end):
        first = start - thickness // 2
        return slice(max(first, 0), max(end - start + first + thickness, 0))

    for rows, columns in (
        (from_to(top, top), from_to(left, right)),
        (from_to(bottom, bottom), from_to(left, right)),
        (from_to(top, bottom), from_to(left, left)),
        (from_to(top, bottom), from_to(right, right)),
    ):
        image[rows, columns] = color


def _write(image, box, text, color, font_scale, thickness):
    """Writes above a box, or into it where there is no room above."""
    opacity = _rendered(text, font_scale, thickness)
    height, width = opacity.shape
    left, top, _, _ = box
    above = top - height - thickness - 2
    row, column = (above, left) if above >= 0 else (top + thickness + 3, left + 3)
    # What lies outside of the image is cut off.
    rows, columns = slice(max(row, 0), max(row + height, 0)), slice(max(column, 0), max(column + width, 0))
    part = image[rows, columns]
    opacity = opacity[max(-row, 0) :, max(-column, 0) :][: part.shape[0], : part.shape[1], None]
    part[...] = np.rint(part * (1 - opacity) + np.array(color) * opacity)


def _rendered(text, font_scale, thickness):
    """Returns how much of each pixel a text covers: an array of numbers from 0 to 1."""
    import_matplotlib("draw_bounding_boxes")
    from matplotlib import font_manager, ft2font

    font = ft2font.FT2Font(font_manager.findfont(font_manager.FontProperties()))
    font.set_size(_FONT_SIZE * font_scale, 72)
    font.set_text(text)
    font.draw_glyphs_to_bitmap()
    opacity = np.asarray(font.get_image()) / 255
    for _ in range(thickness - 1):
        opacity = np.pad(opacity, [(0, 0), (0, 1)])
        opacity[:, 1:] = np.maximum(opacity[:, 1:], opacity[:, :-1])
    return opacity
