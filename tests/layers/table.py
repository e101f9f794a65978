"""THE table of layers. A row is a layer with its arguments, the shape of its inputs and the shape that comes out.

Every layer is in it, and every test in `test_every_layer.py` takes every row. A new layer is a class and a row.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One layer and what it does to shapes.

    Attributes:
        name: the name of the class, here and in Keras.
        arguments: the keyword arguments.
        input_shape: the shape of the input with the batch, or a list of shapes for several inputs.
        output_shape: the shape of the output.
        like_pytorch: whether Keras on PyTorch computes the same. It averages padding that it should leave out.
        random: whether training draws random numbers, which nobody else draws alike.
    """

    name: str
    arguments: dict = field(default_factory=dict)
    input_shape: tuple | list = ()
    output_shape: tuple = ()
    like_pytorch: bool = True
    random: bool = False

    def __str__(self):
        return f"{self.name}({', '.join(f'{key}={value}' for key, value in self.arguments.items())})"

    @property
    def input_shapes(self):
        return self.input_shape if isinstance(self.input_shape, list) else [self.input_shape]

    def make(self, layers, **arguments):
        """Returns the layer.

        Args:
            layers: `convlayers.layers` or `keras.layers`.
            arguments: more arguments.
        """
        return getattr(layers, self.name)(**{**self.arguments, **arguments})


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


def pooling_rows():
    rows = []
    for kind in ("Max", "Average"):
        rows += [
            Row(f"{kind}Pooling1D", {"pool_size": 2}, (2, 7, 3), (2, 3, 3)),
            Row(f"{kind}Pooling1D", {"pool_size": 3, "strides": 2}, (2, 8, 3), (2, 3, 3)),
            Row(f"{kind}Pooling1D", {"pool_size": 3, "strides": 1, "padding": "same"}, (2, 7, 3), (2, 7, 3)),
            Row(f"{kind}Pooling2D", {"pool_size": 2}, (2, 6, 7, 3), (2, 3, 3, 3)),
            Row(f"{kind}Pooling2D", {"pool_size": (3, 2), "strides": (2, 1)}, (2, 7, 5, 17), (2, 3, 4, 17)),
            Row(f"{kind}Pooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, (2, 7, 5, 3), (2, 4, 3, 3)),
            Row(
                f"{kind}Pooling2D",
                {"pool_size": (2, 3), "strides": (2, 3), "padding": "same"},
                (2, 5, 4, 3),
                (2, 3, 2, 3),
                like_pytorch=kind == "Max",
            ),
            Row(f"{kind}Pooling3D", {"pool_size": 2}, (2, 4, 5, 6, 2), (2, 2, 2, 3, 2)),
            Row(
                f"{kind}Pooling3D", {"pool_size": 3, "strides": (1, 2, 3), "padding": "same"}, (1, 3, 5, 6, 2), (1, 3, 3, 2, 2)
            ),
            Row(f"Global{kind}Pooling1D", {}, (2, 5, 3), (2, 3)),
            Row(f"Global{kind}Pooling1D", {"keepdims": True}, (2, 5, 3), (2, 1, 3)),
            Row(f"Global{kind}Pooling2D", {}, (2, 4, 5, 3), (2, 3)),
            Row(f"Global{kind}Pooling2D", {"keepdims": True}, (2, 4, 5, 3), (2, 1, 1, 3)),
            Row(f"Global{kind}Pooling3D", {}, (2, 3, 4, 2, 3), (2, 3)),
            Row(f"Global{kind}Pooling3D", {"keepdims": True}, (2, 3, 4, 2, 3), (2, 1, 1, 1, 3)),
        ]
    return rows


def dense_rows():
    return [
        Row("Dense", {"units": 3}, (4, 5), (4, 3)),
        Row("Dense", {"units": 3, "activation": "softmax"}, (4, 5), (4, 3)),
        Row("Dense", {"units": 20, "activation": "relu", "use_bias": False}, (2, 3, 5), (2, 3, 20)),
        Row(
            "Dense",
            {
                "units": 2,
                "activation": "tanh",
                "kernel_initializer": "he_uniform",
                "bias_initializer": "ones",
                "kernel_regularizer": "l2",
                "bias_regularizer": "l1",
                "activity_regularizer": "l2",
                "kernel_constraint": "non_neg",
                "bias_constraint": "max_norm",
            },
            (4, 5),
            (4, 2),
        ),
    ]


def reshaping_rows():
    return [
        Row("Flatten", {}, (3, 4, 5), (3, 20)),
        Row("Flatten", {}, (3,), (3, 1)),
        Row("Flatten", {"data_format": "channels_first"}, (2, 3, 4, 5), (2, 60)),
        Row("Reshape", {"target_shape": (3, 4)}, (2, 12), (2, 3, 4)),
        Row("Reshape", {"target_shape": (-1, 2)}, (2, 3, 4), (2, 6, 2)),
        Row("Reshape", {"target_shape": ()}, (2, 1), (2,)),
        Row("ZeroPadding1D", {}, (2, 3, 4), (2, 5, 4)),
        Row("ZeroPadding1D", {"padding": (1, 2)}, (2, 3, 4), (2, 6, 4)),
        Row("ZeroPadding2D", {}, (2, 3, 4, 5), (2, 5, 6, 5)),
        Row("ZeroPadding2D", {"padding": 2}, (2, 3, 4, 5), (2, 7, 8, 5)),
        Row("ZeroPadding2D", {"padding": (1, 0)}, (2, 3, 4, 5), (2, 5, 4, 5)),
        Row("ZeroPadding2D", {"padding": ((0, 1), (2, 3))}, (2, 3, 4, 5), (2, 4, 9, 5)),
        Row("ZeroPadding3D", {}, (2, 3, 4, 2, 1), (2, 5, 6, 4, 1)),
        Row("ZeroPadding3D", {"padding": ((0, 1), (2, 0), (0, 0))}, (2, 3, 4, 2, 1), (2, 4, 6, 2, 1)),
    ]


def activation_rows():
    return [
        Row("Activation", {"activation": "relu"}, (3, 4), (3, 4)),
        Row("Activation", {"activation": "sigmoid"}, (2, 3, 4, 5), (2, 3, 4, 5)),
        Row("Activation", {"activation": "softmax"}, (3, 4), (3, 4)),
        Row("ReLU", {}, (3, 4), (3, 4)),
        Row("ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.5}, (2, 3, 4), (2, 3, 4)),
        Row("Softmax", {}, (3, 4), (3, 4)),
        Row("Softmax", {"axis": 1}, (2, 3, 4), (2, 3, 4)),
        Row("Softmax", {"axis": [1, 2]}, (2, 3, 4), (2, 3, 4)),
        Row("Dropout", {"rate": 0.5, "seed": 3}, (4, 6), (4, 6), random=True),
        Row("Dropout", {"rate": 0.3, "seed": 3, "noise_shape": (None, 1, 4)}, (2, 3, 4), (2, 3, 4), random=True),
        Row("Dropout", {"rate": 0}, (4, 6), (4, 6)),
    ]


def normalization_rows():
    return [
        Row("BatchNormalization", {}, (4, 5), (4, 5)),
        Row("BatchNormalization", {"momentum": 0.9, "epsilon": 0.01}, (3, 4, 5, 2), (3, 4, 5, 2)),
        Row("BatchNormalization", {"axis": 1}, (3, 2, 4, 5), (3, 2, 4, 5)),
        Row("BatchNormalization", {"center": False}, (4, 3, 5), (4, 3, 5)),
        Row("BatchNormalization", {"scale": False}, (4, 3, 5), (4, 3, 5)),
        Row("BatchNormalization", {"scale": False, "center": False}, (2, 3, 4, 5, 3), (2, 3, 4, 5, 3)),
        Row(
            "BatchNormalization",
            {
                "beta_initializer": "ones",
                "gamma_initializer": "zeros",
                "moving_mean_initializer": "ones",
                "moving_variance_initializer": "zeros",
                "beta_regularizer": "l1",
                "gamma_regularizer": "l2",
                "beta_constraint": "non_neg",
                "gamma_constraint": "max_norm",
            },
            (4, 5),
            (4, 5),
        ),
    ]


def merging_rows():
    pair, image = [(2, 3, 4)] * 2, (2, 3, 4, 5)
    return [
        *(Row(name, {}, pair, (2, 3, 4)) for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")),
        *(Row(name, {}, [image] * 3, image) for name in ("Add", "Multiply", "Average", "Maximum", "Minimum")),
        Row("Add", {}, [(2, 3, 4), (2, 1, 4)], (2, 3, 4)),
        Row("Multiply", {}, [image, (2, 5)], image),
        Row("Concatenate", {}, pair, (2, 3, 8)),
        Row("Concatenate", {"axis": 1}, [(2, 3, 4), (2, 1, 4), (2, 2, 4)], (2, 6, 4)),
        Row("Concatenate", {"axis": -2}, [image], image),
    ]


ROWS = [
    *conv_rows(),
    *depthwise_rows(),
    *pooling_rows(),
    *dense_rows(),
    *reshaping_rows(),
    *activation_rows(),
    *normalization_rows(),
    *merging_rows(),
]
