"""Segmentation masks on images."""

import numpy as np

from convlayers.visualization.batches import with_channels_last

# Multiples of these, modulo 255, are colors that differ.
_PALETTE = 2**25 - 1, 2**15 - 1, 2**21 - 1


def draw_segmentation_masks(
    images,
    segmentation_masks,
    num_classes=None,
    color_mapping=None,
    alpha=0.8,
    blend=True,
    ignore_index=-1,
    data_format=None,
):
    """Returns images with the classes of their pixels as colors.

    Args:
        images: array of shape (batch, height, width, 3), with values up to 255.
        segmentation_masks: the class of each pixel: ints of shape (batch, height, width), or with an axis of size 1 for
            channels.
        num_classes: pixels of the classes below it get colors; by default all.
        color_mapping: dict of three numbers, up to 255, for each of these classes.
        alpha: how much of the color is seen, from 0 to 1.
        blend: whether colors are mixed with the images; otherwise they replace them.
        ignore_index: the class of pixels that stay as they are where colors are mixed.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.

    Returns:
        Array of bytes with the channels last; of floats, if nothing is mixed.

    Raises:
        ValueError: if the images are no batch.
        TypeError: if the masks are not of ints.
    """
    images = with_channels_last(images, data_format).astype("float32")
    masks = np.asarray(segmentation_masks)
    masks = masks if masks.ndim == 3 else with_channels_last(masks, data_format)[..., 0]
    if masks.dtype.kind not in "iu":
        raise TypeError(f"`segmentation_masks` must be in integer dtype. Received: segmentation_masks.dtype={masks.dtype.name}")
    if num_classes is None:
        num_classes = int(masks.max()) + 1  # Keras leaves the last one out, on PyTorch with an error
    if color_mapping is None:
        colors = np.outer(np.arange(num_classes), _PALETTE) % 255
    else:
        colors = np.array([color_mapping[index] for index in range(num_classes)])
    colored = (masks >= 0) & (masks < num_classes)
    drawn = images.copy()
    drawn[colored] = colors[masks[colored]]
    if not blend:
        return drawn
    mixed = images * (1 - alpha) + drawn * alpha
    return np.where((masks != ignore_index)[..., None], mixed, images).astype("uint8")
