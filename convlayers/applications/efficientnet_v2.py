"""The second generation of EfficientNet: `keras.applications.efficientnet_v2`."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from convlayers import initializers, layers
from convlayers.applications.application import ARGUMENTS, URL, Application, channel_axis, channels, described
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
    depth: int
    filters: int
    expansion: int
    strides: int
    fused: bool = False  # one convolution of 3x3 in place of a pointwise and a depthwise one


SMALL = [
    _Stage(2, 24, 1, 1, fused=True),
    _Stage(4, 48, 4, 2, fused=True),
    _Stage(4, 64, 4, 2, fused=True),
    _Stage(6, 128, 4, 2),
    _Stage(9, 160, 6, 1),
    _Stage(15, 256, 6, 2),
]
MEDIUM = [
    _Stage(3, 24, 1, 1, fused=True),
    _Stage(5, 48, 4, 2, fused=True),
    _Stage(5, 80, 4, 2, fused=True),
    _Stage(7, 160, 4, 2),
    _Stage(14, 176, 6, 1),
    _Stage(18, 304, 6, 2),
    _Stage(5, 512, 6, 1),
]
LARGE = [
    _Stage(4, 32, 1, 1, fused=True),
    _Stage(7, 64, 4, 2, fused=True),
    _Stage(7, 96, 4, 2, fused=True),
    _Stage(10, 192, 4, 2),
    _Stage(19, 224, 6, 1),
    _Stage(25, 384, 6, 2),
    _Stage(7, 640, 6, 1),
]
BASE = [
    _Stage(1, 16, 1, 1, fused=True),
    _Stage(2, 32, 4, 2, fused=True),
    _Stage(2, 48, 4, 2, fused=True),
    _Stage(3, 96, 4, 2),
    _Stage(5, 112, 6, 1),
    _Stage(8, 192, 6, 2),
]
_DROP_RATE = 0.2  # of the last block of the unscaled model; the others have a part of it


@dataclass(kw_only=True)
class EfficientNetV2(Application):
    """As EfficientNet, with plain convolutions in the first stages.

    "EfficientNetV2: Smaller Models and Faster Training" (https://arxiv.org/abs/2104.00298). Images are pixels from 0 to 255,
    which the model prepares itself; without that, numbers from -1 to 1.
    """

    include_preprocessing: bool
    stages: list
    stem: int  # the number of channels that the first convolution makes
    default_size: int
    hashes: tuple
    width: float = 1.0
    depth: float = 1.0

    names_pooling = True
    after_unknown_weights = ".Received: weights={weights}"
    wrong_classes = 'If using `weights="imagenet"` with `include_top` as true, `classes` should be 1000'

    def features(self, x):
        if self.include_preprocessing:
            x = self._prepared(x)
        x = convolve(x, self._filters(self.stem), 3, "stem_conv", strides=2)
        x = _norm_swish(x, "stem_bn", "stem_activation")
        for fused, block in self._blocks():
            x = _fused_block(x, **block) if fused else _block(x, **block)
        x = convolve(x, self._filters(1280), 1, "top_conv")
        return _norm_swish(x, "top_bn", "top_activation")

    def top(self, x):
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dropout(0.2, name="top_dropout")(x)
        return self.predictions(x, kernel_initializer=DENSE_INITIALIZER, bias_initializer=initializers.Constant(0.0))

    def weight_file(self):
        file = f"{self.name}{'' if self.include_top else '_notop'}.h5"
        return file, f"{URL}efficientnet_v2/{file}", self.hashes[0 if self.include_top else 1]

    def _prepared(self, x):
        if self.stages is BASE and self.input_shape[channel_axis() - 1] == 3:
            x = layers.Rescaling(1.0 / 255)(x)
            mean, variance = [0.485, 0.456, 0.406], [0.229**2, 0.224**2, 0.225**2]
            return layers.Normalization(mean=mean, variance=variance, axis=channel_axis())(x)
        return layers.Rescaling(1.0 / 128.0, offset=-1)(x)

    def _filters(self, filters):
        return max(8, int(filters * self.width + 4) // 8 * 8)

    def _blocks(self):
        """Returns whether it is fused, and the arguments, for all blocks."""
        unscaled_depth = sum(stage.depth for stage in self.stages)
        blocks = [
            (
                stage.fused,
                {
                    "filters": self._filters(stage.filters),
                    "strides": stage.strides if i == 0 else 1,
                    "expansion": stage.expansion,
                    "name": f"block{number}{chr(ord('a') + i)}_",
                },
            )
            for number, stage in enumerate(self.stages, 1)
            for i in range(math.ceil(self.depth * stage.depth))
        ]
        return [(fused, {**block, "drop_rate": _DROP_RATE * i / unscaled_depth}) for i, (fused, block) in enumerate(blocks)]


def _block(x, filters, strides, expansion, name, drop_rate):
    shortcut, inputs = x, channels(x)
    x = convolve(x, inputs * expansion, 1, f"{name}expand_conv")
    x = _norm_swish(x, f"{name}expand_bn", f"{name}expand_activation")
    x = layers.DepthwiseConv2D(
        3,
        strides=strides,
        padding="same",
        use_bias=False,
        depthwise_initializer=CONV_INITIALIZER,
        name=f"{name}dwconv2",
    )(x)
    x = _norm_swish(x, f"{name}bn", f"{name}activation")
    x = squeeze_excite(x, max(1, inputs // 4), name)
    x = convolve(x, filters, 1, f"{name}project_conv")
    x = _norm(x, f"{name}project_bn")
    return add_shortcut(x, shortcut, drop_rate, name) if strides == 1 and inputs == filters else x


def _fused_block(x, filters, strides, expansion, name, drop_rate):
    shortcut, inputs = x, channels(x)
    if expansion == 1:
        x = convolve(x, filters, 3, f"{name}project_conv", strides=strides)
        x = _norm_swish(x, f"{name}project_bn", f"{name}project_activation")
    else:
        x = convolve(x, inputs * expansion, 3, f"{name}expand_conv", strides=strides)
        x = _norm_swish(x, f"{name}expand_bn", f"{name}expand_activation")
        x = convolve(x, filters, 1, f"{name}project_conv")
        x = _norm(x, f"{name}project_bn")
    return add_shortcut(x, shortcut, drop_rate, name) if strides == 1 and inputs == filters else x


def _norm(x, name):
    return layers.BatchNormalization(axis=channel_axis(), momentum=0.9, name=name)(x)


def _norm_swish(x, norm_name, name):
    return layers.Activation("swish", name=name)(_norm(x, norm_name))


_ARGUMENTS = ARGUMENTS.replace(
    "    name:", "    include_preprocessing: whether images are pixels from 0 to 255, not numbers from -1 to 1.\n    name:"
)


def _variant(function_name, name, **settings):
    def build(
        include_top=True,
        weights="imagenet",
        input_tensor=None,
        input_shape=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        include_preprocessing=True,
        name=name,
    ):
        return EfficientNetV2(
            include_top=include_top,
            weights=weights,
            input_tensor=input_tensor,
            input_shape=input_shape,
            pooling=pooling,
            classes=classes,
            classifier_activation=classifier_activation,
            include_preprocessing=include_preprocessing,
            name=name,
            **settings,
        ).model()

    return described(build, function_name, EfficientNetV2, _ARGUMENTS)


EfficientNetV2B0 = _variant(
    "EfficientNetV2B0",
    "efficientnetv2-b0",
    stages=BASE,
    stem=32,
    default_size=224,
    hashes=("21ecbf6da12460d5c40bb2f29ceb2188", "893217f2bb855e2983157299931e43ff"),
)
EfficientNetV2B1 = _variant(
    "EfficientNetV2B1",
    "efficientnetv2-b1",
    stages=BASE,
    stem=32,
    depth=1.1,
    default_size=240,
    hashes=("069f0534ff22adf035c89e2d9547a9dc", "0e80663031ca32d657f9caa404b6ec37"),
)
EfficientNetV2B2 = _variant(
    "EfficientNetV2B2",
    "efficientnetv2-b2",
    stages=BASE,
    stem=32,
    width=1.1,
    depth=1.2,
    default_size=260,
    hashes=("424e49f28180edbde1e94797771950a7", "1dfe2e7a5d45b6632553a8961ea609eb"),
)
EfficientNetV2B3 = _variant(
    "EfficientNetV2B3",
    "efficientnetv2-b3",
    stages=BASE,
    stem=32,
    width=1.2,
    depth=1.4,
    default_size=300,
    hashes=("1f1fc43bd98a6e4fd8fdfd551e02c7a0", "f6abf7b5849ac99a89b50dd3fd532856"),
)
EfficientNetV2S = _variant(
    "EfficientNetV2S",
    "efficientnetv2-s",
    stages=SMALL,
    stem=24,
    default_size=384,
    hashes=("e1d88a8495beba45748fedd0cecbe016", "af0682fb74e8c54910f2d4393339c070"),
)
EfficientNetV2M = _variant(
    "EfficientNetV2M",
    "efficientnetv2-m",
    stages=MEDIUM,
    stem=24,
    default_size=480,
    hashes=("a3bf6aa3276309f4fc6a34aa114c95cd", "1b8dc055df72dde80d614482840fe342"),
)
EfficientNetV2L = _variant(
    "EfficientNetV2L",
    "efficientnetv2-l",
    stages=LARGE,
    stem=32,
    default_size=480,
    hashes=("27e6d408b53c7ebc868fefa357689935", "b0b66b5c863aef5b46e8608fe1711615"),
)
