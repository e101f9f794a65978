"""Mistakes with convolutions."""

from tests.layers.mistakes.mistake import IMAGE, NOT_ABOVE_ZERO, Mistake, called_twice, window, wrong_argument

CONVOLUTION = [
    wrong_argument(
        "filters=0",
        lambda L: L.Conv2D(0, 3),
        "Invalid value for argument `filters`. Expected a strictly positive value. Received filters=0.",
    ),
    wrong_argument("kernel_size=0", lambda L: L.Conv2D(4, 0), window("kernel_size", 0, NOT_ABOVE_ZERO.format(0))),
    wrong_argument("strides=0", lambda L: L.Conv2D(4, 3, strides=0), window("strides", 0, NOT_ABOVE_ZERO.format(0))),
    wrong_argument("kernel_size=nan", lambda L: L.Conv2D(4, float("nan")), window("kernel_size", "nan")),
    wrong_argument(
        "groups=0", lambda L: L.Conv2D(4, 3, groups=0), "The number of groups must be a positive integer. Received: groups=0."
    ),
    wrong_argument(
        "groups that do not divide filters",
        lambda L: L.Conv2D(5, 3, groups=2),
        "The number of filters must be evenly divisible by the number of groups. Received: groups=2, filters=5.",
    ),
    wrong_argument(
        "groups that do not divide channels",
        lambda L: L.Conv2D(4, 3, groups=2)(IMAGE),
        "The number of input channels must be evenly divisible by the number of groups. Received groups=2, but the input has "
        "3 channels (full input shape is (2, 4, 4, 3)).",
    ),
    wrong_argument(
        "stride with dilation",
        lambda L: L.Conv2D(4, 3, strides=2, dilation_rate=2),
        "`strides > 1` not supported in conjunction with `dilation_rate > 1`. "
        "Received: strides=(2, 2) and dilation_rate=(2, 2)",
    ),
    wrong_argument(
        "kernel larger than the input",
        lambda L: L.Conv2D(4, 5)(IMAGE),
        "Computed output size would be zero or negative. Received `inputs shape=(2, 4, 4, 3)`, `kernel shape=(5, 5, 3, 4)`, "
        "`dilation_rate=[1 1]`, `strides=(1, 1)`, `padding=valid`.",
    ),
    wrong_argument(
        "wrong rank",
        lambda L: L.Conv2D(4, 3, name="layer")(IMAGE[0]),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected min_ndim=4, found ndim=3. "
        "Full shape received: (4, 4, 3)",
    ),
    wrong_argument(
        "other channels",
        lambda L: called_twice(L.Conv2D(4, 3, name="layer"), IMAGE, IMAGE[..., :2]),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected axis -1 of input shape to have "
        "value 3, but received input with shape (2, 4, 4, 2)",
    ),
    wrong_argument(
        "padding typo in 1-D",
        lambda L: L.Conv1D(4, 3, padding="smae"),
        "The `padding` argument must be a list/tuple or one of {'valid', 'same', 'causal'}. Received: smae",
        in_keras=None,  # The order of the set varies.
    ),
    wrong_argument(
        "padding for more axes than there are",
        lambda L: L.Conv2D(4, 3, padding=(1, 1, 1)).build((None, 8, 8, 1)),
        "`padding` must be either `'valid'` or `'same'`. Received (1, 1, 1).",
    ),
    wrong_argument(
        "negative padding",
        lambda L: L.DepthwiseConv2D(3, padding=-1),
        "`padding` must be either `'valid'` or `'same'`. Received -1.",
        in_keras=None,
    ),
    wrong_argument(
        "padding of half a pixel",
        lambda L: L.SeparableConv1D(4, 3, padding=((0.5, 1),)),
        "`padding` must be either `'valid'` or `'same'`. Received ((0.5, 1),).",
        in_keras=None,
    ),
    wrong_argument(
        "padding mode typo",
        lambda L: L.Conv2D(4, 3, padding_mode="reflekt"),
        "Unknown value for `padding_mode` argument of Conv2D. Allowed values are: "
        "('zeros', 'reflect', 'replicate', 'circular'). Received: padding_mode=reflekt",
        in_keras=None,
    ),
    wrong_argument(
        "padding mode of a transposed convolution",
        lambda L: L.Conv2DTranspose(4, 3, padding_mode="reflect"),
        "Unknown value for `padding_mode` argument of Conv2DTranspose. Allowed values are: ('zeros',). "
        "Received: padding_mode=reflect",
        in_keras=None,
    ),
    wrong_argument(
        "padding mode that looks ahead",
        lambda L: L.Conv1D(4, 3, padding="causal", padding_mode="circular"),
        "With padding='causal' no output sees later inputs, but these are what padding_mode='reflect' and 'circular' put in "
        "front. Use 'zeros' or 'replicate'. Received: padding_mode=circular",
        in_keras=None,
    ),
    wrong_argument(
        "too few pixels to mirror",
        lambda L: L.Conv2D(4, 3, padding=((0, 0), (4, 0)), padding_mode="reflect")(IMAGE),
        "The input is too small for padding_mode='reflect', which would have to copy 4 of 4 pixels. "
        "Received: input shape=(2, 4, 4, 3), pads=((0, 0), (4, 0))",
        in_keras=None,
    ),
    # Transposed.
    wrong_argument(
        "filters=-1, transposed",
        lambda L: L.Conv2DTranspose(-1, 3),
        "Invalid value for argument `filters`. Expected a strictly positive value. Received filters=-1.",
    ),
    wrong_argument(
        "stride with dilation, transposed",
        lambda L: L.Conv2DTranspose(4, 3, strides=2, dilation_rate=2),
        "`strides > 1` not supported in conjunction with `dilation_rate > 1`. "
        "Received: strides=(2, 2) and dilation_rate=(2, 2)",
    ),
    wrong_argument(
        "output_padding not below strides",
        lambda L: L.Conv2DTranspose(4, 3, strides=(3, 2), output_padding=2),
        "`output_padding` must be strictly less than `strides` for all dimensions. At dimension 1, `output_padding` is 2 but "
        "`strides` is 2. Received: output_padding=(2, 2), strides=(3, 2)",
    ),
    wrong_argument(
        "output_padding for more axes than there are",
        lambda L: L.Conv2DTranspose(4, 3, output_padding=(1, 1, 1)),
        window("output_padding", (1, 1, 1)),
    ),
    wrong_argument(
        "negative output_padding",
        lambda L: L.Conv2DTranspose(4, 3, output_padding=-1),
        window("output_padding", -1, ", including values {-1} that do not satisfy `value >= 0`"),
    ),
    wrong_argument(
        "other channels, transposed",
        lambda L: called_twice(L.Conv2DTranspose(4, 3, name="layer"), IMAGE, IMAGE[..., :2]),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected axis -1 of input shape to have "
        "value 3, but received input with shape (2, 4, 4, 2)",
    ),
    wrong_argument(
        "groups that do not divide channels, transposed",
        lambda L: L.Conv2DTranspose(4, 3, groups=2)(IMAGE),
        "The number of input channels must be evenly divisible by the number of groups. Received groups=2, but the input has "
        "3 channels (full input shape is (2, 4, 4, 3)).",
        in_keras=None,
    ),
    wrong_argument(
        "padding that cuts off all",
        lambda L: L.Conv2DTranspose(4, 3, padding=4)(IMAGE),
        "Computed output size would be negative. Received: input shape=(2, 4, 4, 3), kernel_size=(3, 3), strides=(1, 1), "
        "padding=((4, 4), (4, 4)), output_padding=None",
        in_keras=None,
    ),
    Mistake(
        "no number of filters",
        lambda L: L.Conv2D(kernel_size=3),
        TypeError,
        "Conv2D.__init__() missing 1 required positional argument: 'filters'",
        TypeError,
    ),
]
