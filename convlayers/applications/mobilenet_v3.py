"""The third MobileNet: `keras.applications.mobilenet_v3`. Keras has its models in `keras.applications` only."""

import warnings
from dataclasses import dataclass
from typing import NamedTuple

from convlayers import config, layers
from convlayers.applications.application import (
    ARGUMENTS,
    URL,
    Application,
    channel_axis,
    channels,
    correct_pad,
    described,
    multiple_of_8,
)
from convlayers.applications.imagenet_utils import check_size, image_size, no_preprocessing
from convlayers.applications.imagenet_utils import decode_predictions as decode_predictions
from convlayers.applications.mobilenet import ALPHA
from convlayers.utils.symbolic_tensors import is_keras_tensor

preprocess_input = no_preprocessing()


class _Block(NamedTuple):
    """Kernels of 5x5, squeeze and excitation, and "hard_swish" are left out of minimalistic models."""

    expansion: float
    filters: int
    strides: int = 1
    large_kernel: bool = False
    squeeze: bool = False
    swish: bool = False


_SMALL = [
    _Block(1, 16, strides=2, squeeze=True),
    _Block(72 / 16, 24, strides=2),
    _Block(88 / 24, 24),
    _Block(4, 40, strides=2, large_kernel=True, squeeze=True, swish=True),
    *[_Block(6, 40, large_kernel=True, squeeze=True, swish=True)] * 2,
    *[_Block(3, 48, large_kernel=True, squeeze=True, swish=True)] * 2,
    _Block(6, 96, strides=2, large_kernel=True, squeeze=True, swish=True),
    *[_Block(6, 96, large_kernel=True, squeeze=True, swish=True)] * 2,
]
_LARGE = [
    _Block(1, 16),
    _Block(4, 24, strides=2),
    _Block(3, 24),
    _Block(3, 40, strides=2, large_kernel=True, squeeze=True),
    *[_Block(3, 40, large_kernel=True, squeeze=True)] * 2,
    _Block(6, 80, strides=2, swish=True),
    _Block(2.5, 80, swish=True),
    *[_Block(2.3, 80, swish=True)] * 2,
    *[_Block(6, 112, squeeze=True, swish=True)] * 2,
    _Block(6, 160, strides=2, large_kernel=True, squeeze=True, swish=True),
    *[_Block(6, 160, large_kernel=True, squeeze=True, swish=True)] * 2,
]


@dataclass(kw_only=True)
class MobileNetV3(Application):
    """Inverted residual blocks that a search has chosen, some with squeeze and excitation.

    "Searching for MobileNetV3" (https://arxiv.org/abs/1905.02244). Images are pixels from 0 to 255, which the model prepares
    itself; without that, numbers from -1 to 1.
    """

    alpha: float
    minimalistic: bool
    dropout_rate: float
    include_preprocessing: bool
    blocks: list
    last_filters: int
    file: str
    hashes: dict  # by the end of the file's name: those of the files with and without the classifier

    names_pooling = True
    after_unknown_weights = ".  Received weights={weights}"
    wrong_classes = (
        'If using `weights="imagenet"` with `include_top` as true, `classes` should be 1000.  Received classes={classes}'
    )

    def check(self):
        super().check()
        if self.input_shape is not None and self.input_tensor is not None:
            self._check_agreement()

    def image_shape(self):
        shape = self._asked_shape()
        height, width = image_size(shape)
        if height and width:
            check_size((height, width), 32, f"Received `input_shape={shape}`")
        if self.weights == "imagenet":
            if self._alpha_in_files() not in self.hashes:
                raise ValueError(
                    "If imagenet weights are being loaded, alpha can be one of `0.75`, `1.0` for non minimalistic "
                    f"or `1.0` for minimalistic only.\nReceived: alpha={self.alpha}, minimalistic={self.minimalistic}"
                )
            if height != width or height != 224:
                warnings.warn(
                    "`input_shape` is undefined or non-square, or `rows` is not 224. "
                    "Weights for input shape (224, 224) will be loaded as the default.",
                    stacklevel=4,
                )
        return shape

    def features(self, x):
        if self.include_preprocessing:
            x = layers.Rescaling(1.0 / 127.5, offset=-1.0)(x)
        x = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False, name="conv")(x)
        x = self._activate(_norm(x, "conv_bn"))
        for number, block in enumerate(self.blocks):
            x = self._block(x, block, name=f"expanded_conv_{number}_" if number else "expanded_conv_")
        x = layers.Conv2D(_depth(channels(x) * 6), 1, padding="same", use_bias=False, name="conv_1")(x)
        return self._activate(_norm(x, "conv_1_bn"))

    def top(self, x):
        filters = _depth(self.last_filters * self.alpha) if self.alpha > 1.0 else self.last_filters
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        x = layers.Conv2D(filters, 1, padding="same", name="conv_2")(x)
        x = self._activate(x)
        if self.dropout_rate > 0:
            x = layers.Dropout(self.dropout_rate)(x)
        x = layers.Conv2D(self.classes, 1, padding="same", name="logits")(x)
        x = layers.Flatten()(x)
        return layers.Activation(self.classifier_activation, name="predictions")(x)

    def weight_file(self):
        kind = f"{self.file}{'_minimalistic' if self.minimalistic else ''}_224_{self.alpha}_float"
        file = f"weights_mobilenet_v3_{kind}{'' if self.include_top else '_no_top_v2'}.h5"
        return file, f"{URL}mobilenet_v3/{file}", self.hashes[self._alpha_in_files()][0 if self.include_top else 1]

    def _alpha_in_files(self):
        return ("minimalistic", self.alpha) if self.minimalistic else self.alpha

    def _asked_shape(self):
        if self.input_shape is not None:
            return self.input_shape
        height = width = None
        if is_keras_tensor(self.input_tensor):
            height, width = image_size(self.input_tensor.shape[1:])
        return (3, height, width) if config.image_data_format() == "channels_first" else (height, width, 3)

    def _check_agreement(self):
        if not is_keras_tensor(self.input_tensor):
            raise ValueError(f"input_tensor specified: {self.input_tensor} is not a keras tensor")
        received = f"Received input_shape={self.input_shape}, input_tensor.shape={self.input_tensor.shape}"
        if config.image_data_format() == "channels_first":
            if self.input_tensor.shape[1] != self.input_shape[1]:
                raise ValueError(
                    "When backend.image_data_format()=channels_first, input_shape[1] must equal input_tensor.shape[1].  "
                    + received
                )
        elif self.input_tensor.shape[2] != self.input_shape[1]:
            raise ValueError(f"input_shape[1] must equal input_tensor.shape[2].  {received}")

    def _activate(self, x, swish=True):
        return layers.Activation("hard_swish")(x) if swish and not self.minimalistic else layers.ReLU()(x)

    def _block(self, x, block, name):
        shortcut, inputs = x, channels(x)
        filters, expanded = _depth(block.filters * self.alpha), _depth(inputs * block.expansion)
        kernel_size = 5 if block.large_kernel and not self.minimalistic else 3
        if block.expansion != 1:
            x = layers.Conv2D(expanded, 1, padding="same", use_bias=False, name=f"{name}expand")(x)
            x = self._activate(_norm(x, f"{name}expand_bn"), block.swish)
        if block.strides == 2:
            x = layers.ZeroPadding2D(correct_pad(x, kernel_size), name=f"{name}depthwise_pad")(x)
        x = layers.DepthwiseConv2D(
            kernel_size,
            strides=block.strides,
            padding="same" if block.strides == 1 else "valid",
            use_bias=False,
            name=f"{name}depthwise",
        )(x)
        x = self._activate(_norm(x, f"{name}depthwise_bn"), block.swish)
        if block.squeeze and not self.minimalistic:
            x = _squeeze_excite(x, expanded, f"{name}squeeze_excite_")
        x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}project")(x)
        x = _norm(x, f"{name}project_bn")
        return layers.Add(name=f"{name}add")([shortcut, x]) if block.strides == 1 and inputs == filters else x


def _squeeze_excite(x, filters, name):
    weights = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}avg_pool")(x)
    weights = layers.Conv2D(_depth(filters / 4), 1, padding="same", name=f"{name}conv")(weights)
    weights = layers.ReLU(name=f"{name}relu")(weights)
    weights = layers.Conv2D(filters, 1, padding="same", name=f"{name}conv_1")(weights)
    weights = layers.ReLU(6.0)(weights + 3.0) * (1.0 / 6.0)  # a hard sigmoid
    return layers.Multiply(name=f"{name}mul")([x, weights])


def _depth(filters):
    return multiple_of_8(filters)


def _norm(x, name):
    return layers.BatchNormalization(axis=channel_axis(-1), epsilon=1e-3, momentum=0.999, name=name)(x)


_ARGUMENTS = f"""{ARGUMENTS}{ALPHA}
    minimalistic: whether to leave out what is slow on some devices: 5x5 kernels, squeeze and excitation, "hard_swish".
    dropout_rate: rate before the classifier.
    include_preprocessing: whether images are pixels from 0 to 255, not numbers from -1 to 1."""


def _variant(function_name, **settings):
    def build(
        input_shape=None,
        alpha=1.0,
        minimalistic=False,
        include_top=True,
        weights="imagenet",
        input_tensor=None,
        classes=1000,
        pooling=None,
        dropout_rate=0.2,
        classifier_activation="softmax",
        include_preprocessing=True,
        name=function_name,
    ):
        return MobileNetV3(
            include_top=include_top,
            weights=weights,
            input_tensor=input_tensor,
            input_shape=input_shape,
            pooling=pooling,
            classes=classes,
            classifier_activation=classifier_activation,
            name=name,
            alpha=alpha,
            minimalistic=minimalistic,
            dropout_rate=dropout_rate,
            include_preprocessing=include_preprocessing,
            **settings,
        ).model()

    return described(build, function_name, MobileNetV3, _ARGUMENTS)


MobileNetV3Small = _variant(
    "MobileNetV3Small",
    blocks=_SMALL,
    last_filters=1024,
    file="small",
    hashes={
        0.75: ("cb65d4e5be93758266aa0a7f2c6708b7", "ebdb5cc8e0b497cd13a7c275d475c819"),
        1.0: ("8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836"),
        ("minimalistic", 1.0): ("99cd97fb2fcdad2bf028eb838de69e37", "cde8136e733e811080d9fcd8a252f7e4"),
    },
)
MobileNetV3Large = _variant(
    "MobileNetV3Large",
    blocks=_LARGE,
    last_filters=1280,
    file="large",
    hashes={
        0.75: ("765b44a33ad4005b3ac83185abf1d0eb", "40af19a13ebea4e2ee0c676887f69a2e"),
        1.0: ("59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389"),
        ("minimalistic", 1.0): ("675e7b876c45c57e9e63e6d90a36599c", "ec5221f64a2f6d1ef965a614bdae7973"),
    },
)
