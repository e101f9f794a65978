"""The second MobileNet: `keras.applications.mobilenet_v2`."""

from dataclasses import dataclass

from convlayers import config, layers
from convlayers.applications.application import (
    ARGUMENTS,
    URL,
    channel_axis,
    channels,
    correct_pad,
    described,
    multiple_of_8,
)
from convlayers.applications.imagenet_utils import decode_predictions as decode_predictions
from convlayers.applications.imagenet_utils import image_size, preprocessing
from convlayers.applications.mobilenet import ALPHA, SizedApplication
from convlayers.utils.symbolic_tensors import is_keras_tensor

preprocess_input = preprocessing("tf")

_STAGES = [  # blocks, filters, strides of the first block
    (1, 16, 1),
    (2, 24, 2),
    (3, 32, 2),
    (4, 64, 2),
    (3, 96, 1),
    (3, 160, 2),
    (1, 320, 1),
]
_EXPANSION = 6


@dataclass(kw_only=True)
class InvertedResidualNet(SizedApplication):
    """Residual blocks that are wide inside and narrow between.

    "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (https://arxiv.org/abs/1801.04381). Prepare images with the
    module's `preprocess_input`.
    """

    sizes = (96, 128, 160, 192, 224)
    alphas = (0.35, 0.50, 0.75, 1.0, 1.3, 1.4)
    top_pooling_name = None
    after_unknown_weights = ".  Received `weights={weights}`"
    wrong_classes = (
        'If using `weights="imagenet"` with `include_top` as true, `classes` should be 1000. Received `classes={classes}`'
    )

    def check(self):
        super().check()
        if self.input_shape is not None and self.input_tensor is not None:
            self._check_agreement()

    def check_pretrained(self):
        if self.alpha not in self.alphas:
            raise ValueError(
                "If imagenet weights are being loaded, alpha must be one of `0.35`, `0.50`, `0.75`, `1.0`, `1.3` or `1.4` "
                f"only; Received `alpha={self.alpha}`"
            )

    def asked_size(self):
        if self.input_shape is None and is_keras_tensor(self.input_tensor):
            return image_size(self.input_tensor.shape[1:])
        return super().asked_size()

    def features(self, x):
        x = layers.Conv2D(multiple_of_8(32 * self.alpha), 3, strides=2, padding="same", use_bias=False, name="Conv1")(x)
        x = _norm_relu6(x, "bn_Conv1", "Conv1_relu")
        number = 0
        for blocks, filters, first_strides in _STAGES:
            for i in range(blocks):
                x = _block(x, multiple_of_8(int(filters * self.alpha)), first_strides if i == 0 else 1, number)
                number += 1
        x = layers.Conv2D(multiple_of_8(1280 * max(1.0, self.alpha)), 1, use_bias=False, name="Conv_1")(x)
        return _norm_relu6(x, "Conv_1_bn", "out_relu")

    def model_name(self):
        return self.name or f"mobilenetv2_{self.alpha:0.2f}_{self.height}"

    def weight_file(self):
        ending = "" if self.include_top else "_no_top"
        file = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(self.alpha)}_{self.height}{ending}.h5"
        return file, f"{URL}mobilenet_v2/{file}"

    def _check_agreement(self):
        if not is_keras_tensor(self.input_tensor):
            raise ValueError(f"input_tensor is not a Keras tensor; Received `input_tensor={self.input_tensor}`")
        received = f"Received `input_tensor.shape={self.input_tensor.shape}`, `input_shape={self.input_shape}`"
        if config.image_data_format() == "channels_first":
            if self.input_tensor.shape[1] != self.input_shape[1]:
                raise ValueError(
                    "input_shape[1] must equal shape(input_tensor)[1] when `image_data_format` is `channels_first`; " + received
                )
        elif self.input_tensor.shape[2] != self.input_shape[1]:
            raise ValueError(f"input_tensor.shape[2] must equal input_shape[1]; {received}")


def _block(x, filters, strides, number):
    shortcut, inputs = x, channels(x)
    name = f"block_{number}_" if number else "expanded_conv_"
    if number:
        x = layers.Conv2D(_EXPANSION * inputs, 1, padding="same", use_bias=False, name=f"{name}expand")(x)
        x = _norm_relu6(x, f"{name}expand_BN", f"{name}expand_relu")
    if strides == 2:
        x = layers.ZeroPadding2D(correct_pad(x, 3), name=f"{name}pad")(x)
    x = layers.DepthwiseConv2D(
        3,
        strides=strides,
        use_bias=False,
        padding="same" if strides == 1 else "valid",
        name=f"{name}depthwise",
    )(x)
    x = _norm_relu6(x, f"{name}depthwise_BN", f"{name}depthwise_relu")
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}project")(x)
    x = _norm(x, f"{name}project_BN")
    return layers.Add(name=f"{name}add")([shortcut, x]) if inputs == filters and strides == 1 else x


def _norm(x, name):
    return layers.BatchNormalization(axis=channel_axis(-1), epsilon=1e-3, momentum=0.999, name=name)(x)


def _norm_relu6(x, norm_name, name):
    return layers.ReLU(6.0, name=name)(_norm(x, norm_name))


def MobileNetV2(
    input_shape=None,
    alpha=1.0,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name=None,
):
    return InvertedResidualNet(
        include_top=include_top,
        weights=weights,
        input_tensor=input_tensor,
        input_shape=input_shape,
        pooling=pooling,
        classes=classes,
        classifier_activation=classifier_activation,
        name=name,
        alpha=alpha,
    ).model()


described(MobileNetV2, "MobileNetV2", InvertedResidualNet, f"{ARGUMENTS}{ALPHA}")
