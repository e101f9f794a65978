"""ConvNeXt: `keras.applications.convnext`."""

from dataclasses import dataclass

from convlayers import initializers, layers, ops, random
from convlayers.applications.application import ARGUMENTS, URL, Application, channel_axis, described
from convlayers.applications.imagenet_utils import decode_predictions as decode_predictions
from convlayers.applications.imagenet_utils import no_preprocessing
from convlayers.models import Sequential
from convlayers.registry import register_family

preprocess_input = no_preprocessing()


class StochasticDepth(layers.Layer):
    """Replaces whole samples by zeros in training, and scales the others up so that the mean stays.

    Args:
        drop_path_rate: the part of the samples, from 0 to 1.
        kwargs: arguments of `Layer`.

    Input shape: any, the batch first.

    Output shape: that of the input.
    """

    def __init__(self, drop_path_rate, **kwargs):
        super().__init__(**kwargs)
        self.drop_path_rate = drop_path_rate

    def call(self, x, training=None):
        if not training:
            return x
        kept = 1 - self.drop_path_rate
        shape = (ops.shape(x)[0], *(1 for _ in x.shape[1:]))
        return x / kept * ops.floor(kept + random.uniform(shape, 0, 1))

    def get_config(self):
        return {**super().get_config(), "drop_path_rate": self.drop_path_rate}


class LayerScale(layers.Layer):
    """Multiplies each channel by a learned number.

    Args:
        init_values: the number that all begin with.
        projection_dim: the number of channels.
        kwargs: arguments of `Layer`.

    Input shape: any, channels last.

    Output shape: that of the input.

    Weights: `gamma`, of shape (channels,).
    """

    def __init__(self, init_values, projection_dim, **kwargs):
        super().__init__(**kwargs)
        self.init_values = init_values
        self.projection_dim = projection_dim

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(self.projection_dim,), initializer=initializers.Constant(self.init_values))

    def call(self, x):
        return x * self.gamma

    def get_config(self):
        return {**super().get_config(), "init_values": self.init_values, "projection_dim": self.projection_dim}


register_family("keras.src.applications.convnext", {"LayerScale": LayerScale, "StochasticDepth": StochasticDepth})


@dataclass(kw_only=True)
class ConvNeXt(Application):
    """Depthwise convolutions of 7x7 and dense layers in residual blocks, with the habits of transformers.

    "A ConvNet for the 2020s" (https://arxiv.org/abs/2201.03545). Images are pixels from 0 to 255: the model prepares them
    itself.
    """

    include_preprocessing: bool
    depths: tuple  # the number of blocks in each of the four stages
    widths: tuple
    file: str
    hashes: tuple

    takes_channels_first = False
    wrong_classes = (
        'If using `weights="imagenet"` with `include_top=True`, `classes` should be 1000. Received classes={classes}'
    )

    def check(self):
        super().check()
        if self.weights == "imagenet" and self.file not in self.name:
            raise ValueError(
                f'Model name "{self.name}" does not match weights variant "{self.file}". When using imagenet weights, '
                f'model name must contain the weights variant (e.g., "{self.file}").'
            )

    def source_inputs(self):
        return super().source_inputs()[0]

    def features(self, x):
        if self.include_preprocessing and self.input_shape[channel_axis() - 1] == 3:
            x = self._prepared(x)
        for stage, halve in enumerate(self._halving_models()):
            x = halve(x)
            for i in range(self.depths[stage]):
                x = self._block(x, self.widths[stage], name=f"{self.name}_stage_{stage}_block_{i}")
        return x

    def top(self, x):
        x = layers.GlobalAveragePooling2D(name=f"{self.name}_head_gap")(x)
        x = _norm(f"{self.name}_head_layernorm")(x)
        return layers.Dense(self.classes, activation=self.classifier_activation, name=f"{self.name}_head_dense")(x)

    def bottom(self, x):
        return _norm()(super().bottom(x))

    def weight_file(self):
        file = f"{self.name}{'' if self.include_top else '_notop'}.h5"
        return file, f"{URL}convnext/{file}", self.hashes[0 if self.include_top else 1]

    def _prepared(self, x):
        mean = [0.485 * 255, 0.456 * 255, 0.406 * 255]
        variance = [(0.229 * 255) ** 2, (0.224 * 255) ** 2, (0.225 * 255) ** 2]
        return layers.Normalization(mean=mean, variance=variance, name=f"{self.name}_prestem_normalization")(x)

    def _halving_models(self):
        """Returns what goes before each stage, small models."""
        first = layers.Conv2D(self.widths[0], 4, strides=4, name=f"{self.name}_stem_conv")
        models = [Sequential([first, _norm(f"{self.name}_stem_layernorm")], name=f"{self.name}_stem")]
        for i, width in enumerate(self.widths[1:]):
            norm = _norm(f"{self.name}_downsampling_layernorm_{i}")
            conv = layers.Conv2D(width, 2, strides=2, name=f"{self.name}_downsampling_conv_{i}")
            models.append(Sequential([norm, conv], name=f"{self.name}_downsampling_block_{i}"))
        return models

    def _block(self, x, width, name):
        shortcut = x
        x = layers.Conv2D(width, 7, padding="same", groups=width, name=f"{name}_depthwise_conv")(x)
        x = _norm(f"{name}_layernorm")(x)
        x = layers.Dense(4 * width, name=f"{name}_pointwise_conv_1")(x)
        x = layers.Activation("gelu", name=f"{name}_gelu")(x)
        x = layers.Dense(width, name=f"{name}_pointwise_conv_2")(x)
        x = LayerScale(1e-6, width, name=f"{name}_layer_scale")(x)
        return shortcut + layers.Activation("linear", name=f"{name}_identity")(x)


def _norm(name=None):
    return layers.LayerNormalization(epsilon=1e-6, name=name)


_ARGUMENTS = ARGUMENTS.replace(
    "    weights:", "    include_preprocessing: whether images are pixels from 0 to 255, not prepared ones.\n    weights:"
)


def _variant(function_name, name, depths, widths, hashes):
    weights_name = name

    def build(
        include_top=True,
        include_preprocessing=True,
        weights="imagenet",
        input_tensor=None,
        input_shape=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        name=name,
    ):
        return ConvNeXt(
            include_top=include_top,
            include_preprocessing=include_preprocessing,
            weights=weights,
            input_tensor=input_tensor,
            input_shape=input_shape,
            pooling=pooling,
            classes=classes,
            classifier_activation=classifier_activation,
            name=name,
            depths=depths,
            widths=widths,
            file=weights_name,
            hashes=hashes,
        ).model()

    return described(build, function_name, ConvNeXt, _ARGUMENTS)


ConvNeXtTiny = _variant(
    "ConvNeXtTiny",
    "convnext_tiny",
    depths=(3, 3, 9, 3),
    widths=(96, 192, 384, 768),
    hashes=(
        "8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff",
        "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
    ),
)
ConvNeXtSmall = _variant(
    "ConvNeXtSmall",
    "convnext_small",
    depths=(3, 3, 27, 3),
    widths=(96, 192, 384, 768),
    hashes=(
        "ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c",
        "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
    ),
)
ConvNeXtBase = _variant(
    "ConvNeXtBase",
    "convnext_base",
    depths=(3, 3, 27, 3),
    widths=(128, 256, 512, 1024),
    hashes=(
        "52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6",
        "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
    ),
)
ConvNeXtLarge = _variant(
    "ConvNeXtLarge",
    "convnext_large",
    depths=(3, 3, 27, 3),
    widths=(192, 384, 768, 1536),
    hashes=(
        "070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6",
        "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
    ),
)
ConvNeXtXLarge = _variant(
    "ConvNeXtXLarge",
    "convnext_xlarge",
    depths=(3, 3, 27, 3),
    widths=(256, 512, 1024, 2048),
    hashes=(
        "c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee",
        "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
    ),
)
