"""The first MobileNet: `keras.applications.mobilenet`."""

import warnings
from dataclasses import dataclass

from convlayers import layers
from convlayers.applications.application import ARGUMENTS, URL, Application, channel_axis, described
from convlayers.applications.imagenet_utils import decode_predictions as decode_predictions
from convlayers.applications.imagenet_utils import image_size, preprocessing

preprocess_input = preprocessing("tf")

_BLOCKS = [  # filters, strides
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *[(512, 1)] * 5,
    (1024, 2),
    (1024, 1),
]


@dataclass(kw_only=True)
class SizedApplication(Application):
    """One whose weights for ImageNet depend on the size of the images and the width of the network.

    Args:
        alpha: what numbers of filters are multiplied by.
    """

    alpha: float

    sizes = ()  # that there are weights for
    alphas = ()

    def image_shape(self):
        """Returns the shape of an image, and notes the height that chooses the weights."""
        self.default_size = self._chosen_size()
        shape = super().image_shape()
        self.height, width = image_size(shape)
        if self.weights == "imagenet":
            self.check_pretrained()
            if self.height != width or self.height not in self.sizes:
                self.height = 224
                warnings.warn(
                    f"`input_shape` is undefined or non-square, or `rows` is not in {list(self.sizes)}. "
                    "Weights for input shape (224, 224) will be loaded as the default.",
                    stacklevel=4,
                )
        return shape

    def check_pretrained(self):
        """Raises a ValueError if there are no weights for such a network."""
        raise NotImplementedError

    def asked_size(self):
        """Returns height and width that the user asks for, or None."""
        return self.input_shape and image_size(self.input_shape)

    def _chosen_size(self):
        height, width = self.asked_size() or (None, None)
        return height if height == width and height in self.sizes else 224


@dataclass(kw_only=True)
class MobileNetV1(SizedApplication):
    """Depthwise and pointwise convolutions by turns.

    "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications" (https://arxiv.org/abs/1704.04861).
    Prepare images with the module's `preprocess_input`.
    """

    depth_multiplier: int
    dropout: float

    sizes = (128, 160, 192, 224)
    alphas = (0.25, 0.50, 0.75, 1.0)
    imagenet = "'imagenet'"
    after_unknown_weights = ". Received weights={weights}"

    def check_pretrained(self):
        if self.depth_multiplier != 1:
            raise ValueError(
                "If imagenet weights are being loaded, depth multiplier must be 1.  "
                f"Received depth_multiplier={self.depth_multiplier}"
            )
        if self.alpha not in self.alphas:
            raise ValueError(
                "If imagenet weights are being loaded, alpha can be one of`0.25`, `0.50`, `0.75` or `1.0` only.  "
                f"Received alpha={self.alpha}"
            )

    def features(self, x):
        x = layers.Conv2D(int(32 * self.alpha), 3, padding="same", use_bias=False, strides=2, name="conv1")(x)
        x = _norm_relu6(x, "conv1")
        for i, (filters, strides) in enumerate(_BLOCKS, 1):
            x = self._block(x, int(filters * self.alpha), strides, i)
        return x

    def top(self, x):
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        x = layers.Dropout(self.dropout, name="dropout")(x)
        x = layers.Conv2D(self.classes, 1, padding="same", name="conv_preds")(x)
        x = layers.Reshape((self.classes,), name="reshape_2")(x)
        return layers.Activation(self.classifier_activation, name="predictions")(x)

    def model_name(self):
        return self.name or f"mobilenet_{self.alpha:0.2f}_{self.height}"

    def weight_file(self):
        alpha = {0.25: "2_5", 0.50: "5_0", 0.75: "7_5", 1.0: "1_0"}[self.alpha]
        file = f"mobilenet_{alpha}_{self.height}_tf{'' if self.include_top else '_no_top'}.h5"
        return file, f"{URL}mobilenet/{file}"

    def _block(self, x, filters, strides, i):
        if strides == 2:
            x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{i}")(x)
        x = layers.DepthwiseConv2D(
            3,
            padding="same" if strides == 1 else "valid",
            depth_multiplier=self.depth_multiplier,
            strides=strides,
            use_bias=False,
            name=f"conv_dw_{i}",
        )(x)
        x = _norm_relu6(x, f"conv_dw_{i}")
        x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"conv_pw_{i}")(x)
        return _norm_relu6(x, f"conv_pw_{i}")


def _norm_relu6(x, name):
    x = layers.BatchNormalization(axis=channel_axis(-1), name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def MobileNet(
    input_shape=None,
    alpha=1.0,
    depth_multiplier=1,
    dropout=1e-3,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name=None,
):
    return MobileNetV1(
        include_top=include_top,
        weights=weights,
        input_tensor=input_tensor,
        input_shape=input_shape,
        pooling=pooling,
        classes=classes,
        classifier_activation=classifier_activation,
        name=name,
        alpha=alpha,
        depth_multiplier=depth_multiplier,
        dropout=dropout,
    ).model()


ALPHA = "\n    alpha: what numbers of filters are multiplied by."
_ARGUMENTS = f"""{ARGUMENTS}{ALPHA}
    depth_multiplier: filters of a depthwise convolution for each channel.
    dropout: rate before the classifier."""
described(MobileNet, "MobileNet", MobileNetV1, _ARGUMENTS)
