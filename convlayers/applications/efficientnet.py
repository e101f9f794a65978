"""EfficientNet: `keras.applications.efficientnet`."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from convlayers import layers
from convlayers.applications.application import Application, channel_axis, channels, correct_pad, multiple_of_8, variant
from convlayers.applications.imagenet_utils import decode_predictions as decode_predictions
from convlayers.applications.imagenet_utils import no_preprocessing
from convlayers.applications.squeeze_excite import (
    CONV_INITIALIZER,
    DENSE_INITIALIZER,
    add_shortcut,
    convolve,
    squeeze_excite,
)

preprocess_input = no_preprocessing()


class _Stage(NamedTuple):
    kernel_size: int
    depth: int
    filters: int
    expansion: int
    strides: int


_STAGES = [
    _Stage(kernel_size=3, depth=1, filters=16, expansion=1, strides=1),
    _Stage(kernel_size=3, depth=2, filters=24, expansion=6, strides=2),
    _Stage(kernel_size=5, depth=2, filters=40, expansion=6, strides=2),
    _Stage(kernel_size=3, depth=3, filters=80, expansion=6, strides=2),
    _Stage(kernel_size=5, depth=3, filters=112, expansion=6, strides=1),
    _Stage(kernel_size=5, depth=4, filters=192, expansion=6, strides=2),
    _Stage(kernel_size=3, depth=1, filters=320, expansion=6, strides=1),
]
_DROP_RATE = 0.2  # of the last block; the others have a part of it
_DEVIATION = (0.229, 0.224, 0.225)  # of colors in ImageNet


@dataclass(kw_only=True)
class EfficientNet(Application):
    """Inverted residual blocks with squeeze and excitation, in stages that grow in width and depth from B0 to B7.

    "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (https://arxiv.org/abs/1905.11946). Images are
    pixels from 0 to 255: the model prepares them itself.
    """

    width: float
    depth: float
    default_size: int
    dropout: float
    hashes: tuple

    names_pooling = True
    wrong_classes = 'If using `weights="imagenet"` with `include_top` as true, `classes` should be 1000'

    def features(self, x):
        x = layers.Rescaling(1.0 / 255.0)(x)
        x = layers.Normalization(axis=channel_axis())(x)
        if self.weights == "imagenet":
            # These weights were trained on colors divided by their variance, and `Normalization` divides by the deviation.
            x = layers.Rescaling([1.0 / math.sqrt(deviation) for deviation in _DEVIATION])(x)
        x = layers.ZeroPadding2D(correct_pad(x, 3), name="stem_conv_pad")(x)
        x = convolve(x, self._filters(32), 3, "stem_conv", strides=2, padding="valid")
        x = _norm_swish(x, "stem_bn", "stem_activation")
        for block in self._blocks():
            x = _inverted_residual(x, **block)
        x = convolve(x, self._filters(1280), 1, "top_conv")
        return _norm_swish(x, "top_bn", "top_activation")

    def top(self, x):
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dropout(self.dropout, name="top_dropout")(x)
        return self.predictions(x, kernel_initializer=DENSE_INITIALIZER)

    def weight_file(self):
        file = f"{self.name}{'' if self.include_top else '_notop'}.h5"
        return file, f"https://storage.googleapis.com/keras-applications/{file}", self.hashes[0 if self.include_top else 1]

    def _filters(self, filters):
        return multiple_of_8(filters * self.width)

    def _blocks(self):
        """Returns the arguments of all blocks."""
        blocks = [
            {
                "filters": self._filters(stage.filters),
                "kernel_size": stage.kernel_size,
                "strides": stage.strides if i == 0 else 1,
                "expansion": stage.expansion,
                "name": f"block{number}{chr(ord('a') + i)}_",
            }
            for number, stage in enumerate(_STAGES, 1)
            for i in range(math.ceil(self.depth * stage.depth))
        ]
        return [{**block, "drop_rate": _DROP_RATE * i / len(blocks)} for i, block in enumerate(blocks)]


def _inverted_residual(x, filters, kernel_size, strides, expansion, name, drop_rate):
    shortcut, inputs = x, channels(x)
    if expansion != 1:
        x = convolve(x, inputs * expansion, 1, f"{name}expand_conv")
        x = _norm_swish(x, f"{name}expand_bn", f"{name}expand_activation")
    if strides == 2:
        x = layers.ZeroPadding2D(correct_pad(x, kernel_size), name=f"{name}dwconv_pad")(x)
    x = layers.DepthwiseConv2D(
        kernel_size,
        strides=strides,
        padding="same" if strides == 1 else "valid",
        use_bias=False,
        depthwise_initializer=CONV_INITIALIZER,
        name=f"{name}dwconv",
    )(x)
    x = _norm_swish(x, f"{name}bn", f"{name}activation")
    x = squeeze_excite(x, max(1, inputs // 4), name)
    x = convolve(x, filters, 1, f"{name}project_conv")
    x = _norm(x, f"{name}project_bn")
    return add_shortcut(x, shortcut, drop_rate, name) if strides == 1 and inputs == filters else x


def _norm(x, name):
    return layers.BatchNormalization(axis=channel_axis(), name=name)(x)


def _norm_swish(x, norm_name, name):
    return layers.Activation("swish", name=name)(_norm(x, norm_name))


def _variant(number, width, depth, size, dropout, hashes):
    return variant(
        EfficientNet,
        f"EfficientNetB{number}",
        name=f"efficientnetb{number}",
        width=width,
        depth=depth,
        default_size=size,
        dropout=dropout,
        hashes=hashes,
    )


EfficientNetB0 = _variant(0, 1.0, 1.0, 224, 0.2, ("902e53a9f72be733fc0bcb005b3ebbac", "50bc09e76180e00e4465e1a485ddc09d"))
EfficientNetB1 = _variant(1, 1.0, 1.1, 240, 0.2, ("1d254153d4ab51201f1646940f018540", "74c4e6b3e1f6a1eea24c589628592432"))
EfficientNetB2 = _variant(2, 1.1, 1.2, 260, 0.3, ("b15cce36ff4dcbd00b6dd88e7857a6ad", "111f8e2ac8aa800a7a99e3239f7bfb39"))
EfficientNetB3 = _variant(3, 1.2, 1.4, 300, 0.3, ("ffd1fdc53d0ce67064dc6a9c7960ede0", "af6d107764bb5b1abb91932881670226"))
EfficientNetB4 = _variant(4, 1.4, 1.8, 380, 0.4, ("18c95ad55216b8f92d7e70b3a046e2fc", "ebc24e6d6c33eaebbd558eafbeedf1ba"))
EfficientNetB5 = _variant(5, 1.6, 2.2, 456, 0.4, ("ace28f2a6363774853a83a0b21b9421a", "38879255a25d3c92d5e44e04ae6cec6f"))
EfficientNetB6 = _variant(6, 1.8, 2.6, 528, 0.5, ("165f6e37dce68623721b423839de8be5", "9ecce42647a20130c1f39a5d4cb75743"))
EfficientNetB7 = _variant(7, 2.0, 3.1, 600, 0.5, ("8c03f828fec3ef71311cd463b6759d99", "cbcfe4450ddf6f3ad90b1b398090fe4a"))
