"""Several random changes in one layer."""

from functools import reduce

import numpy as np

from convlayers import ops, random
from convlayers.layers.preprocessing.factors import factor_range
from convlayers.layers.preprocessing.image_layer import ImageLayer
from convlayers.layers.preprocessing.random_affine import RandomRotation, RandomShear, RandomTranslation
from convlayers.layers.preprocessing.random_colors import RandomColorDegeneration
from convlayers.layers.preprocessing.random_filters import RandomSharpness
from convlayers.layers.preprocessing.random_tone import RandomBrightness, RandomContrast
from convlayers.layers.preprocessing.value_layers import AutoContrast, Equalization, RandomPosterization, Solarization


class _Augmentations(ImageLayer):
    """A layer that has a layer for each change it may make, under the name of that change."""

    def __init__(self, value_range, factor, interpolation, seed, data_format, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = value_range
        self.factor = factor_range(factor, (0, 1))
        self.interpolation = interpolation
        self._set_seed(seed)

    def _add_layers(self, names):
        """Makes a layer for each of these changes, all equally strong."""
        factor = self.factor
        moves = {"interpolation": self.interpolation, "seed": self.seed}
        fixed_values = {"value_range": self.value_range}
        values = {**fixed_values, "seed": self.seed}
        known = {
            "random_shear": (RandomShear, {"x_factor": factor, "y_factor": factor, **moves}),
            "random_translation": (RandomTranslation, {"height_factor": factor, "width_factor": factor, **moves}),
            "random_rotation": (RandomRotation, {"factor": factor, **moves}),
            "random_brightness": (RandomBrightness, {"factor": factor, **values}),
            "random_color_degeneration": (RandomColorDegeneration, {"factor": factor, **values}),
            "random_contrast": (RandomContrast, {"factor": factor, **values}),
            "random_sharpness": (RandomSharpness, {"factor": factor, **values}),
            "random_posterization": (RandomPosterization, {"factor": max(1, int(8 * factor[1])), **values}),
            "solarization": (Solarization, {"addition_factor": factor, "threshold_factor": factor, **values}),
            "auto_contrast": (AutoContrast, fixed_values),
            "equalization": (Equalization, fixed_values),
        }
        common = {
            "data_format": self.data_format,
            "dtype": self.dtype_policy,
            "bounding_box_format": self.bounding_box_format,
        }
        self._names = list(names)
        for name in names:
            kind, arguments = known[name]
            setattr(self, name, kind(**arguments, **common))

    def build(self, input_shape):
        for name in self._names:
            getattr(self, name).build(input_shape)

    def _draw_index(self, count, seed):
        return random.randint((), 0, count, seed=self._source_of(seed))

    def get_config(self):
        return {
            **super().get_config(),
            "value_range": self.value_range,
            "factor": self.factor,
            "interpolation": self.interpolation,
            "seed": self.seed,
        }


_MOVES = "random_shear", "random_translation", "random_rotation"
_TONES = "random_brightness", "random_color_degeneration", "random_contrast", "random_sharpness"
_VALUES = "random_posterization", "solarization", "auto_contrast", "equalization"


class RandAugment(_Augmentations):
    """Makes a few changes, drawn from eleven, one after the other, in training only.

    The changes are the same for all images of a batch; how strong they are is drawn for each. Bounding boxes are moved as often
    as the images, and in the same order, while Keras moves them once by each layer, in the order of its list.

    Args:
        value_range: the least and the largest value of a pixel.
        num_ops: how many changes.
        factor: how strong they are: two numbers from 0 to 1, or one, for the range from 0 to it.
        interpolation: "nearest" or "bilinear".
        seed: int; the same seed gives the same numbers in each run of the program.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`, and `bounding_box_format`.

    Input shape: (height, width, 3), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError, NotImplementedError: if an argument is none of these.

    Example:

    >>> RandAugment(num_ops=3)(np.zeros((8, 32, 32, 3)), training=True).shape
    (8, 32, 32, 3)
    """

    def __init__(
        self,
        value_range=(0, 255),
        num_ops=2,
        factor=0.5,
        interpolation="bilinear",
        seed=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(value_range, factor, interpolation, seed, data_format, **kwargs)
        self.num_ops = num_ops
        self._add_layers((*_MOVES, *_TONES, *_VALUES))

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        indices = [self._draw_index(len(self._names), seed) for _ in range(self.num_ops)]
        seed = self._source_of(seed)
        drawn = {name: getattr(self, name).get_random_transformation(data, seed=seed) for name in self._names}
        return {"transforms": drawn, "layer_idxes": np.array(indices, "int32")}

    def _chosen(self, transformation):
        """Returns the layers to call, with what was drawn for each."""
        drawn = list(transformation["transforms"].items())
        for index in transformation["layer_idxes"]:
            name, part = drawn[int(index)]
            yield getattr(self, name), part

    def _change(self, images, transformation):
        for layer, drawn in self._chosen(transformation):
            images = layer.transform_images(images, drawn)
        return images

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        for layer, drawn in self._chosen(transformation) if training else ():
            segmentation_masks = layer.transform_segmentation_masks(segmentation_masks, drawn)
        return segmentation_masks

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        for layer, drawn in self._chosen(transformation) if training else ():
            bounding_boxes = layer.transform_bounding_boxes(bounding_boxes, drawn)
        return bounding_boxes

    def get_config(self):
        return {**super().get_config(), "num_ops": self.num_ops}


class AugMix(_Augmentations):
    """Mixes images with what several chains of changes make of them, in training only.

    Changes and weights are the same for all images of a batch; how strong the changes are is drawn for each. Bounding boxes
    stay where they are.

    Args:
        value_range: the least and the largest value of a pixel.
        num_chains: how many chains.
        chain_depth: how many changes each of them has at most. "No change" is as likely as any.
        factor: how strong the changes are: two numbers from 0 to 1, or one, for the range from 0 to it.
        alpha: the parameter of the distributions that weights are drawn from: a Dirichlet distribution for those of the chains,
            a beta distribution for that of the image.
        all_ops: whether brightness, colors, contrast and sharpness are changed, too.
        interpolation: "nearest" or "bilinear".
        seed: int; the same seed gives the same numbers in each run of the program.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: arguments of `Layer`, as `name` and `dtype`, and `bounding_box_format`.

    Input shape: (height, width, 3), with or without a batch in front; with the channels first for "channels_first".

    Output shape: that of the input.

    Raises:
        ValueError, NotImplementedError: if an argument is none of these.

    Example:

    >>> AugMix()(np.zeros((8, 32, 32, 3)), training=True).shape
    (8, 32, 32, 3)
    """

    def __init__(
        self,
        value_range=(0, 255),
        num_chains=3,
        chain_depth=3,
        factor=0.3,
        alpha=1.0,
        all_ops=True,
        interpolation="bilinear",
        seed=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(value_range, factor, interpolation, seed, data_format, **kwargs)
        self.num_chains = num_chains
        self.chain_depth = chain_depth
        self.alpha = alpha
        self.all_ops = all_ops
        self._add_layers((*_MOVES, *_VALUES, *(_TONES if all_ops else ())))

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        seed = self._source_of(seed)
        shares = random.gamma((self.num_chains,), self.alpha, seed=seed)
        return {
            "chain_mixing_weights": shares / shares.sum(),
            "weight_sample": random.beta((), self.alpha, self.alpha, seed=seed),
            "chain_transforms": [self._draw_chain(data, seed) for _ in range(self.num_chains)],
        }

    def _draw_chain(self, data, seed):
        chosen = [[*self._names, None][self._draw_index(len(self._names) + 1, seed)] for _ in range(self.chain_depth)]
        return [
            {"layer_name": name, "transformation": getattr(self, name).get_random_transformation(data, seed=seed)}
            for name in chosen
            if name is not None
        ]

    def _change(self, images, transformation):
        return ops.clip(self._mix(images, transformation, "transform_images"), *self.value_range)

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        return self._mix(segmentation_masks, transformation, "transform_segmentation_masks") if training else segmentation_masks

    def _mix(self, data, transformation, method):
        """Returns the weighted mean of data and of what each chain makes of it."""

        def follow(chain):
            def change(data, link):
                return getattr(getattr(self, link["layer_name"]), method)(data, link["transformation"])

            return reduce(change, chain, data)

        shares = [transformation["weight_sample"], *transformation["chain_mixing_weights"]]
        share, *shares = np.asarray(shares, self._array_dtype)
        chains = transformation["chain_transforms"]
        return data * share + sum(follow(chain) * (part * (1 - share)) for part, chain in zip(shares, chains, strict=True))

    def get_config(self):
        return {
            **super().get_config(),
            "num_chains": self.num_chains,
            "chain_depth": self.chain_depth,
            "alpha": self.alpha,
            "all_ops": self.all_ops,
        }
