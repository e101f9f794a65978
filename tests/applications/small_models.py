"""Models of most families, small ones where the family can be scaled: the same ones of both libraries."""

from convlayers import applications
from convlayers.applications import convnext, densenet, efficientnet, efficientnet_v2, nasnet, resnet, resnet_v2

ARGUMENTS = {
    "include_top": True,
    "weights": None,
    "input_tensor": None,
    "input_shape": (32, 32, 3),
    "pooling": None,
    "classes": 5,
    "classifier_activation": "softmax",
    "name": "small",
}


def _by_name(name, **settings):
    """The same function of both libraries."""

    def ours(**arguments):
        return getattr(applications, name)(**arguments, **settings)

    def theirs(keras, **arguments):
        return getattr(keras.applications, name)(**arguments, **settings)

    return ours, theirs


def _residual(family, version, depths):

    def ours(**arguments):
        return family(depths=depths, hashes=(), **arguments).model()

    def theirs(keras, **arguments):
        from keras.src.applications import resnet as source

        stack = source.stack_residual_blocks_v1 if version == 1 else source.stack_residual_blocks_v2

        def stages(x):
            for i, depth in enumerate(depths):
                strides = 1 if i == (0 if version == 1 else 3) else 2
                x = stack(x, 64 * 2**i, depth, stride1=strides, name=f"conv{i + 2}")
            return x

        return source.ResNet(stages, version == 2, True, **arguments)

    return ours, theirs


def _densenet():
    def ours(**arguments):
        return densenet.DenseNet(depths=(1, 2, 1, 2), hashes=(), **arguments).model()

    def theirs(keras, **arguments):
        from keras.src.applications import densenet as source

        return source.DenseNet([1, 2, 1, 2], **arguments)

    return ours, theirs


def _efficientnet():
    def ours(**arguments):
        family = efficientnet.EfficientNet
        return family(width=0.3, depth=0.6, default_size=32, dropout=0.2, hashes=(), **arguments).model()

    def theirs(keras, **arguments):
        from keras.src.applications import efficientnet as source

        return source.EfficientNet(0.3, 0.6, 32, 0.2, **arguments)

    return ours, theirs


def _efficientnet_v2(name, stages, stem):
    def ours(**arguments):
        arguments = {**arguments, "name": name, "include_preprocessing": True}
        family = efficientnet_v2.EfficientNetV2
        return family(stages=stages, stem=stem, width=0.3, depth=0.3, default_size=32, hashes=(), **arguments).model()

    def theirs(keras, **arguments):
        from keras.src.applications import efficientnet_v2 as source

        return source.EfficientNetV2(0.3, 0.3, 32, **{**arguments, "name": name})

    return ours, theirs


def _convnext():
    depths, widths = (1, 2, 1, 1), (8, 16, 24, 32)

    def ours(**arguments):
        family = convnext.ConvNeXt
        return family(depths=depths, widths=widths, file="", hashes=(), include_preprocessing=True, **arguments).model()

    def theirs(keras, **arguments):
        from keras.src.applications import convnext as source

        return source.ConvNeXt(depths, widths, **arguments)

    return ours, theirs


def _nasnet():
    def ours(**arguments):
        return nasnet.NASNet(
            default_size=32,
            filters=8,
            depth=1,
            stem_filters=4,
            skip_reduction=False,
            file="",
            hashes=(),
            **arguments,
        ).model()

    def theirs(keras, **arguments):
        from keras.src.applications import nasnet as source

        return source.NASNet(
            penultimate_filters=8 * 24,
            num_blocks=1,
            stem_block_filters=4,
            skip_reduction=False,
            default_size=32,
            **arguments,
        )

    return ours, theirs


SMALL_MODELS = {
    "convnext": _convnext(),
    "densenet": _densenet(),
    "efficientnet": _efficientnet(),
    "efficientnet_v2 base": _efficientnet_v2("efficientnetv2-b0", efficientnet_v2.BASE, 32),
    "efficientnet_v2 small": _efficientnet_v2("efficientnetv2-s", efficientnet_v2.SMALL, 24),
    "mobilenet": _by_name("MobileNet", alpha=0.25, depth_multiplier=2),
    "mobilenet_v2": _by_name("MobileNetV2", alpha=0.35),
    "mobilenet_v3 large": _by_name("MobileNetV3Large", alpha=0.25),
    "mobilenet_v3 small": _by_name("MobileNetV3Small", alpha=1.25, minimalistic=True),
    "nasnet": _nasnet(),
    "resnet": _residual(resnet.ResNet, 1, depths=(1, 2, 1, 1)),
    "resnet_v2": _residual(resnet_v2.ResNetV2, 2, depths=(2, 2, 2, 2)),
    "vgg16": _by_name("VGG16"),
}
