"""THE table of layers of `convlayers.keras_layers`, with arguments of all kinds. Shapes are those of "channels_last"."""

import itertools

SPATIAL = (9, 8, 7)
CHANNELS = 6


def input_shape(name, data_format):
    """Returns the shape of a batch for a layer, whose name ends with the number of spatial axes, as in "Conv2DTranspose"."""
    spatial = SPATIAL[: next(rank for rank in (1, 2, 3) if f"{rank}D" in name)]
    return (2, *spatial, CHANNELS) if data_format == "channels_last" else (2, CHANNELS, *spatial)


def _rows():
    windows = ({"padding": "valid"}, {"padding": "same", "strides": 2}, {"padding": "same", "dilation_rate": 2})
    for rank, window in itertools.product((1, 2, 3), windows):
        yield f"Conv{rank}D", {"filters": 4, "kernel_size": 3, "activation": "relu", **window}
        yield f"Conv{rank}DTranspose", {"filters": 4, "kernel_size": 3, "activation": "tanh", **window}
        if rank < 3:
            yield f"DepthwiseConv{rank}D", {"kernel_size": 3, "depth_multiplier": 2, "activation": "elu", **window}
            yield f"SeparableConv{rank}D", {"filters": 5, "kernel_size": 3, "activation": "relu", **window}
    yield "Conv1D", {"filters": 4, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}
    for options in ({"groups": 2}, {"use_bias": False}, {"activation": "gelu"}, {"activation": "sigmoid"}, {"filters": 20}):
        yield "Conv2D", {"filters": 4, "kernel_size": (3, 2), **options}
    yield "Conv2DTranspose", {"filters": 4, "kernel_size": 4, "strides": 2, "output_padding": 1, "use_bias": False}
    yield "DepthwiseConv2D", {"kernel_size": 3, "use_bias": False}
    yield "SeparableConv2D", {"filters": 5, "kernel_size": 3, "use_bias": False, "activation": "softplus"}
    for rank, kind in itertools.product((1, 2, 3), ("Max", "Average")):
        yield f"{kind}Pooling{rank}D", {"pool_size": 2}
        yield f"{kind}Pooling{rank}D", {"pool_size": 3, "strides": 1, "padding": "same"}
        yield f"Global{kind}Pooling{rank}D", {}
        yield f"Global{kind}Pooling{rank}D", {"keepdims": True}
    yield "MaxPooling2D", {"pool_size": 2, "strides": 2, "padding": "same"}


ROWS = tuple(_rows())
NAMES = tuple(dict.fromkeys(name for name, _ in ROWS))
