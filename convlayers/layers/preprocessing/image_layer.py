"""What layers have in common that change images."""

from convlayers import nested, ops, random
from convlayers.config import standardize_data_format
from convlayers.layers.layer import Layer
from convlayers.layers.preprocessing.bounding_boxes.checked import checked_boxes
from convlayers.layers.preprocessing.bounding_boxes.formats import convert_format
from convlayers.layers.preprocessing.bounding_boxes.moves import clip_to_image_size
from convlayers.ops.image.checks import image_axes
from convlayers.symbolic import KerasTensor


class ImageLayer(Layer):
    """A layer that takes an image, a batch of images, or a dict with "images" and what belongs to them.

    A subclass draws at random, once per call, what is to be done (`get_random_transformation`), and does it (`_change`).
    `transform_images` can be called by itself: to do the same to other images, for instance.

    Args:
        bounding_box_format: the format of "bounding_boxes", needed where there are some: what
            `keras.utils.bounding_boxes.convert_format` takes.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`.
    """

    def __init__(self, bounding_box_format=None, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.bounding_box_format = bounding_box_format
        self.data_format = standardize_data_format(data_format)

    def call(self, data, training=True):
        if isinstance(data, dict) and "bounding_boxes" in data:
            data = {**data, "bounding_boxes": self._checked_boxes(data["bounding_boxes"])}
        transformation = self.get_random_transformation(data, training=training)
        batched = self._is_batched(data["images"] if isinstance(data, dict) else data)
        if not isinstance(data, dict):
            return self._transform("image", data, batched, transformation, training)
        outputs = dict(data)
        for key in data.keys() & _KINDS.keys():
            outputs[key] = self._transform(_KINDS[key], data[key], batched, transformation, training)
        return outputs

    def _convert_arguments(self, args, kwargs):
        # Lists of boxes, of different lengths maybe, are no arrays yet.
        if args and isinstance(args[0], dict) and "bounding_boxes" in args[0]:
            boxes = args[0]["bounding_boxes"]
            if isinstance(boxes, dict) and isinstance(boxes.get("boxes"), list):
                args = ({**args[0], "bounding_boxes": self._checked_boxes(boxes)}, *args[1:])
        return super()._convert_arguments(args, kwargs)

    def _checked_boxes(self, bounding_boxes):
        if not self.bounding_box_format:
            raise ValueError(
                "You passed an input with a 'bounding_boxes' key, but you didn't specify a bounding box format. "
                f"Pass a `bounding_box_format` argument to your {type(self).__name__} layer, e.g. `bounding_box_format='xyxy'`."
            )
        return checked_boxes(bounding_boxes)

    def _transform(self, kind, data, batched, transformation, training):
        name = f"transform_{_plural(kind)}" if batched else f"transform_single_{kind}"
        return getattr(self, name)(data, transformation=transformation, training=training)

    @staticmethod
    def _is_batched(images):
        if len(images.shape) not in (3, 4):
            raise ValueError(
                "Expected image tensor to have rank 3 (single image) or 4 (batch of images). "
                f"Received: data.shape={tuple(images.shape)}"
            )
        return len(images.shape) == 4

    # What a subclass defines ------------------------------------------------------------------------------------------

    def get_random_transformation(self, data, training=True, seed=None):
        """Returns what `transform_images` is to do, drawn at random: a dict, or None for nothing."""
        return None

    def transform_images(self, images, transformation=None, training=True):
        """Returns images, a batch of them, transformed; outside of training, as they are."""
        images = self._cast(images)
        return self._change(images, transformation) if training else images

    def _change(self, images, transformation):
        """Returns images of the layer's dtype, a batch of them, transformed."""
        raise NotImplementedError

    def transform_labels(self, labels, transformation=None, training=True):
        return labels

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        return segmentation_masks

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        return bounding_boxes

    def _refuse_boxes(self):
        raise NotImplementedError(
            f"{type(self).__name__} does not move bounding boxes.\nExpected a dict without the key 'bounding_boxes'."
        )

    # One image --------------------------------------------------------------------------------------------------------

    def transform_single_image(self, image, transformation, training=True):
        return self._one_of(self.transform_images, image, transformation, training)

    def transform_single_label(self, label, transformation, training=True):
        return self._one_of(self.transform_labels, label, transformation, training)

    def transform_single_segmentation_mask(self, segmentation_mask, transformation, training=True):
        return self._one_of(self.transform_segmentation_masks, segmentation_mask, transformation, training)

    def transform_single_bounding_box(self, bounding_box, transformation, training=True):
        batch = {**bounding_box, **{key: ops.expand_dims(bounding_box[key], 0) for key in _PARTS_OF_BOXES}}
        outputs = self.transform_bounding_boxes(batch, transformation=transformation, training=training)
        return {**outputs, **{key: ops.squeeze(outputs[key], 0) for key in _PARTS_OF_BOXES}}

    @staticmethod
    def _one_of(transform, data, transformation, training):
        outputs = transform(ops.expand_dims(data, 0), transformation=transformation, training=training)
        return ops.squeeze(outputs, 0)

    # For subclasses ---------------------------------------------------------------------------------------------------

    @staticmethod
    def _shape_of_images(data):
        return tuple((data["images"] if isinstance(data, dict) else data).shape)

    def _batch_size(self, data):
        shape = self._shape_of_images(data)
        return shape[0] if len(shape) == 4 else 1

    def _one_per_image(self, data):
        """Returns a shape for one number per image, to be broadcast to the pixels."""
        shape = self._shape_of_images(data)
        if len(shape) not in (3, 4):
            raise ValueError(f"Expected the input image to be rank 3 or 4. Received inputs.shape={shape}")
        return (*shape[:-3], 1, 1, 1)

    def _sizes(self, shape):
        """Returns height and width."""
        rows, columns, _ = image_axes(self.data_format)
        return shape[rows], shape[columns]

    def _set_seed(self, seed):
        self.seed = seed
        self.generator = random.SeedGenerator(seed)

    def _source_of(self, seed):
        """Returns what numbers are drawn from: the seed of a caller, or else the layer's own generator."""
        return self.generator if seed is None else seed

    def _draw(self, shape, low, high, seed=None):
        """Returns an array of random numbers, all equally likely between two."""
        return random.uniform_by_kernel(shape, low, high, self._source_of(seed))

    def _draw_some(self, count, chances, seed=None):
        """Returns which of several images to change. How likely that is for each of them is drawn between two numbers."""
        probabilities = self._draw((count,), *chances, seed)
        return self._draw((count,), 0, 1, seed) < probabilities

    def _cast(self, images):
        # To see that there is nothing to do is quicker than to do it.
        return images if getattr(images, "dtype", None) is self._input_dtype else ops.cast(images, self.compute_dtype)

    # Shapes and configuration -----------------------------------------------------------------------------------------

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, data, training=None):
        if not isinstance(data, dict):
            return KerasTensor(self.compute_output_shape(data.shape), self.compute_dtype)
        outputs = nested.map_structure(lambda part: KerasTensor(part.shape, part.dtype), data)
        outputs["images"] = KerasTensor(self.compute_output_shape(data["images"].shape), self.compute_dtype)
        if "segmentation_masks" in data:
            masks = data["segmentation_masks"]
            outputs["segmentation_masks"] = KerasTensor(self.compute_output_shape(masks.shape), masks.dtype)
        if "bounding_boxes" in data:
            axis = len(data["images"].shape) - 3
            for key in _PARTS_OF_BOXES:
                part = data["bounding_boxes"][key]
                shape = (*part.shape[:axis], self._number_of_boxes(part.shape[axis]), *part.shape[axis + 1 :])
                outputs["bounding_boxes"][key] = KerasTensor(shape, "float32" if key == "boxes" else part.dtype)
        return outputs

    def _number_of_boxes(self, number):
        """Returns how many boxes there are afterwards. None is for a number that is not known yet."""
        return number

    def get_config(self):
        config = {**super().get_config(), "data_format": self.data_format}
        if self.bounding_box_format is not None:
            config["bounding_box_format"] = self.bounding_box_format
        return config


# What a dict may hold, and what one of it is called.
_KINDS = {
    "images": "image",
    "labels": "label",
    "segmentation_masks": "segmentation_mask",
    "bounding_boxes": "bounding_box",
}
_PARTS_OF_BOXES = "boxes", "labels"


def _plural(kind):
    return f"{kind}es" if kind.endswith("x") else f"{kind}s"


class FactorImageLayer(ImageLayer):
    """A layer that changes the values of pixels, as strongly or as often as numbers tell that are drawn from `factor`."""

    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "value_range": self.value_range, "seed": self.seed}


class GeometricImageLayer(ImageLayer):
    """A layer that moves pixels: segmentation masks and bounding boxes change with the images."""

    interpolation = "bilinear"

    @staticmethod
    def _check_known(name, value, known):
        if value not in known:
            raise NotImplementedError(f"Unknown `{name}` {value}. Expected of one {known}.")

    def _change(self, images, transformation):
        return self._move(images, transformation, self.interpolation)

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        return self._move(segmentation_masks, transformation, "nearest") if training else segmentation_masks

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        return self._follow(bounding_boxes, transformation) if training and transformation is not None else bounding_boxes

    def _follow(self, bounding_boxes, transformation):
        """Returns bounding boxes around the pixels that were in them, cut off where the image ends."""
        sizes = self._sizes_before(transformation)
        boxes = convert_format(bounding_boxes["boxes"], self.bounding_box_format, "xyxy", *sizes)
        boxes = self._move_boxes(boxes, transformation, *sizes)
        sizes = self._sizes_after(*sizes)
        clipped = clip_to_image_size({**bounding_boxes, "boxes": boxes}, *sizes)
        return convert_format(clipped, "xyxy", self.bounding_box_format, *sizes)

    def _sizes_before(self, transformation):
        """Returns the height and the width of the images that a transformation was drawn for."""
        return self._sizes(transformation["input_shape"])

    def _sizes_after(self, height, width):
        return height, width

    def _move(self, images, transformation, interpolation):
        """Returns images, a batch of them, with their pixels at other places."""
        raise NotImplementedError

    def _move_boxes(self, boxes, transformation, height, width):
        """Returns bounding boxes of the format "xyxy", a batch of them, at other places."""
        raise NotImplementedError
