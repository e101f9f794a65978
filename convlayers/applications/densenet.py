"""Densely connected networks: `keras.applications.densenet`."""

from dataclasses import dataclass

from convlayers import layers
from convlayers.applications.application import FiledApplication, channel_axis, channels, variant
from convlayers.applications.imagenet_utils import decode_predictions as decode_predictions
from convlayers.applications.imagenet_utils import preprocessing
from convlayers.applications.resnet import norm_relu

preprocess_input = preprocessing("torch")

_GROWTH = 32  # channels that each block adds


@dataclass(kw_only=True)
class DenseNet(FiledApplication):
    """Blocks that each append channels to what went into them.

    "Densely Connected Convolutional Networks" (https://arxiv.org/abs/1608.06993). Prepare images with the module's
    `preprocess_input`.
    """

    depths: tuple  # the number of blocks in each of the four stages
    folder: str = "densenet"

    takes_channels_first = False
    names_pooling = True
    wrong_classes = 'If using `weights` as `"imagenet"` with `include_top` as true, `classes` should be 1000'

    def features(self, x):
        x = layers.ZeroPadding2D(3)(x)
        x = layers.Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(x)
        x = norm_relu(x, "conv1_")
        x = layers.ZeroPadding2D(1)(x)
        x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
        for stage, depth in enumerate(self.depths, 2):
            for i in range(1, depth + 1):
                x = _block(x, f"conv{stage}_block{i}_")
            if stage < 5:
                x = _halve(x, f"pool{stage}_")
        return norm_relu(x, "")


def _block(x, name):
    new = norm_relu(x, f"{name}0_")
    new = layers.Conv2D(4 * _GROWTH, 1, use_bias=False, name=f"{name}1_conv")(new)
    new = norm_relu(new, f"{name}1_")
    new = layers.Conv2D(_GROWTH, 3, padding="same", use_bias=False, name=f"{name}2_conv")(new)
    return layers.Concatenate(axis=channel_axis(), name=f"{name}concat")([x, new])


def _halve(x, name):
    """Returns `x` with half the channels, height and width."""
    x = norm_relu(x, name)
    x = layers.Conv2D(channels(x) // 2, 1, use_bias=False, name=f"{name}conv")(x)
    return layers.AveragePooling2D(2, strides=2, name=f"{name}pool")(x)


DenseNet121 = variant(
    DenseNet,
    "DenseNet121",
    name="densenet121",
    depths=(6, 12, 24, 16),
    file="densenet121",
    hashes=("9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738"),
)
DenseNet169 = variant(
    DenseNet,
    "DenseNet169",
    name="densenet169",
    depths=(6, 12, 32, 32),
    file="densenet169",
    hashes=("d699b8f76981ab1b30698df4c175e90b", "b8c4d4c20dd625c148057b9ff1c1176b"),
)
DenseNet201 = variant(
    DenseNet,
    "DenseNet201",
    name="densenet201",
    depths=(6, 12, 48, 32),
    file="densenet201",
    hashes=("1ceb130c1ea1b78c3bf6114dbdfd8807", "c13680b51ded0fb44dff2d8f86ac8bb1"),
)
