"""The same number of bounding boxes for each image."""

from convlayers import ops
from convlayers.layers.preprocessing.image_layer import ImageLayer


class MaxNumBoundingBoxes(ImageLayer):
    """Gives all images the same number of bounding boxes, in training and outside of it. Images stay as they are.

    Args:
        max_number: how many. Boxes beyond are dropped.
        fill_value: the number that missing boxes, and their labels, are made of. Beyond Keras: it is written to the config,
            unless it is -1.
        kwargs: arguments of `Layer`, as `name` and `dtype`, and `bounding_box_format`.

    Input shape: a dict with "images", and "bounding_boxes" with "boxes" of shape (batch, boxes, 4) and "labels" of shape
        (batch, boxes); with or without the batch.

    Output shape: the same with `max_number` boxes.

    Example:

    >>> layer = MaxNumBoundingBoxes(3, bounding_box_format="xyxy")
    >>> boxes = {"boxes": np.array([[2, 1, 4, 3]]), "labels": np.array([7])}
    >>> layer({"images": np.zeros((10, 8, 3)), "bounding_boxes": boxes})["bounding_boxes"]["labels"]
    [7, -1, -1]
    """

    def __init__(self, max_number, fill_value=-1, **kwargs):
        super().__init__(**kwargs)
        self.max_number = int(max_number)
        self.fill_value = int(fill_value)

    def transform_images(self, images, transformation=None, training=True):
        return images

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        boxes, labels = (bounding_boxes[key][:, : self.max_number] for key in ("boxes", "labels"))
        missing = self.max_number - boxes.shape[1]
        return {
            **bounding_boxes,
            "boxes": ops.pad(boxes, [[0, 0], [0, missing], [0, 0]], constant_values=self.fill_value),
            "labels": ops.pad(labels, [[0, 0], [0, missing]], constant_values=self.fill_value),
        }

    def compute_output_shape(self, input_shape):
        if not isinstance(input_shape, dict) or "bounding_boxes" not in input_shape:
            return input_shape
        boxes = input_shape["bounding_boxes"]
        others = list(boxes.keys() - {"boxes", "labels"})
        if others:
            raise KeyError(
                f"There are unsupported keys in `bounding_boxes`: {others}. Only `boxes` and `labels` are supported."
            )
        boxes = {key: [shape[0], self.max_number, *shape[2:]] for key, shape in boxes.items()}
        return {**input_shape, "bounding_boxes": boxes}

    def _number_of_boxes(self, number):
        return self.max_number

    def get_config(self):
        config = {**super().get_config(), "max_number": self.max_number}
        return config if self.fill_value == -1 else {**config, "fill_value": self.fill_value}
