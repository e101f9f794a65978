"""Images in another size."""

import numpy as np

from convlayers import ops
from convlayers.layers.preprocessing.bounding_boxes.moves import place_boxes
from convlayers.layers.preprocessing.image_layer import GeometricImageLayer
from convlayers.layers.preprocessing.sizes import with_sizes


class Resizing(GeometricImageLayer):
    """Resizes images, in training and outside of it.

    Args:
        height, width: the new size.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5".
        crop_to_aspect_ratio: whether what does not have the new proportions is cut off, evenly on both sides.
        pad_to_aspect_ratio: whether images get a border, so that they have the new proportions.
        fill_mode: "constant", the only one.
        fill_value: the number in the border.
        antialias: whether images that become smaller are averaged, so that no pixel is left out.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`, and `bounding_box_format`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: the same with other sizes. Integers stay integers.

    Example:

    >>> Resizing(24, 32)(np.zeros((8, 100, 100, 3))).shape
    (8, 24, 32, 3)
    """

    def __init__(
        self,
        height,
        width,
        interpolation="bilinear",
        crop_to_aspect_ratio=False,
        pad_to_aspect_ratio=False,
        fill_mode="constant",
        fill_value=0.0,
        antialias=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.height = height
        self.width = width
        self.interpolation = interpolation
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.antialias = bool(antialias)

    def get_random_transformation(self, data, training=True, seed=None):
        return self._sizes(self._shape_of_images(data))

    def transform_images(self, images, transformation=None, training=True):
        return self._move(images, transformation, self.interpolation)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        return self._move(segmentation_masks, transformation, "nearest")

    def _move(self, images, transformation, interpolation):
        return ops.image.resize(
            images,
            (self.height, self.width),
            interpolation=interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        boxes = bounding_boxes["boxes"]
        filled = np.all(boxes == -1, axis=-1, keepdims=True) | np.all(boxes == 0, axis=-1, keepdims=True)
        outputs = self._follow(bounding_boxes, transformation)
        return {**outputs, "boxes": np.where(filled, 0, outputs["boxes"])}

    def _sizes_before(self, transformation):
        return transformation

    def _sizes_after(self, height, width):
        return self.height, self.width

    def _move_boxes(self, boxes, transformation, height, width):
        sizes = (self.height, height), (self.width, width)
        if not self.pad_to_aspect_ratio and not self.crop_to_aspect_ratio:
            return place_boxes(boxes, [new / old for new, old in sizes], (0, 0))
        choose = min if self.pad_to_aspect_ratio else max
        target, length = choose(sizes, key=lambda pair: pair[0] / pair[1])
        # Of integers: nothing is rounded before the halves of pixels are dropped.
        shifts = [int((new * length - old * target) / (2 * length)) for new, old in sizes]
        return place_boxes(boxes, (target / length,) * 2, shifts)

    def compute_output_shape(self, input_shape):
        return with_sizes(input_shape, self.height, self.width, self.data_format)

    def get_config(self):
        return {
            **super().get_config(),
            "height": self.height,
            "width": self.width,
            "interpolation": self.interpolation,
            "crop_to_aspect_ratio": self.crop_to_aspect_ratio,
            "pad_to_aspect_ratio": self.pad_to_aspect_ratio,
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
            "antialias": self.antialias,
        }
