"""Images mirrored at random."""

import numpy as np

from convlayers.autograd import differentiable
from convlayers.layers.preprocessing.image_layer import GeometricImageLayer
from convlayers.ops.dtypes import as_array
from convlayers.ops.image.checks import image_axes
from convlayers.ops.places import take_places


class RandomFlip(GeometricImageLayer):
    """Mirrors about half of the images, in training only.

    Args:
        mode: "horizontal" (left becomes right), "vertical" (top becomes bottom) or "horizontal_and_vertical", which does both
            to the same images.
        seed: int; the same seed gives the same numbers in each run of the program.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`, and `bounding_box_format`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Example:

    >>> RandomFlip("horizontal")(np.zeros((8, 32, 32, 3)), training=True).shape
    (8, 32, 32, 3)
    """

    def __init__(self, mode="horizontal_and_vertical", seed=None, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self._set_seed(seed)
        self.mode = mode

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        shape = self._shape_of_images(data)
        chances = self._draw((*shape[:-3], 1, 1, 1), 0, 1, seed)
        return {"flips": chances <= 0.5, "input_shape": shape}

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        return self.transform_images(segmentation_masks, transformation, training)

    def _move(self, images, transformation, interpolation):
        vertical, horizontal, _ = image_axes(self.data_format)
        axes = [axis for axis, name in ((vertical, "vertical"), (horizontal, "horizontal")) if name in self.mode]
        if transformation is None:
            return images
        return _flip_some(images, np.ravel(transformation["flips"]), tuple(axes))

    def _move_boxes(self, boxes, transformation, height, width):
        mirrored = boxes.copy()
        for axis, length, name in ((0, width, "horizontal"), (1, height, "vertical")):
            if name in self.mode:
                mirrored[..., [axis, axis + 2]] = length - boxes[..., [axis + 2, axis]]
        # Boxes have an axis less than pixels.
        return np.where(transformation["flips"][..., 0], mirrored, boxes)

    def get_config(self):
        return {**super().get_config(), "seed": self.seed, "mode": self.mode}


@differentiable(new_gradients=True)
def _flip_some(images, flips, axes):
    """Reverses the axes of those images of a batch for which `flips` is true."""

    def flip(images):
        flipped = take_places(images, {axis % images.ndim: mirrored for axis in axes})
        if flipped is None:
            backwards = tuple(slice(None, None, -1 if axis in axes else 1) for axis in range(-images.ndim, 0))
            flipped = np.where(flips[:, np.newaxis, np.newaxis, np.newaxis], images[backwards], images)
        return flipped

    def mirrored(length):
        return np.where(flips[:, np.newaxis], np.arange(length)[::-1], np.arange(length))

    return flip(as_array(images)), flip
