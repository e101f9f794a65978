"""Residual networks: `keras.applications.resnet`."""

from dataclasses import dataclass

from convlayers import layers
from convlayers.applications.application import FiledApplication, channel_axis, variant
from convlayers.applications.imagenet_utils import decode_predictions as decode_predictions
from convlayers.applications.imagenet_utils import preprocessing

preprocess_input = preprocessing("caffe")


@dataclass(kw_only=True)
class ResNet(FiledApplication):
    """Blocks of three convolutions, each added to what went into it.

    "Deep Residual Learning for Image Recognition" (https://arxiv.org/abs/1512.03385). Prepare images with the module's
    `preprocess_input`.
    """

    depths: tuple  # the number of blocks in each of the four stages
    folder: str = "resnet"

    names_pooling = True
    imagenet = "'imagenet'"
    after_unknown_weights = ".  Received: weights={weights}"

    def features(self, x):
        x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
        x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
        x = self.after_first_convolution(x)
        x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
        x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
        for stage, (depth, filters) in enumerate(zip(self.depths, (64, 128, 256, 512), strict=True), 2):
            for i in range(1, depth + 1):
                x = self.block(x, filters, stage, i, name=f"conv{stage}_block{i}_")
        return self.after_last_block(x)

    def after_first_convolution(self, x):
        return norm_relu(x, "conv1_")

    def after_last_block(self, x):
        return x

    def block(self, x, filters, stage, i, name):
        """Returns what block number `i` of a stage makes of `x`. Stages halve images, but the first one."""
        strides = 2 if i == 1 and stage > 2 else 1
        shortcut = x
        if i == 1:
            shortcut = norm(layers.Conv2D(4 * filters, 1, strides=strides, name=f"{name}0_conv")(x), f"{name}0_")
        x = norm_relu(layers.Conv2D(filters, 1, strides=strides, name=f"{name}1_conv")(x), f"{name}1_")
        x = norm_relu(layers.Conv2D(filters, 3, padding="same", name=f"{name}2_conv")(x), f"{name}2_")
        x = norm(layers.Conv2D(4 * filters, 1, name=f"{name}3_conv")(x), f"{name}3_")
        x = layers.Add(name=f"{name}add")([shortcut, x])
        return layers.Activation("relu", name=f"{name}out")(x)


def norm(x, name):
    return layers.BatchNormalization(axis=channel_axis(), epsilon=1.001e-5, name=f"{name}bn")(x)


def norm_relu(x, name):
    return layers.Activation("relu", name=f"{name}relu")(norm(x, name))


ResNet50 = variant(
    ResNet,
    "ResNet50",
    name="resnet50",
    depths=(3, 4, 6, 3),
    file="resnet50",
    hashes=("2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"),
)
ResNet101 = variant(
    ResNet,
    "ResNet101",
    name="resnet101",
    depths=(3, 4, 23, 3),
    file="resnet101",
    hashes=("f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21"),
)
ResNet152 = variant(
    ResNet,
    "ResNet152",
    name="resnet152",
    depths=(3, 8, 36, 3),
    file="resnet152",
    hashes=("100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c"),
)
