"""Random rectangles in images."""

import numpy as np


def rectangles(sizes, parts, draw):
    """Returns rectangles at random places, one for each image.

    Args:
        sizes: height and width of the images.
        parts: array of shape (batch, 2): the width and the height of each rectangle, as parts of those of the image.
        draw: function of a shape, that returns random numbers from 0 to 1.

    Returns:
        Array of truth values of shape (batch, height, width): which pixels are in the rectangle; and the area of each, as a
        part of that of the image.
    """
    masks = []
    for length, part in zip(reversed(sizes), np.transpose(parts), strict=True):
        covered = part * length
        starts = draw((len(part),)) * (length - covered)
        places = np.arange(length)
        masks.append((places >= starts[:, None]) & (places < (starts + covered)[:, None]))
    columns, rows = masks
    return rows[:, :, None] & columns[:, None, :], parts[:, 0] * parts[:, 1]
