"""Xception: `keras.applications.xception`."""

from dataclasses import dataclass

from convlayers import layers
from convlayers.applications.application import FiledApplication, channel_axis, variant
from convlayers.applications.imagenet_utils import decode_predictions as decode_predictions
from convlayers.applications.imagenet_utils import preprocessing

preprocess_input = preprocessing("tf")

# Filters of the separable convolutions in the blocks that halve images.
_HALVING = {2: (128, 128), 3: (256, 256), 4: (728, 728), 13: (728, 1024)}


@dataclass(kw_only=True)
class XceptionNet(FiledApplication):
    """Separable convolutions in residual blocks.

    "Xception: Deep Learning with Depthwise Separable Convolutions" (https://arxiv.org/abs/1610.02357). Images are 299x299, at
    least 71x71. Prepare them with the module's `preprocess_input`.
    """

    default_size = 299
    min_size = 71
    imagenet = "'imagenet'"

    def features(self, x):
        for i, (filters, strides) in enumerate(((32, 2), (64, 1)), 1):
            x = layers.Conv2D(filters, 3, strides=strides, use_bias=False, name=f"block1_conv{i}")(x)
            x = _norm(x, f"block1_conv{i}_bn")
            x = _relu(x, f"block1_conv{i}_act")
        for block in range(2, 14):
            x = _halving_block(x, block) if block in _HALVING else _middle_block(x, block)
        for i, filters in enumerate((1536, 2048), 1):
            x = _separable(x, filters, f"block14_sepconv{i}")
            x = _relu(x, f"block14_sepconv{i}_act")
        return x


def _halving_block(x, block):
    first, second = _HALVING[block]
    shortcut = layers.Conv2D(second, 1, strides=2, padding="same", use_bias=False)(x)
    shortcut = _norm(shortcut)
    if block > 2:  # what comes from block 1 is activated
        x = _relu(x, f"block{block}_sepconv1_act")
    x = _separable(x, first, f"block{block}_sepconv1")
    x = _relu(x, f"block{block}_sepconv2_act")
    x = _separable(x, second, f"block{block}_sepconv2")
    x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"block{block}_pool")(x)
    return layers.add([x, shortcut])


def _middle_block(x, block):
    shortcut = x
    for i in range(1, 4):
        x = _relu(x, f"block{block}_sepconv{i}_act")
        x = _separable(x, 728, f"block{block}_sepconv{i}")
    return layers.add([x, shortcut])


def _separable(x, filters, name):
    x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return _norm(x, f"{name}_bn")


def _norm(x, name=None):
    return layers.BatchNormalization(axis=channel_axis(-1), name=name)(x)


def _relu(x, name):
    return layers.Activation("relu", name=name)(x)


Xception = variant(
    XceptionNet,
    "Xception",
    name="xception",
    folder="xception",
    hashes=("0a58e3b7378bc2990ea3b43d5981f1f6", "b0042744bf5b25fce3cb969f33bebb97"),
)
