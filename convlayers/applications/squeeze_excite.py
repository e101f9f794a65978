"""What both generations of EfficientNet are built of."""

from convlayers import layers
from convlayers.applications.application import channel_axis, channels

CONV_INITIALIZER = {
    "class_name": "VarianceScaling",
    "config": {"scale": 2.0, "mode": "fan_out", "distribution": "truncated_normal"},
}
DENSE_INITIALIZER = {
    "class_name": "VarianceScaling",
    "config": {"scale": 1.0 / 3.0, "mode": "fan_out", "distribution": "uniform"},
}


def convolve(x, filters, kernel_size, name, strides=1, padding="same"):
    return layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding=padding,
        use_bias=False,
        kernel_initializer=CONV_INITIALIZER,
        name=name,
    )(x)


def squeeze_excite(x, filters, name):
    """Returns `x` with each channel multiplied by a number from 0 to 1, which depends on the means of all channels.

    Args:
        filters: the number of channels in between.
        name: how the names of the layers begin.
    """
    shape = (1, 1, channels(x)) if channel_axis() == 3 else (channels(x), 1, 1)
    weights = layers.GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    weights = layers.Reshape(shape, name=f"{name}se_reshape")(weights)
    for part, outputs, activation in (("reduce", filters, "swish"), ("expand", channels(x), "sigmoid")):
        weights = layers.Conv2D(
            outputs,
            1,
            padding="same",
            activation=activation,
            kernel_initializer=CONV_INITIALIZER,
            name=f"{name}se_{part}",
        )(weights)
    return layers.multiply([x, weights], name=f"{name}se_excite")


def add_shortcut(x, shortcut, rate, name):
    """Returns the sum of both. In training, `x` is left out for some samples."""
    if rate:
        x = layers.Dropout(rate, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
    return layers.add([x, shortcut], name=f"{name}add")
