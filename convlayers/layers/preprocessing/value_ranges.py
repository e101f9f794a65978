"""Pixels in another range of values."""

from convlayers.ops.image.scaling import scale_and_shift

BYTES = 0, 255


def to_range(images, source, target, dtype):
    """Returns images whose values lie in one range with values in another, both given by the least and the largest."""
    if tuple(source) == tuple(target):
        return images
    scale = (target[1] - target[0]) / (source[1] - source[0])
    return scale_and_shift(images, scale, target[0] - source[0] * scale, dtype)
