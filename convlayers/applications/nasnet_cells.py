"""The cells of NASNet-A (figure 4 in the paper). Each makes something of `x`, and of `before`, what `x` was made of.

The scopes are part of the paths of weights in Keras.
"""

from convlayers import layers
from convlayers.applications.application import correct_pad
from convlayers.naming import name_scope

_CHANNELS = -1


def normal_cell(x, before, filters, name):
    """Returns an image of the same size, of six parts with `filters` channels each."""
    with name_scope.inside(f"normal_A_block_{name}"):
        before = _adjust(before, x, filters, name)
        x = _narrow(x, filters, "normal", name)
        with name_scope.inside("block_1"):
            left = _separable(x, filters, 5, f"normal_left1_{name}")
            right = _separable(before, filters, 3, f"normal_right1_{name}")
            first = layers.add([left, right], name=f"normal_add_1_{name}")
        with name_scope.inside("block_2"):
            left = _separable(before, filters, 5, f"normal_left2_{name}")
            right = _separable(before, filters, 3, f"normal_right2_{name}")
            second = layers.add([left, right], name=f"normal_add_2_{name}")
        with name_scope.inside("block_3"):
            third = layers.add([_average(x, f"normal_left3_{name}"), before], name=f"normal_add_3_{name}")
        with name_scope.inside("block_4"):
            left, right = _average(before, f"normal_left4_{name}"), _average(before, f"normal_right4_{name}")
            fourth = layers.add([left, right], name=f"normal_add_4_{name}")
        with name_scope.inside("block_5"):
            fifth = layers.add([_separable(x, filters, 3, f"normal_left5_{name}"), x], name=f"normal_add_5_{name}")
        parts = [before, first, second, third, fourth, fifth]
        return layers.concatenate(parts, axis=_CHANNELS, name=f"normal_concat_{name}")


def reduction_cell(x, before, filters, name):
    """Returns an image of half the height and width, of four parts with `filters` channels each."""
    with name_scope.inside(f"reduction_A_block_{name}"):
        before = _adjust(before, x, filters, name)
        x = _narrow(x, filters, "reduction", name)
        padded = layers.ZeroPadding2D(correct_pad(x, 3), name=f"reduction_pad_1_{name}")(x)
        with name_scope.inside("block_1"):
            left = _separable(x, filters, 5, f"reduction_left1_{name}", strides=2)
            right = _separable(before, filters, 7, f"reduction_right1_{name}", strides=2)
            first = layers.add([left, right], name=f"reduction_add_1_{name}")
        with name_scope.inside("block_2"):
            left = layers.MaxPooling2D(3, strides=2, name=f"reduction_left2_{name}")(padded)
            right = _separable(before, filters, 7, f"reduction_right2_{name}", strides=2)
            second = layers.add([left, right], name=f"reduction_add_2_{name}")
        with name_scope.inside("block_3"):
            left = layers.AveragePooling2D(3, strides=2, name=f"reduction_left3_{name}")(padded)
            right = _separable(before, filters, 5, f"reduction_right3_{name}", strides=2)
            third = layers.add([left, right], name=f"reduction_add3_{name}")
        with name_scope.inside("block_4"):
            fourth = layers.add([second, _average(first, f"reduction_left4_{name}")])
        with name_scope.inside("block_5"):
            left = _separable(first, filters, 3, f"reduction_left4_{name}")
            right = layers.MaxPooling2D(3, strides=2, name=f"reduction_right5_{name}")(padded)
            fifth = layers.add([left, right], name=f"reduction_add4_{name}")
        return layers.concatenate([second, third, fourth, fifth], axis=_CHANNELS, name=f"reduction_concat_{name}")


def norm(x, name):
    return layers.BatchNormalization(axis=_CHANNELS, momentum=0.9997, epsilon=1e-3, name=name)(x)


def _adjust(before, x, filters, name):
    """Returns `before` with the size of `x` and that many channels."""
    with name_scope.inside("adjust_block"):
        if before is None:
            return x
        if before.shape[-2] != x.shape[-2]:
            with name_scope.inside(f"adjust_reduction_block_{name}"):
                return _adjust_size(before, filters, name)
        if before.shape[_CHANNELS] != filters:
            with name_scope.inside(f"adjust_projection_block_{name}"):
                before = layers.Activation("relu")(before)
                return norm(_pointwise(before, filters, f"adjust_conv_projection_{name}"), f"adjust_bn_{name}")
        return before


def _adjust_size(x, filters, name):
    """Returns `x` in half its size: every second pixel, and beside it the pixels between, each with half the channels."""
    x = layers.Activation("relu", name=f"adjust_relu_1_{name}")(x)
    halves = []
    for i in (1, 2):
        half = x
        if i == 2:
            half = layers.ZeroPadding2D(((0, 1), (0, 1)))(half)
            half = layers.Cropping2D(((1, 0), (1, 0)))(half)
        half = layers.AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_{i}_{name}")(half)
        halves.append(_pointwise(half, filters // 2, f"adjust_conv_{i}_{name}"))
    return norm(layers.concatenate(halves, axis=_CHANNELS), f"adjust_bn_{name}")


def _narrow(x, filters, kind, name):
    x = layers.Activation("relu")(x)
    return norm(_pointwise(x, filters, f"{kind}_conv_1_{name}"), f"{kind}_bn_1_{name}")


def _pointwise(x, filters, name):
    return layers.Conv2D(filters, 1, padding="same", use_bias=False, kernel_initializer="he_normal", name=name)(x)


def _average(x, name):
    return layers.AveragePooling2D(3, strides=1, padding="same", name=name)(x)


def _separable(x, filters, kernel_size, name, strides=1):
    """Returns `x` activated, convolved and normalized, twice."""
    with name_scope.inside(f"separable_conv_block_{name}"):
        for i in (1, 2):
            padding = "same"
            x = layers.Activation("relu")(x)
            if i == 1 and strides == 2:
                x = layers.ZeroPadding2D(correct_pad(x, kernel_size), name=f"separable_conv_1_pad_{name}")(x)
                padding = "valid"
            x = layers.SeparableConv2D(
                filters,
                kernel_size,
                strides=strides if i == 1 else 1,
                padding=padding,
                use_bias=False,
                name=f"separable_conv_{i}_{name}",
            )(x)
            x = norm(x, f"separable_conv_{i}_bn_{name}")
        return x
