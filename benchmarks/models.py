"""The models that are trained and asked for predictions: one description each, from which every peer builds its own.

A layer is written with the name and the arguments that Keras gives it.
"""

from benchmarks.model_case import Model, ModelCase, Residual, layer


def conv(filters, kernel_size=3, activation="relu", **options):
    return layer("Conv2D", filters=filters, kernel_size=kernel_size, activation=activation, **options)


def conv_normalized(filters):
    return [conv(filters, padding="same", activation=None, use_bias=False), layer("BatchNormalization")]


def residual(filters, halve=False):
    """Two convolutions beside a shortcut; `halve` makes the image half as large on both ways."""
    main = [*conv_normalized(filters), layer("Activation", activation="relu"), *conv_normalized(filters)]
    shortcut = [conv(filters, 1, activation=None, strides=2 if halve else 1)]
    return Residual([*main, layer("MaxPooling2D", pool_size=2)] if halve else main, shortcut)


def separated(filters, strides=1):
    """A depthwise convolution and one that mixes channels, both normalized."""
    depthwise = layer("DepthwiseConv2D", kernel_size=3, strides=strides, padding="same", use_bias=False)
    relu = layer("Activation", activation="relu")
    mixing = conv(filters, 1, activation=None, use_bias=False)
    return [depthwise, layer("BatchNormalization"), relu, mixing, layer("BatchNormalization"), relu]


MNIST_CONVNET = Model(
    # Chollet, Deep Learning with Python, third edition.
    input_shape=(28, 28, 1),
    classes=10,
    optimizer="rmsprop",
    layers=[
        conv(64),
        layer("MaxPooling2D", pool_size=2),
        conv(128),
        layer("MaxPooling2D", pool_size=2),
        conv(256),
        layer("GlobalAveragePooling2D"),
        layer("Dense", units=10, activation="softmax"),
    ],
)

BOOK_128 = Model(
    # The same book's first network for photographs.
    input_shape=(128, 128, 3),
    classes=2,
    optimizer="rmsprop",
    layers=[
        conv(32),
        layer("MaxPooling2D", pool_size=2),
        conv(64),
        layer("MaxPooling2D", pool_size=2),
        conv(128),
        layer("MaxPooling2D", pool_size=2),
        conv(128),
        layer("MaxPooling2D", pool_size=2),
        layer("Flatten"),
        layer("Dense", units=512, activation="relu"),
        layer("Dense", units=2, activation="softmax"),
    ],
)

ALL_CONVOLUTIONAL = Model(
    # Springenberg and others, Striving for Simplicity: strides in place of pooling. Half as wide as in the paper.
    input_shape=(32, 32, 3),
    classes=10,
    optimizer="adam",
    layers=[
        conv(48, padding="same"),
        conv(48, padding="same"),
        conv(48, strides=2),
        conv(96, padding="same"),
        conv(96, padding="same"),
        conv(96, strides=2),
        conv(96, padding="same"),
        conv(96, 1),
        conv(10, 1),
        layer("GlobalAveragePooling2D"),
        layer("Activation", activation="softmax"),
    ],
)

VGG_LIKE = Model(
    # The CIFAR-10 example of Keras's first years.
    input_shape=(32, 32, 3),
    classes=10,
    optimizer="sgd",
    layers=[
        conv(32, padding="same"),
        conv(32),
        layer("MaxPooling2D", pool_size=2),
        layer("Dropout", rate=0.25),
        conv(64, padding="same"),
        conv(64),
        layer("MaxPooling2D", pool_size=2),
        layer("Dropout", rate=0.25),
        layer("Flatten"),
        layer("Dense", units=256, activation="relu"),
        layer("Dropout", rate=0.5),
        layer("Dense", units=10, activation="softmax"),
    ],
)

SMALL_RESNET = Model(
    input_shape=(32, 32, 3),
    classes=10,
    optimizer="adam",
    layers=[
        *conv_normalized(32),
        layer("Activation", activation="relu"),
        residual(32),
        residual(64, halve=True),
        residual(128, halve=True),
        layer("GlobalAveragePooling2D"),
        layer("Dense", units=10, activation="softmax"),
    ],
)

SMALL_MOBILENET = Model(
    # Howard and others, MobileNets: without the last stage. Sizes are odd, so that everybody pads on both sides.
    input_shape=(129, 129, 3),
    classes=10,
    optimizer="rmsprop",
    layers=[
        conv(32, strides=2, padding="same", activation=None, use_bias=False),
        layer("BatchNormalization"),
        layer("Activation", activation="relu"),
        *separated(64),
        *separated(128, strides=2),
        *separated(128),
        *separated(256, strides=2),
        *separated(256),
        *separated(512, strides=2),
        *separated(512),
        *separated(512),
        layer("GlobalAveragePooling2D"),
        layer("Dense", units=10, activation="softmax"),
    ],
)


def training(name, model, batch, quick=False):
    return ModelCase(name=name, family="training", action="train_on_batch", model=model, batch=batch, quick=quick)


def prediction(name, action, model, batch, quick=False):
    return ModelCase(name=name, family="prediction", action=action, model=model, batch=batch, quick=quick)


MODEL_CASES = [
    training("training/mnist_convnet", MNIST_CONVNET, 64, quick=True),
    training("training/book128", BOOK_128, 8),
    training("training/all_convolutional", ALL_CONVOLUTIONAL, 32),
    training("training/vgg_like_dropout", VGG_LIKE, 32),
    training("training/small_resnet", SMALL_RESNET, 16),
    prediction("predict/mnist_convnet_1", "predict", MNIST_CONVNET, 1, quick=True),
    prediction("predict/mnist_convnet_128", "predict", MNIST_CONVNET, 128),
    prediction("predict/small_resnet_1", "predict", SMALL_RESNET, 1),
    prediction("call/mnist_convnet_1", "call", MNIST_CONVNET, 1),
    prediction("call/book128_1", "call", BOOK_128, 1),
    prediction("call/small_resnet_1", "call", SMALL_RESNET, 1),
    prediction("call/small_mobilenet_1", "call", SMALL_MOBILENET, 1),
    prediction("predict/small_mobilenet_16", "predict", SMALL_MOBILENET, 16),
]
