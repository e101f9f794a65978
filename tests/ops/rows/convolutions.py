"""Convolutions."""

from tests.ops.rows.row import Row, numbers


def rows():
    line, image, volume = numbers(2, 5, 2), numbers(1, 4, 5, 3), numbers(1, 2, 3, 3, 2)
    yield Row("conv", (line, numbers(3, 2, 2)), {"strides": 2, "padding": "same"})
    yield Row("conv", (line, numbers(2, 2, 3)), {"padding": "causal", "dilation_rate": 2}, like_keras=False)
    yield Row("conv", (image, numbers(3, 2, 3, 2)))
    yield Row("conv", (numbers(1, 4, 3, 4), numbers(2, 2, 2, 4)), {"padding": "same"})
    yield Row("conv", (image, numbers(2, 2, 4, 2)), {"data_format": "channels_first"}, like_keras=False)
    yield Row("conv", (volume, numbers(2, 1, 2, 2, 2)), {"strides": (1, 2, 1)})
    yield Row("conv", (image, numbers(2, 2, 3, 2)), {"padding": 1, "strides": 2, "dilation_rate": 2}, like_keras=False)
    yield Row("conv", (image, numbers(2, 2, 3, 2)), {"padding": [[0, 3], [2, 1]]}, like_keras=False)
    yield Row("conv", (line, numbers(1, 2, 3)), {"padding": ((0, 4),)}, like_keras=False)
    yield Row("depthwise_conv", (image, numbers(2, 3, 3, 2)), {"padding": "same"})
    yield Row("depthwise_conv", (image, numbers(2, 3, 3, 1)), {"padding": (2, 0), "strides": 2}, like_keras=False)
    yield Row("separable_conv", (image, numbers(2, 2, 3, 2), numbers(1, 1, 6, 2)), {"strides": 2})
    yield Row("separable_conv", (line, numbers(2, 2, 2), numbers(1, 4, 3)), {"padding": 1}, like_keras=False)
    yield Row("conv_transpose", (line, numbers(3, 3, 2)), {"strides": 2})
    yield Row("conv_transpose", (line, numbers(2, 3, 2)), {"strides": 3, "output_padding": 0})
    yield Row("conv_transpose", (image, numbers(2, 3, 2, 3)), {"strides": 2, "padding": "same"})
    yield Row("conv_transpose", (image, numbers(2, 2, 2, 3)), {"dilation_rate": (1, 2)})
    yield Row("conv_transpose", (image, numbers(2, 2, 2, 3)), {"strides": [2, 3], "padding": [1, [0, 2]]}, like_keras=False)
    yield Row("conv_transpose", (volume, numbers(2, 1, 2, 2, 2)), {"strides": 2, "padding": "same", "output_padding": 1})
