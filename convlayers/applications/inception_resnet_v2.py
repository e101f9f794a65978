"""The Inception network with residual blocks: `keras.applications.inception_resnet_v2`."""

from dataclasses import dataclass

from convlayers import layers
from convlayers.applications.application import FiledApplication, channels, variant
from convlayers.applications.imagenet_utils import decode_predictions as decode_predictions
from convlayers.applications.imagenet_utils import preprocessing
from convlayers.applications.inception import AVERAGE, MAXIMUM, Conv, convolve, mixed, stem
from convlayers.registry import register_family

preprocess_input = preprocessing("tf")

_MIXED_5B = [
    [Conv(96, 1)],
    [Conv(48, 1), Conv(64, 5)],
    [Conv(64, 1), Conv(96, 3), Conv(96, 3)],
    [AVERAGE, Conv(64, 1)],
]
_MIXED_6A = [[Conv(384, 3, 2)], [Conv(256, 1), Conv(256, 3), Conv(384, 3, 2)], [MAXIMUM]]
_MIXED_7A = [
    [Conv(256, 1), Conv(384, 3, 2)],
    [Conv(256, 1), Conv(288, 3, 2)],
    [Conv(256, 1), Conv(288, 3), Conv(320, 3, 2)],
    [MAXIMUM],
]
# The residual blocks, by the size that images have in them.
_BLOCK35 = [[Conv(32, 1)], [Conv(32, 1), Conv(32, 3)], [Conv(32, 1), Conv(48, 3), Conv(64, 3)]]
_BLOCK17 = [[Conv(192, 1)], [Conv(128, 1), Conv(160, (1, 7)), Conv(192, (7, 1))]]
_BLOCK8 = [[Conv(192, 1)], [Conv(192, 1), Conv(224, (1, 3)), Conv(256, (3, 1))]]


class CustomScaleLayer(layers.Layer):
    """Adds the second of two arrays to the first, multiplied by a number.

    Args:
        scale: the number.
        kwargs: arguments of `Layer`.

    Input shape: a list of two arrays of one shape.

    Output shape: that of the inputs.
    """

    def __init__(self, scale, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs):
        x, residual = inputs
        return x + residual * self.scale

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


register_family("keras.src.applications.inception_resnet_v2", {"CustomScaleLayer": CustomScaleLayer})


@dataclass(kw_only=True)
class InceptionResNet(FiledApplication):
    """Inception's branches, added to what went into them.

    "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning" (https://arxiv.org/abs/1602.07261).
    Images are 299x299, at least 75x75. Prepare them with the module's `preprocess_input`.
    """

    default_size = 299
    min_size = 75
    wrong_classes = (
        'If using `weights="imagenet"` with `include_top=True`, `classes` should be 1000. Received classes={classes}'
    )

    def features(self, x):
        x = mixed(stem(x), _MIXED_5B, name="mixed_5b")
        for i in range(1, 11):
            x = _residual_block(x, _BLOCK35, scale=0.17, name=f"block35_{i}")
        x = mixed(x, _MIXED_6A, name="mixed_6a")
        for i in range(1, 21):
            x = _residual_block(x, _BLOCK17, scale=0.1, name=f"block17_{i}")
        x = mixed(x, _MIXED_7A, name="mixed_7a")
        for i in range(1, 10):
            x = _residual_block(x, _BLOCK8, scale=0.2, name=f"block8_{i}")
        x = _sum(x, _BLOCK8, scale=1.0, name="block8_10")
        return convolve(x, 1536, 1, name="conv_7b")


def _residual_block(x, branches, scale, name):
    return layers.Activation("relu", name=f"{name}_ac")(_sum(x, branches, scale, name))


def _sum(x, branches, scale, name):
    residual = mixed(x, branches, name=f"{name}_mixed")
    residual = layers.Conv2D(channels(x), 1, padding="same", name=f"{name}_conv")(residual)
    return CustomScaleLayer(scale)([x, residual])


InceptionResNetV2 = variant(
    InceptionResNet,
    "InceptionResNetV2",
    name="inception_resnet_v2",
    folder="inception_resnet_v2",
    hashes=("e693bd0210a403b3192acc6073ad2e96", "d19885ff4a710c122648d3b5c3b684e4"),
)
