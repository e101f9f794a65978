"""Mistakes with reshaping and padding."""

from tests.layers.mistakes.mistake import IMAGE, Mistake, wrong_argument

RESHAPING = [
    wrong_argument(
        "other size",
        lambda L: L.Reshape((5,))(IMAGE),
        "The total size of the tensor must be unchanged. Received: input_shape=(4, 4, 3), target_shape=(5,)",
    ),
    wrong_argument(
        "no divisor",
        lambda L: L.Reshape((5, -1))(IMAGE),
        "The total size of the tensor must be unchanged, however, the input size cannot by divided by the specified "
        "dimensions in target_shape. Received: input_shape=(4, 4, 3), target_shape=(5, -1)",
    ),
    wrong_argument(
        "symbolic other size",
        lambda L: L.Reshape((5,))(L.Input((4, 4, 3))),
        "The total size of the tensor must be unchanged. Received: input_shape=(4, 4, 3), target_shape=(5,)",
    ),
    wrong_argument(
        "two unknowns",
        lambda L: L.Reshape((-1, -1)),
        "There must be at most one unknown dimension (-1) in `target_shape`. Received: target_shape=(-1, -1).",
    ),
    wrong_argument(
        "negative size",
        lambda L: L.Reshape((-2,)),
        "Each dimension in `target_shape` must be a non-negative integer, or `-1` for a single unknown dimension. "
        "Received: target_shape=(-2,).",
    ),
    wrong_argument(
        "float size",
        lambda L: L.Reshape((2.5,)),
        "The `target_shape` argument must be a tuple of integers. Received target_shape=(2.5,), including element 2.5 of type "
        "<class 'float'>",
        in_keras=None,
    ),
    Mistake("no tuple", lambda L: L.Reshape(3), TypeError, "'int' object is not iterable", TypeError),
    wrong_argument(
        "Flatten: data_format",
        lambda L: L.Flatten(data_format="NHWC"),
        "The `data_format` argument must be one of {'channels_first', 'channels_last'}. Received: data_format=nhwc",
    ),
    wrong_argument(
        "padding of 3",
        lambda L: L.ZeroPadding2D((1, 2, 3)),
        "`padding` should have two elements. Received: padding=(1, 2, 3).",
    ),
    wrong_argument(
        "padding of a float",
        lambda L: L.ZeroPadding2D(1.5),
        "`padding` should be either an int, a tuple of 2 ints (symmetric_height_crop, symmetric_width_crop), or a tuple of 2 "
        "tuples of 2 ints ((top_crop, bottom_crop), (left_crop, right_crop)). Received: padding=1.5.",
    ),
    wrong_argument(
        "half a pair",
        lambda L: L.ZeroPadding2D(((1, 2), (1,))),
        "The `2nd entry of padding` argument must be a tuple of 2 integers. Received 2nd entry of padding=(1,)",
    ),
    wrong_argument(
        "negative padding",
        lambda L: L.ZeroPadding2D((1, -1)),
        "The `2nd entry of padding` argument must be a tuple of 2 integers. Received 2nd entry of padding=-1, including "
        "values {-1} that do not satisfy `value >= 0`",
    ),
    wrong_argument(
        "1-D: padding of a float",
        lambda L: L.ZeroPadding1D(1.5),
        "The `padding` argument must be a tuple of 2 integers. Received padding=1.5",
    ),
    wrong_argument(
        "1-D: padding of 3",
        lambda L: L.ZeroPadding1D((1, 2, 3)),
        "The `padding` argument must be a tuple of 2 integers. Received padding=(1, 2, 3)",
    ),
    wrong_argument(
        "3-D: padding of 2", lambda L: L.ZeroPadding3D((1, 2)), "`padding` should have 3 elements. Received: (1, 2)."
    ),
    wrong_argument(
        "3-D: padding of a float",
        lambda L: L.ZeroPadding3D(1.5),
        "`padding` should be either an int, a tuple of 3 ints (symmetric_dim1_pad, symmetric_dim2_pad, symmetric_dim3_pad), "
        "or a tuple of 3 tuples of 2 ints ((left_dim1_pad, right_dim1_pad), (left_dim2_pad, right_dim2_pad), (left_dim3_pad, "
        "right_dim2_pad)). Received: padding=1.5.",
    ),
    wrong_argument(
        "cropping too much",
        lambda L: L.Cropping2D(2)(IMAGE),
        "Values in `cropping` argument should be smaller than the corresponding spatial dimension of the input. Received: "
        "inputs.shape=(2, 4, 4, 3), cropping=((2, 2), (2, 2))",
        in_keras=None,  # It prints the shape of PyTorch.
    ),
    wrong_argument(
        "symbolic cropping too much",
        lambda L: L.Cropping2D(((0, 3), (1, 0)), data_format="channels_first")(L.Input((1, 3, 4))),
        "Values in `cropping` argument should be smaller than the corresponding spatial dimension of the input. Received: "
        "input_shape=(None, 1, 3, 4), cropping=((0, 3), (1, 0))",
    ),
    wrong_argument(
        "1-D: cropping too much",
        lambda L: L.Cropping1D((2, 1))(L.Input((3, 4))),
        "`cropping` parameter of `Cropping1D` layer must be smaller than the input length. Received: "
        "input_shape=(None, 3, 4), cropping=(2, 1)",
    ),
    wrong_argument(
        "cropping of 3", lambda L: L.Cropping2D((1, 2, 3)), "`cropping` should have two elements. Received: cropping=(1, 2, 3)."
    ),
    wrong_argument(
        "3-D: cropping of 2", lambda L: L.Cropping3D((1, 2)), "`cropping` should have 3 elements. Received: (1, 2)."
    ),
    wrong_argument("negative cropping", lambda L: L.Cropping3D(-1), "`cropping` cannot be negative. Received: cropping=-1."),
    wrong_argument(
        "cropping of a float",
        lambda L: L.Cropping2D(1.5),
        "`cropping` should be either an int, a tuple of 2 ints (symmetric_height_crop, symmetric_width_crop), or a tuple of 2 "
        "tuples of 2 ints ((top_crop, bottom_crop), (left_crop, right_crop)). Received: cropping=1.5.",
    ),
    wrong_argument(
        "half a pair of cropping",
        lambda L: L.Cropping3D(((1, 2), (1,), 3)),
        "The `2nd entry of cropping` argument must be a tuple of 2 integers. Received 2nd entry of cropping=(1,)",
    ),
    wrong_argument(
        "Permute: no permutation",
        lambda L: L.Permute((1, 3)),
        "Invalid permutation argument `dims` for Permute Layer. The set of indices in `dims` must be consecutive and start "
        "from 1. Received dims=(1, 3)",
    ),
    wrong_argument(
        "Permute: other rank",
        lambda L: L.Permute((2, 1), name="layer")(IMAGE),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected ndim=3, found ndim=4. Full shape "
        "received: (2, 4, 4, 3)",
    ),
    wrong_argument(
        "a sequence to repeat",
        lambda L: L.RepeatVector(2, name="layer")(IMAGE[0]),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected ndim=2, found ndim=3. "
        "Full shape received: (4, 4, 3)",
    ),
    wrong_argument("n=0", lambda L: L.RepeatVector(0), "Argument `n` should be a positive integer. Received: n=0"),
    Mistake(
        "n='3'", lambda L: L.RepeatVector("3"), TypeError, "Expected an integer value for `n`, got <class 'str'>.", TypeError
    ),
]
