"""Bounding boxes: their formats, what is done to them, and how they follow images. Public as `keras.utils.bounding_boxes`."""
