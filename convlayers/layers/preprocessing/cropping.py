"""Parts of images."""

from convlayers import ops, random
from convlayers.layers.preprocessing.bounding_boxes.moves import place_boxes
from convlayers.layers.preprocessing.image_layer import GeometricImageLayer
from convlayers.layers.preprocessing.sizes import part_of_images, with_sizes
from convlayers.ops.image import proportions


class _Crop(GeometricImageLayer):
    """A layer that takes a part of images, and resizes what is too small."""

    def _sizes_after(self, height, width):
        return self.height, self.width

    def _boxes_in(self, boxes, starts, lengths):
        """Returns bounding boxes as they lie in a part of the image that is resized."""
        scales = [size / length for size, length in zip((self.height, self.width), lengths, strict=True)]
        return place_boxes(boxes, scales, [-start * scale for start, scale in zip(starts, scales, strict=True)])

    def compute_output_shape(self, input_shape):
        return with_sizes(input_shape, self.height, self.width, self.data_format)


class CenterCrop(_Crop):
    """Takes the middle of images. What is too small is resized first, so that it covers the new size.

    Args:
        height, width: the new size.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`, and `bounding_box_format`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: the same with other sizes.

    Example:

    >>> CenterCrop(20, 20)(np.zeros((8, 32, 40, 3))).shape
    (8, 20, 20, 3)
    """

    def __init__(self, height, width, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.height = height
        self.width = width

    def get_random_transformation(self, data, training=True, seed=None):
        return {"input_shape": self._shape_of_images(data)}

    def transform_images(self, images, transformation=None, training=True):
        images = self._cast(images)
        height, width = self._sizes(images.shape)
        if height < self.height or width < self.width:
            size = (self.height, self.width)
            return ops.image.resize(images, size, crop_to_aspect_ratio=True, data_format=self.data_format)
        starts = (height - self.height) // 2, (width - self.width) // 2
        return part_of_images(images, starts, (self.height, self.width), self.data_format)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        return self.transform_images(segmentation_masks, transformation, training)

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        return self._follow(bounding_boxes, transformation)

    def _move_boxes(self, boxes, transformation, height, width):
        if height < self.height or width < self.width:
            return self._boxes_in(boxes, *proportions.middle((height, width), (self.height, self.width)))
        starts = (height - self.height) // 2, (width - self.width) // 2
        return self._boxes_in(boxes, starts, (self.height, self.width))

    def compute_output_shape(self, input_shape):
        if not input_shape or isinstance(input_shape[0], (list, tuple)) or len(input_shape) not in (3, 4):
            raise ValueError(
                "`input_shape` must be a non-nested tuple or list of rank-1 with size 3 (unbatched) or 4 (batched). "
                f"\nReceived: input_shape={input_shape}"
            )
        return super().compute_output_shape(input_shape)

    def get_config(self):
        return {**super().get_config(), "height": self.height, "width": self.width}


class RandomCrop(_Crop):
    """Takes a random part of images, in training only. What is too small is resized.

    Bounding boxes follow the images, while Keras takes the first row for the first column, and the new size for the old one.

    Args:
        height, width: the size of the part.
        seed: int; the same seed gives the same numbers in each run of the program.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        name: the layer's name.
        kwargs: arguments of `Layer`, as `dtype`, and `bounding_box_format`.

    Input shape: (height, width, channels), with or without a batch in front; with the channels first for "channels_first".

    Output shape: the same with other sizes.

    Example:

    >>> RandomCrop(20, 20)(np.zeros((8, 32, 32, 3)), training=True).shape
    (8, 20, 20, 3)
    """

    def __init__(self, height, width, seed=None, data_format=None, name=None, **kwargs):
        super().__init__(data_format=data_format, name=name, **kwargs)
        self.height = height
        self.width = width
        self.seed = random.make_default_seed() if seed is None else seed
        self.generator = random.SeedGenerator(seed)

    def _cast_input(self, x):
        # What is not cropped stays as it is.
        return x

    def get_random_transformation(self, data, training=True, seed=None):
        shape = self._shape_of_images(data)
        height, width = self._sizes(shape)
        if height is None or width is None:
            raise ValueError(
                f"RandomCrop requires the input to have a fully defined height and width. Received: images.shape={shape}"
            )
        if training and height > self.height and width > self.width:
            down, right = self._draw((2,), 0, 1, seed).tolist()
            starts = int(down * (height - self.height + 1)), int(right * (width - self.width + 1))
        else:
            starts, _ = proportions.middle((height, width), (self.height, self.width))
        return _Starts(starts, (height, width))

    def transform_images(self, images, transformation, training=True):
        if not training:
            return images
        size = self.height, self.width
        part = part_of_images(self._cast(images), transformation, size, self.data_format)
        if self._sizes(part.shape) == size:
            return part
        return ops.image.resize(part, size, data_format=self.data_format)

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        return self.transform_images(segmentation_masks, transformation)

    def _sizes_before(self, transformation):
        # Two numbers, as in Keras, are enough for what is not relative to the size, and not resized.
        return transformation.sizes if isinstance(transformation, _Starts) else (None, None)

    def _move_boxes(self, boxes, transformation, height, width):
        lengths = [
            length if size is None else min(size - start, length)
            for start, size, length in zip(transformation, (height, width), (self.height, self.width), strict=True)
        ]
        return self._boxes_in(boxes, transformation, lengths)

    def get_config(self):
        return {**super().get_config(), "height": self.height, "width": self.width, "seed": self.seed}


class _Starts(tuple):
    """The row and the column where a part of images begins, with the height and width of these."""

    def __new__(cls, starts, sizes):
        row_and_column = super().__new__(cls, starts)
        row_and_column.sizes = sizes
        return row_and_column
