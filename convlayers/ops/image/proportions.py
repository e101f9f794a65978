"""Parts and borders that give an image the proportions of another size, as Keras rounds them."""


def _lengths_for(sizes, target):
    """Returns the height that belongs to the width of an image with the proportions of `target`, and the reverse."""
    (height, width), (target_height, target_width) = sizes, target
    return int(float(width * target_height) / target_width), int(float(height * target_width) / target_height)


def middle(sizes, target):
    """Returns where the part of an image begins that has these proportions, and how large it is."""
    lengths = [max(min(length, wanted), 1) for length, wanted in zip(sizes, _lengths_for(sizes, target), strict=True)]
    starts = [int(float(size - length) / 2) for size, length in zip(sizes, lengths, strict=True)]
    return starts, lengths


def borders(sizes, target):
    """Returns how wide a border above and below an image, and beside it, gives it these proportions."""
    wanted = _lengths_for(sizes, target)
    return [int(float(max(length, size) - size) / 2) for size, length in zip(sizes, wanted, strict=True)]
