"""Residual networks that normalize before they convolve: `keras.applications.resnet_v2`."""

from dataclasses import dataclass

from convlayers import layers
from convlayers.applications.application import variant
from convlayers.applications.imagenet_utils import decode_predictions as decode_predictions
from convlayers.applications.imagenet_utils import preprocessing
from convlayers.applications.resnet import ResNet, norm_relu

preprocess_input = preprocessing("tf")


@dataclass(kw_only=True)
class ResNetV2(ResNet):
    """As ResNet, but each block begins with normalization and activation, and nothing follows its sum.

    "Identity Mappings in Deep Residual Networks" (https://arxiv.org/abs/1603.05027). Prepare images with the module's
    `preprocess_input`.
    """

    def after_first_convolution(self, x):
        return x

    def after_last_block(self, x):
        return norm_relu(x, "post_")

    def block(self, x, filters, stage, i, name):
        """Returns what block number `i` of a stage makes of `x`. Stages halve images in their last block, but the last one."""
        strides = 2 if i == self.depths[stage - 2] and stage < 5 else 1
        shortcut = x
        x = norm_relu(x, f"{name}preact_")
        if i == 1:
            shortcut = layers.Conv2D(4 * filters, 1, name=f"{name}0_conv")(x)
        elif strides > 1:
            shortcut = layers.MaxPooling2D(1, strides=strides)(shortcut)
        x = norm_relu(layers.Conv2D(filters, 1, use_bias=False, name=f"{name}1_conv")(x), f"{name}1_")
        x = layers.ZeroPadding2D(1, name=f"{name}2_pad")(x)
        x = norm_relu(layers.Conv2D(filters, 3, strides=strides, use_bias=False, name=f"{name}2_conv")(x), f"{name}2_")
        x = layers.Conv2D(4 * filters, 1, name=f"{name}3_conv")(x)
        return layers.Add(name=f"{name}out")([shortcut, x])


ResNet50V2 = variant(
    ResNetV2,
    "ResNet50V2",
    name="resnet50v2",
    depths=(3, 4, 6, 3),
    file="resnet50v2",
    hashes=("3ef43a0b657b3be2300d5770ece849e0", "fac2f116257151a9d068a22e544a4917"),
)
ResNet101V2 = variant(
    ResNetV2,
    "ResNet101V2",
    name="resnet101v2",
    depths=(3, 4, 23, 3),
    file="resnet101v2",
    hashes=("6343647c601c52e1368623803854d971", "c0ed64b8031c3730f411d2eb4eea35b5"),
)
ResNet152V2 = variant(
    ResNetV2,
    "ResNet152V2",
    name="resnet152v2",
    depths=(3, 8, 36, 3),
    file="resnet152v2",
    hashes=("a49b44d1979771252814e80f8ec446f9", "ed17cf2e0169df9d443503ef94b23b33"),
)
