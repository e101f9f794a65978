"""Batches of images as they are drawn on."""

import numpy as np

from convlayers.config import standardize_data_format


def with_channels_last(images, data_format):
    """Returns a batch of images, a view, with the channels last.

    Raises:
        ValueError: if it is no batch.
    """
    images = np.asarray(images)
    if images.ndim != 4:
        raise ValueError(f"`images` must be batched 4D tensor. Received: images.shape={images.shape}")
    return images.transpose(0, 2, 3, 1) if standardize_data_format(data_format) == "channels_first" else images


def import_matplotlib(name):
    """Imports Matplotlib.

    Args:
        name: the function that needs it.

    Raises:
        ImportError: if it is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"The `{name}` function requires the `matplotlib` package. Please install it with `pip install matplotlib`."
        ) from error
