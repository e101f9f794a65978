"""Mistakes with convolutions."""

from tests.layers.mistakes.mistake import IMAGE, NOT_ABOVE_ZERO, called_twice, window, wrong_argument

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
]
