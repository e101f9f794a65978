"""Images mixed with others of their batch, and their labels with them."""

import numpy as np

from convlayers import ops, random
from convlayers.layers.preprocessing.factors import factor_range
from convlayers.layers.preprocessing.image_layer import ImageLayer
from convlayers.layers.preprocessing.rectangles import rectangles
from convlayers.ops.image.checks import image_axes


class _Mixing(ImageLayer):
    """A layer that takes, for each image, another one of the batch, and mixes the labels of both."""

    def _draw_partners(self, count, seed):
        return random.shuffle(np.arange(count), seed=self._source_of(seed))

    def transform_labels(self, labels, transformation, training=True):
        return _mix(labels, transformation, (-1, 1)) if training and transformation is not None else labels


def _mix(data, transformation, shape=(-1, 1, 1, 1)):
    """Returns the weighted means of data and those of the partners; `shape` is that of the weights."""
    weights = np.reshape(transformation["mix_weight"], shape)
    weights = weights.astype(data.dtype if np.dtype(data.dtype).kind == "f" else "float32")
    return data * weights + ops.take(data, transformation["permutation_order"], axis=0) * (1 - weights)


class MixUp(_Mixing):
    """Makes weighted means of each image and another one of the batch, and of their labels, in training only.

    Args:
        alpha: how much is mixed: both parameters of the beta distribution that weights are drawn from.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        seed: int; the same seed gives the same numbers in each run of the program.
        kwargs: arguments of `Layer`, as `name` and `dtype`, and `bounding_box_format`.

    Input shape: (height, width, channels), with or without a batch in front; or a dict with "images" and "labels", which are
        one-hot.

    Output shape: that of the input.
    """

    def __init__(self, alpha=0.2, data_format=None, seed=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.alpha = alpha
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        count = self._batch_size(data)
        partners = self._draw_partners(count, seed)
        weights = random.beta((count,), self.alpha, self.alpha, seed=self._source_of(seed))
        return {"mix_weight": weights, "permutation_order": partners}

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        return _mix(segmentation_masks, transformation) if training else segmentation_masks

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        if not training:
            return bounding_boxes
        partners = transformation["permutation_order"]
        both = {key: (bounding_boxes[key], ops.take(bounding_boxes[key], partners, axis=0)) for key in ("boxes", "labels")}
        # Keras puts the labels behind each other along the batch, where no box has them.
        return {key: ops.concatenate(parts, axis=min(1, len(parts[0].shape) - 1)) for key, parts in both.items()}

    def _number_of_boxes(self, number):
        return None if number is None else 2 * number

    def _change(self, images, transformation):
        return _mix(images, transformation)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha, "seed": self.seed}


class CutMix(_Mixing):
    """Replaces a rectangle in each image by that of another one of the batch, and mixes their labels, in training only.

    Args:
        factor: how large the rectangles are: two numbers from 0 to 1, between which both parameters of the beta distribution
            of their areas are drawn; or one, for the range from 0 to it.
        seed: int; the same seed gives the same numbers in each run of the program.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`.

    Input shape: (height, width, channels), with or without a batch in front; or a dict with "images" and "labels", which are
        one-hot. A single image stays as it is.

    Output shape: that of the input.

    Raises:
        ValueError: if the factor is none of these.
    """

    def __init__(self, factor=1.0, seed=None, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = factor_range(factor, (0, 1))
        self._set_seed(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        shape = self._shape_of_images(data)
        if not training or len(shape) == 3:
            return None
        alpha = self._draw((), *self.factor, seed) + 1e-6
        weights = random.beta(shape[:1], alpha, alpha, seed=self._source_of(seed))
        parts = np.repeat(np.sqrt(1 - weights)[:, None], 2, axis=1)
        masks, areas = rectangles(self._sizes(shape), parts, lambda shape: self._draw(shape, 0, 1, seed))
        return {
            "permutation_order": self._draw_partners(shape[0], seed),
            "batch_masks": np.expand_dims(masks, image_axes(self.data_format)[-1]),
            "mix_weight": (1 - areas).reshape(-1, 1, 1, 1),
        }

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        return self.transform_images(segmentation_masks, transformation, training)

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        self._refuse_boxes()

    def _change(self, images, transformation):
        if transformation is None:
            return images
        return ops.where(transformation["batch_masks"], ops.take(images, transformation["permutation_order"], axis=0), images)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "seed": self.seed}
