"""Mistakes with pooling."""

from tests.layers.mistakes.mistake import IMAGE, NOT_ABOVE_ZERO, Mistake, window, wrong_argument

POOLING = [
    wrong_argument("pool_size=0", lambda L: L.MaxPooling2D(0), window("pool_size", 0, NOT_ABOVE_ZERO.format(0))),
    wrong_argument("pool_size=-1", lambda L: L.AveragePooling2D(-1), window("pool_size", -1, NOT_ABOVE_ZERO.format(-1))),
    wrong_argument("pool_size=2.0", lambda L: L.MaxPooling2D(2.0), window("pool_size", 2.0)),
    wrong_argument("pool_size=nan", lambda L: L.MaxPooling2D(float("nan")), window("pool_size", "nan")),
    wrong_argument("pool_size=None", lambda L: L.MaxPooling2D(None), window("pool_size", None)),
    wrong_argument("pool_size of 3", lambda L: L.MaxPooling2D((2, 2, 2)), window("pool_size", (2, 2, 2))),
    wrong_argument(
        "pool_size of a float",
        lambda L: L.MaxPooling2D((2, 2.5)),
        window("pool_size", (2, 2.5), ", including element 2.5 of type <class 'float'>"),
        in_keras=None,
    ),
    wrong_argument(
        "pool_size of strings",
        lambda L: L.MaxPooling2D("ab"),
        window("pool_size", "ab", ", including element a of type <class 'str'>"),
        in_keras=None,  # It forgets the comma.
    ),
    wrong_argument(
        "strides=-1", lambda L: L.MaxPooling2D(2, strides=-1), window("strides", -1, NOT_ABOVE_ZERO.format(-1)), None
    ),
    wrong_argument("strides=0", lambda L: L.MaxPooling2D(2, strides=0), window("strides", 0, NOT_ABOVE_ZERO.format(0)), None),
    wrong_argument(
        "padding typo",
        lambda L: L.MaxPooling2D(2, padding="smae")(L.Input((4, 4, 3))),
        "Argument `padding` must be either 'valid' or 'same'. Received: padding=smae",
    ),
    wrong_argument(
        "padding=None",
        lambda L: L.MaxPooling2D(2, padding=None),
        "Argument `padding` must be either 'valid' or 'same'. Received: padding=None",
        None,
    ),
    wrong_argument(
        "padding=-1",
        lambda L: L.MaxPooling2D(2, padding=-1),
        "`padding` must be either `'valid'` or `'same'`. Received -1.",
        None,
    ),
    wrong_argument(
        "padding as large as the window",
        lambda L: L.MaxPooling2D(2, padding=((0, 1), (2, 0))),
        "`padding` must be smaller than the window, which spans (2, 2) pixels. Received: padding=((0, 1), (2, 0))",
        None,
    ),
    wrong_argument(
        "dilation_rate=0",
        lambda L: L.AveragePooling2D(2, dilation_rate=0),
        window("dilation_rate", 0, NOT_ABOVE_ZERO.format(0)),
        None,
    ),
    wrong_argument(
        "the option of the other kind",
        lambda L: L.AveragePooling2D(2, return_indices=True),
        "Unrecognized keyword arguments passed to AveragePooling2D: {'return_indices': True}",
    ),
    wrong_argument(
        "data_format",
        lambda L: L.MaxPooling2D(2, data_format="NCHW"),
        "The `data_format` argument must be one of {'channels_first', 'channels_last'}. Received: data_format=nchw",
    ),
    Mistake(
        "no pool_size",
        lambda L: L.AveragePooling2D(),
        TypeError,
        "missing 1 required positional argument: 'pool_size'",
        TypeError,
    ),
    wrong_argument(
        "unknown argument",
        lambda L: L.MaxPooling2D(border_mode="same"),
        "Unrecognized keyword arguments passed to MaxPooling2D: {'border_mode': 'same'}",
    ),
    wrong_argument(
        "window larger than the input",
        lambda L: L.MaxPooling2D(5)(L.Input((4, 4, 3))),
        "Computed output size would be zero or negative. Received: `inputs.shape=[None 4 4 3]`, `pool_size=[5 5]`, "
        "`strides=(5, 5)`, `padding=valid`.",
    ),
    wrong_argument(
        "window larger than the array",
        lambda L: L.MaxPooling2D(5)(IMAGE),
        "Computed output size would be zero or negative. Received: `inputs.shape=[2 4 4 3]`, `pool_size=[5 5]`, "
        "`strides=(5, 5)`, `padding=valid`.",
        in_keras=None,
    ),
    wrong_argument(
        "wrong rank",
        lambda L: L.MaxPooling2D(2, name="layer")(IMAGE[0]),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected ndim=4, found ndim=3. "
        "Full shape received: (4, 4, 3)",
    ),
    wrong_argument(
        "global pooling: wrong rank",
        lambda L: L.GlobalMaxPooling1D(name="layer")(IMAGE),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected ndim=3, found ndim=4. "
        "Full shape received: (2, 4, 4, 3)",
    ),
    wrong_argument(
        "output_size of 2 for a sequence",
        lambda L: L.AdaptiveMaxPooling1D((2, 3)),
        "For 1D input, `output_size` tuple must have length 1. Received: (2, 3)",
    ),
    Mistake(
        "output_size=2.0 for a sequence",
        lambda L: L.AdaptiveAveragePooling1D(2.0),
        TypeError,
        "`output_size` must be an integer or tuple of 1 integer. Received: 2.0 of type <class 'float'>",
        TypeError,
    ),
    Mistake(
        "output_size of 3 for an image",
        lambda L: L.AdaptiveAveragePooling2D((2, 3, 4)),
        TypeError,
        "`output_size` must be an integer or (height, width) tuple. Received: (2, 3, 4) of type <class 'tuple'>",
        TypeError,
    ),
    Mistake(
        "output_size=None for a volume",
        lambda L: L.AdaptiveMaxPooling3D(None),
        TypeError,
        "`output_size` must be an integer or (depth, height, width) tuple. Received: None of type <class 'NoneType'>",
        TypeError,
    ),
    wrong_argument(
        "output_size=0",
        lambda L: L.AdaptiveMaxPooling2D(0),
        window("output_size", 0, NOT_ABOVE_ZERO.format(0)),
        None,
    ),
    wrong_argument(
        "adaptive pooling: data_format",
        lambda L: L.AdaptiveMaxPooling2D(2, data_format="NCHW"),
        "Invalid data_format: NCHW. Expected 'channels_first' or 'channels_last'.",
    ),
    wrong_argument(
        "adaptive pooling: wrong rank",
        lambda L: L.AdaptiveMaxPooling2D(2)(IMAGE[0]),
        "The `output_size` argument must be a tuple of 1 integers. Received output_size=(2, 2)",
    ),
    wrong_argument(
        "adaptive pooling of nothing",
        lambda L: L.AdaptiveAveragePooling2D(2)(IMAGE[:, :0]),
        "Adaptive pooling takes inputs with at least one pixel along each axis. Received: inputs.shape=(2, 0, 4, 3)",
        None,
    ),
    wrong_argument(
        "largest of nothing",
        lambda L: L.GlobalMaxPooling2D()(IMAGE[:, :0]),
        "Cannot compute the max of an empty tensor.",
    ),
    Mistake(
        "no size",
        lambda L: L.AveragePooling2D(),
        TypeError,
        "AveragePooling2D.__init__() missing 1 required positional argument: 'pool_size'",
        TypeError,
    ),
]
