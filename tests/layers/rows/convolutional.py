"""Rows of the table: layers in `convlayers/layers/convolutional`."""

from tests.layers.rows.row import Row


def conv_rows():
    image = (2, 7, 8, 4)
    return [
        Row("Conv1D", {"filters": 3, "kernel_size": 3}, (2, 9, 4), (2, 7, 3)),
        Row("Conv1D", {"filters": 3, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}, (2, 9, 4), (2, 9, 3)),
        Row("Conv1D", {"filters": 6, "kernel_size": 2, "strides": 2, "padding": "same", "groups": 2}, (2, 9, 4), (2, 5, 6)),
        Row("Conv2D", {"filters": 5, "kernel_size": 3}, image, (2, 5, 6, 5)),
        Row("Conv2D", {"filters": 5, "kernel_size": 1, "activation": "relu"}, image, (2, 7, 8, 5)),
        Row("Conv2D", {"filters": 5, "kernel_size": 3, "strides": 2, "padding": "same"}, image, (2, 4, 4, 5)),
        Row("Conv2D", {"filters": 4, "kernel_size": (2, 3), "groups": 4, "use_bias": False}, image, (2, 6, 6, 4)),
        Row("Conv2D", {"filters": 8, "kernel_size": 3, "groups": 2, "dilation_rate": (1, 2)}, image, (2, 5, 4, 8)),
        Row(
            "Conv2D",
            {
                "filters": 3,
                "kernel_size": 2,
                "activation": "gelu",
                "kernel_initializer": "he_normal",
                "bias_initializer": "ones",
                "kernel_regularizer": "l2",
                "bias_regularizer": "l1",
                "activity_regularizer": "l1",
                "kernel_constraint": "max_norm",
                "bias_constraint": "non_neg",
            },
            image,
            (2, 6, 7, 3),
        ),
        Row("Conv3D", {"filters": 3, "kernel_size": 2}, (2, 4, 5, 6, 2), (2, 3, 4, 5, 3)),
        Row(
            "Conv3D",
            {"filters": 3, "kernel_size": 3, "strides": (1, 2, 3), "padding": "same"},
            (1, 4, 5, 6, 2),
            (1, 4, 3, 2, 3),
        ),
    ]


def depthwise_rows():
    image = (2, 7, 8, 4)
    everything = {
        "activation": "gelu",
        "depthwise_initializer": "he_normal",
        "bias_initializer": "ones",
        "depthwise_regularizer": "l2",
        "bias_regularizer": "l1",
        "activity_regularizer": "l1",
        "depthwise_constraint": "max_norm",
        "bias_constraint": "non_neg",
    }
    pointwise = {"pointwise_initializer": "zeros", "pointwise_regularizer": "l2", "pointwise_constraint": "unit_norm"}
    return [
        Row("DepthwiseConv1D", {"kernel_size": 3}, (2, 9, 4), (2, 7, 4)),
        Row("DepthwiseConv1D", {"kernel_size": 2, "strides": 2, "depth_multiplier": 3}, (2, 9, 4), (2, 4, 12)),
        Row("DepthwiseConv2D", {"kernel_size": 3}, image, (2, 5, 6, 4)),
        Row("DepthwiseConv2D", {"kernel_size": (2, 3), "depth_multiplier": 2, "use_bias": False}, image, (2, 6, 6, 8)),
        Row("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "padding": "same"}, (1, 6, 7, 20), (1, 3, 4, 20)),
        Row("DepthwiseConv2D", {"kernel_size": 3, "dilation_rate": (1, 2)}, image, (2, 5, 4, 4)),
        Row("DepthwiseConv2D", {"kernel_size": 2, **everything}, image, (2, 6, 7, 4)),
        Row("SeparableConv1D", {"filters": 5, "kernel_size": 3, "depth_multiplier": 2}, (2, 9, 4), (2, 7, 5)),
        Row("SeparableConv2D", {"filters": 5, "kernel_size": 3}, image, (2, 5, 6, 5)),
        Row("SeparableConv2D", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, image, (2, 4, 4, 3)),
        Row("SeparableConv2D", {"filters": 3, "kernel_size": 2, **everything, **pointwise}, image, (2, 6, 7, 3)),
    ]


def transposed_rows():
    image = (2, 4, 5, 4)
    return [
        Row("Conv1DTranspose", {"filters": 3, "kernel_size": 3}, (2, 9, 4), (2, 11, 3)),
        Row("Conv1DTranspose", {"filters": 3, "kernel_size": 2, "strides": 3}, (2, 5, 4), (2, 15, 3)),
        Row(
            "Conv1DTranspose",
            {"filters": 5, "kernel_size": 4, "strides": 2, "padding": "same", "output_padding": 1},
            (2, 5, 4),
            (2, 9, 5),
        ),
        Row("Conv1DTranspose", {"filters": 2, "kernel_size": 3, "dilation_rate": 2, "padding": "same"}, (2, 9, 4), (2, 9, 2)),
        Row("Conv2DTranspose", {"filters": 5, "kernel_size": 3}, image, (2, 6, 7, 5)),
        Row("Conv2DTranspose", {"filters": 5, "kernel_size": 2, "strides": 2, "activation": "relu"}, image, (2, 8, 10, 5)),
        Row("Conv2DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, image, (2, 8, 10, 3)),
        Row(
            "Conv2DTranspose",
            {"filters": 3, "kernel_size": (4, 3), "strides": (2, 3), "output_padding": (1, 2), "use_bias": False},
            image,
            (2, 11, 17, 3),
        ),
        Row("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "dilation_rate": (1, 2)}, image, (2, 6, 9, 4)),
        Row(
            "Conv2DTranspose",
            {
                "filters": 3,
                "kernel_size": 2,
                "activation": "gelu",
                "kernel_initializer": "he_normal",
                "bias_initializer": "ones",
                "kernel_regularizer": "l2",
                "bias_regularizer": "l1",
                "activity_regularizer": "l1",
                "kernel_constraint": "max_norm",
                "bias_constraint": "non_neg",
            },
            image,
            (2, 5, 6, 3),
        ),
        Row("Conv3DTranspose", {"filters": 3, "kernel_size": 2, "strides": 2}, (2, 3, 2, 4, 2), (2, 6, 4, 8, 3)),
        Row(
            "Conv3DTranspose",
            {"filters": 3, "kernel_size": 3, "strides": (1, 2, 3), "padding": "same"},
            (1, 4, 3, 2, 2),
            (1, 4, 6, 6, 3),
        ),
    ]


def rows():
    return [*conv_rows(), *depthwise_rows(), *transposed_rows()]
