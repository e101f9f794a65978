"""What the functions on images ask of their arguments, and where heights, widths and channels are. Texts are those of Keras."""

from convlayers import shapes
from convlayers.ops.layout import contiguous

WARP_INTERPOLATIONS = ("nearest", "bilinear")
FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


def check_rank(shape, name="images"):
    """Checks that images have a rank of 3, or 4 with a batch.

    Args:
        shape: that of the images.
        name: the argument's name, for the message.

    Raises:
        ValueError: if they have not.
    """
    if len(shape) not in (3, 4):
        raise ValueError(
            f"Invalid {name} rank: expected rank 3 (single image) or rank 4 (batch of images). "
            f"Received input with shape: {name}.shape={tuple(shape)}"
        )


def check_float(dtype):
    if dtype.kind != "f":
        raise ValueError(f"Invalid images dtype: expected float dtype. Received: images.dtype={dtype.name}")


def check_warp(interpolation, fill_mode):
    """Checks how pixels are read between others and outside of the image.

    Raises:
        ValueError: if there is no such way.
    """
    if interpolation not in WARP_INTERPOLATIONS:
        raise ValueError(
            "Invalid value for argument `interpolation`. Expected of one "
            f"{set(WARP_INTERPOLATIONS)}. Received: interpolation={interpolation}"
        )
    if fill_mode not in FILL_MODES:
        raise ValueError(
            f"Invalid value for argument `fill_mode`. Expected of one {set(FILL_MODES)}. Received: fill_mode={fill_mode}"
        )


def image_axes(data_format):
    """Returns the axes of height, width and channels, counted from the end: there may be a batch in front."""
    return (-3, -2, -1) if data_format == "channels_last" else (-2, -1, -3)


def with_batch(shape):
    """Returns the shape of a batch of images, for that of a single image too."""
    return (1, *shape) if len(shape) == 3 else tuple(shape)


def spatial_sizes(shape, data_format):
    return shapes.split_shape(with_batch(shape), data_format)[1]


def channels_last(rank, data_format):
    """Returns two functions: from images in the user's layout to a batch with the channels last, and back."""

    def to_kernel(x):
        x = x if rank == 4 else x[None]
        return contiguous(x.transpose(0, 2, 3, 1) if data_format == "channels_first" else x)

    def from_kernel(y):
        y = y.transpose(0, 3, 1, 2) if data_format == "channels_first" else y
        return y if rank == 4 else y[0]

    return to_kernel, from_kernel
