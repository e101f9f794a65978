"""Parts of images."""

from convlayers import ops, random
from convlayers.layers.preprocessing.image_layer import GeometricImageLayer
from convlayers.layers.preprocessing.sizes import part_of_images, with_sizes
from convlayers.ops.image import proportions


class CenterCrop(GeometricImageLayer):
    """Takes the middle of images. What is too small is resized first, so that it covers the new size.

    Args:
        height, width: the new size.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

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

    def compute_output_shape(self, input_shape):
        if not input_shape or isinstance(input_shape[0], (list, tuple)) or len(input_shape) not in (3, 4):
            raise ValueError(
                "`input_shape` must be a non-nested tuple or list of rank-1 with size 3 (unbatched) or 4 (batched). "
                f"\nReceived: input_shape={input_shape}"
            )
        return with_sizes(input_shape, self.height, self.width, self.data_format)

    def get_config(self):
        return {**super().get_config(), "height": self.height, "width": self.width}


class RandomCrop(GeometricImageLayer):
    """Takes a random part of images, in training only. What is too small is resized.

    Args:
        height, width: the size of the part.
        seed: int; the same seed gives the same numbers in each run of the program.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        name: the layer's name.
        kwargs: arguments of `Layer`, as `dtype`.

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

    def get_random_transformation(self, data, training=True, seed=None):
        shape = self._shape_of_images(data)
        height, width = self._sizes(shape)
        if height is None or width is None:
            raise ValueError(
                f"RandomCrop requires the input to have a fully defined height and width. Received: images.shape={shape}"
            )
        if training and height > self.height and width > self.width:
            return tuple(
                int(self._draw((), 0.0, float(size - length + 1), seed))
                for size, length in ((height, self.height), (width, self.width))
            )
        return tuple(proportions.middle((height, width), (self.height, self.width))[0])

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

    def compute_output_shape(self, input_shape):
        return with_sizes(input_shape, self.height, self.width, self.data_format)

    def get_config(self):
        return {**super().get_config(), "height": self.height, "width": self.width, "seed": self.seed}
