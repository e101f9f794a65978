"""Borders around images, added and removed."""

from convlayers.config import standardize_data_format
from convlayers.ops.dtypes import as_array
from convlayers.ops.image.checks import check_rank, image_axes
from convlayers.ops.shaping import pad
from convlayers.symbolic import FunctionCall, KerasTensor, Node


def pad_images(
    images,
    top_padding=None,
    left_padding=None,
    bottom_padding=None,
    right_padding=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """Adds zeros around images.

    Args:
        images: an image, or a batch of images.
        top_padding, bottom_padding, target_height: how many rows to add on both sides, and how many there will be. Two of
            the three are given.
        left_padding, right_padding, target_width: the same for columns.
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.

    Returns:
        Array of the dtype of the images.

    Raises:
        ValueError: if not two of three are given, or one is negative.

    Example:

    >>> pad_images(np.zeros((15, 25, 3)), top_padding=2, left_padding=3, target_height=20, target_width=30).shape
    (20, 30, 3)
    """
    images, sizes, axes = _check_images(images, data_format)
    _check_two_of_three(top_padding, bottom_padding, target_height, "padding", "top", "bottom", "height")
    _check_two_of_three(left_padding, right_padding, target_width, "padding", "left", "right", "width")
    given = top_padding, left_padding, bottom_padding, right_padding, target_height, target_width
    if None in sizes:
        height = target_height or (sizes[0] and top_padding + sizes[0] + bottom_padding)
        width = target_width or (sizes[1] and left_padding + sizes[1] + right_padding)
        return _later(pad_images, images, given, data_format, axes, (height, width))
    widths = [(0, 0)] * len(images.shape)
    rows = _complete(top_padding, bottom_padding, target_height, sizes[0])
    columns = _complete(left_padding, right_padding, target_width, sizes[1])
    for axis, pair, names in ((axes[0], rows, ("top", "bottom")), (axes[1], columns, ("left", "right"))):
        for number, name in zip(pair, names, strict=True):
            _check_not_negative(number, f"{name}_padding")
        widths[axis] = pair
    return pad(images, widths)


def crop_images(
    images,
    top_cropping=None,
    left_cropping=None,
    bottom_cropping=None,
    right_cropping=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """Removes rows and columns at the sides of images.

    Args:
        images: an image, or a batch of images.
        top_cropping, bottom_cropping, target_height: how many rows to remove on both sides, and how many will be left. Two of
            the three are given.
        left_cropping, right_cropping, target_width: the same for columns.
        data_format: "channels_last" or "channels_first"; `keras.config.image_data_format()` by default.

    Returns:
        Array of the dtype of the images.

    Raises:
        ValueError: if not two of three are given, or one is negative.

    Example:

    >>> crop_images(np.zeros((4, 28, 28, 3)), 4, 4, target_height=20, target_width=10).shape
    (4, 20, 10, 3)
    """
    images, sizes, axes = _check_images(images, data_format)
    _check_two_of_three(top_cropping, bottom_cropping, target_height, "cropping", "top", "bottom", "height")
    _check_two_of_three(left_cropping, right_cropping, target_width, "cropping", "left", "right", "width")
    given = top_cropping, left_cropping, bottom_cropping, right_cropping, target_height, target_width
    for size, target, name in ((sizes[0], target_height, "height"), (sizes[1], target_width, "width")):
        if size is None and target is None:
            raise ValueError(
                f"When the {name} of the images is unknown, `target_{name}` must be specified."
                f"Received images.shape={images.shape} and target_{name}={target}"
            )
    if None in sizes:
        height = sizes[0] - top_cropping - bottom_cropping if target_height is None else target_height
        width = sizes[1] - left_cropping - right_cropping if target_width is None else target_width
        return _later(crop_images, images, given, data_format, axes, (height, width))
    part = [slice(None)] * len(images.shape)
    rows = axes[0], top_cropping, bottom_cropping, target_height, sizes[0], "top", "height"
    columns = axes[1], left_cropping, right_cropping, target_width, sizes[1], "left", "width"
    for axis, before, after, target, size, side, name in (rows, columns):
        before = size - target - after if before is None else before
        target = size - before - after if target is None else target
        _check_not_negative(before, f"{side}_cropping")
        _check_not_negative(target, f"target_{name}")
        part[axis] = slice(before, before + target)
    return images[tuple(part)]


def _check_images(images, data_format):
    """Returns the images, their height and width, and the axes of these."""
    images = images if hasattr(images, "shape") else as_array(images)
    axes = image_axes(standardize_data_format(data_format))[:2]
    check_rank(images.shape)
    return images, [images.shape[axis] for axis in axes], axes


def _later(function, images, given, data_format, axes, new_sizes):
    """Adds the call to a model's graph: it is done when the sizes of the images are known."""
    shape = list(images.shape)
    for axis, size in zip(axes, new_sizes, strict=True):
        shape[axis] = size
    output = KerasTensor(shape, images.dtype)
    return Node(FunctionCall(function), (images, *given, data_format), {}, output).outputs


def _check_two_of_three(before, after, target, what, first, last, size):
    if [before, after, target].count(None) != 1:
        raise ValueError(
            f"Must specify exactly two of {first}_{what}, {last}_{what}, target_{size}. "
            f"Received: {first}_{what}={before}, {last}_{what}={after}, target_{size}={target}"
        )
    for number, name in ((before, f"{first}_{what}"), (after, f"{last}_{what}"), (target, f"target_{size}")):
        if number is not None:
            _check_not_negative(number, name)


def _check_not_negative(number, name):
    if number < 0:
        raise ValueError(f"{name} must be >= 0. Received: {name}={number}")


def _complete(before, after, target, size):
    """Returns both paddings: one may follow from the target."""
    before = target - after - size if before is None else before
    return before, target - before - size if after is None else after
