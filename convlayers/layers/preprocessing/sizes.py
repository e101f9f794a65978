"""Shapes of images that get other sizes."""

from convlayers.ops.image.checks import image_axes


def with_sizes(shape, height, width, data_format):
    """Returns the shape of an image, or of a batch of them, with another height and width."""
    shape = list(shape)
    for axis, size in zip(image_axes(data_format), (height, width), strict=False):
        shape[axis] = size
    return tuple(shape)


def part_of_images(images, starts, lengths, data_format):
    """Returns the part of images, a view, that begins at a row and a column.

    Args:
        starts: the row and the column.
        lengths: the height and the width; less where the images end.
    """
    part = [slice(None)] * len(images.shape)
    for axis, start, length in zip(image_axes(data_format), starts, lengths, strict=False):
        part[axis] = slice(start, start + length)
    return images[tuple(part)]
