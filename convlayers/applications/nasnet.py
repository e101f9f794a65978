"""NASNet: `keras.applications.nasnet`."""

from dataclasses import dataclass

from convlayers import layers
from convlayers.applications.application import ARGUMENTS, URL, Application, described
from convlayers.applications.imagenet_utils import decode_predictions as decode_predictions
from convlayers.applications.imagenet_utils import preprocessing
from convlayers.applications.nasnet_cells import norm, normal_cell, reduction_cell

preprocess_input = preprocessing("tf")


@dataclass(kw_only=True)
class NASNet(Application):
    """Cells of separable convolutions and pooling that a search has chosen, each fed by the two before it.

    "Learning Transferable Architectures for Scalable Image Recognition" (https://arxiv.org/abs/1707.07012). Prepare images with
    the module's `preprocess_input`.
    """

    default_size: int
    filters: int  # of the cells in the first stage; doubled in each one after it
    depth: int  # the number of normal cells in each stage
    stem_filters: int
    skip_reduction: bool  # whether the cell after a reduction also looks at what is before that
    file: str
    hashes: tuple

    takes_channels_first = False
    top_pooling_name = None
    wrong_classes = 'If using `weights` as `"imagenet"` with `include_top` as true, `classes` should be 1000'

    def check(self):
        super().check()
        if self.weights == "imagenet" and isinstance(self.input_shape, tuple) and None in self.input_shape:
            raise ValueError(
                "When specifying the input shape of a NASNet and loading `ImageNet` weights, the input_shape argument must be "
                f"static (no None entries). Got: `input_shape={self.input_shape}`."
            )

    def features(self, x):
        x = layers.Conv2D(self.stem_filters, 3, strides=2, use_bias=False, name="stem_conv1", kernel_initializer="he_normal")(x)
        x = norm(x, "stem_bn1")
        before = None
        for i, part in ((1, 4), (2, 2)):
            x, before = reduction_cell(x, before, self.filters // part, f"stem_{i}"), x
        for stage in range(3):
            filters = self.filters * 2**stage
            first = stage * self.depth
            if stage > 0:
                x, reduced = reduction_cell(x, before, filters, f"reduce_{first}"), x
                before = before if self.skip_reduction else reduced
                first += 1  # Keras's numbers of cells leave one out, once
            for i in range(first, first + self.depth):
                x, before = normal_cell(x, before, filters, str(i)), x
        return layers.Activation("relu")(x)

    def weight_file(self):
        ending = "" if self.include_top else "-no-top"
        file = f"nasnet_{self.file}{ending.replace('-', '_')}.h5"
        return file, f"{URL}nasnet/NASNet-{self.file}{ending}.h5", self.hashes[0 if self.include_top else 1]


def _variant(function_name, name, default_shape=None, **settings):
    def build(
        input_shape=None,
        include_top=True,
        weights="imagenet",
        input_tensor=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        name=name,
    ):
        return NASNet(
            include_top=include_top,
            weights=weights,
            input_tensor=input_tensor,
            input_shape=default_shape if input_shape is None and not include_top else input_shape,
            pooling=pooling,
            classes=classes,
            classifier_activation=classifier_activation,
            name=name,
            **settings,
        ).model()

    return described(build, function_name, NASNet, ARGUMENTS)


NASNetMobile = _variant(
    "NASNetMobile",
    "nasnet_mobile",
    default_shape=(224, 224, 3),
    default_size=224,
    filters=44,
    depth=4,
    stem_filters=32,
    skip_reduction=False,
    file="mobile",
    hashes=("020fb642bf7360b370c678b08e0adf61", "1ed92395b5b598bdda52abe5c0dbfd63"),
)
NASNetLarge = _variant(
    "NASNetLarge",
    "nasnet_large",
    default_size=331,
    filters=168,
    depth=6,
    stem_filters=96,
    skip_reduction=True,
    file="large",
    hashes=("11577c9a518f0070763c2b964a382f17", "d81d89dc07e6e56530c4e77faddd61b5"),
)
