"""Mistakes with normalization."""

import numpy as np

from tests.layers.mistakes.mistake import IMAGE, Mistake, called_twice, wrong_argument

NORMALIZATION = [
    wrong_argument(
        "axis out of bounds",
        lambda L: L.BatchNormalization(axis=4).compute_output_shape((2, 4, 4, 3)),
        "Axis 4 is out of bounds for input shape (2, 4, 4, 3). Received: axis=4",
    ),
    wrong_argument(
        "axis of an array out of bounds",
        lambda L: L.BatchNormalization(axis=4)(IMAGE),
        "Axis 4 is out of bounds for input shape (2, 4, 4, 3). Received: axis=4",
        in_keras=None,
    ),
    wrong_argument(
        "synchronized",
        lambda L: L.BatchNormalization(synchronized=True),
        "Argument synchronized=True is only supported with the TensorFlow backend.",
    ),
    wrong_argument(
        "unknown bound of renorm",
        lambda L: L.BatchNormalization(renorm=True, renorm_clipping={"max": 3}),
        "Received invalid keys for `renorm_clipping` argument: {'max': 3}. Supported values: ['rmax', 'rmin', 'dmax'].",
    ),
    wrong_argument(
        "bounds of renorm the wrong way round",
        lambda L: L.BatchNormalization(renorm=True, renorm_clipping={"rmin": 3, "rmax": 2}),
        "rmax should be greater than rmin in the `renorm_clipping` argument. Received: rmax=2, rmin=3.",
        in_keras=None,  # It forgets to fill in the numbers.
    ),
    wrong_argument(
        "negative bound of renorm",
        lambda L: L.BatchNormalization(renorm=True, renorm_clipping={"dmax": -1}),
        "dmax should be non-negative in the `renorm_clipping` argument. Received: dmax=-1.",
        in_keras=None,
    ),
    wrong_argument(
        "mask of another rank",
        lambda L: L.BatchNormalization()(IMAGE, mask=np.ones((2,), bool), training=True),
        "The mask provided should be one dimension less than the inputs. Received: mask.shape=(2,), inputs.shape=(2, 4, 4, 3)",
        in_keras=None,  # It prints the shapes of PyTorch.
    ),
    wrong_argument(
        "groups=0",
        lambda L: L.GroupNormalization(groups=0),
        "Received an invalid value for argument `groups`, expected a positive integer (or `-1` for instance normalization). "
        "Received: groups=0",
    ),
    wrong_argument(
        "more groups than channels",
        lambda L: L.GroupNormalization(groups=4)(IMAGE),
        "Number of groups (4) cannot be more than the number of channels (3).",
    ),
    wrong_argument(
        "channels that are no multiple of groups",
        lambda L: L.GroupNormalization(groups=2)(IMAGE),
        "Number of groups (2) must be a multiple of the number of channels (3).",
    ),
    wrong_argument(
        "unknown channels of groups",
        lambda L: L.GroupNormalization()(L.Input((None,))),
        "Axis -1 of input tensor should have a defined dimension but the layer received an input with shape (None, None).",
    ),
    Mistake(
        "axis of layer normalization",
        lambda L: L.LayerNormalization(axis="a"),
        TypeError,
        "Expected an int or a list/tuple of ints for the argument 'axis', but received: 'a'",
        TypeError,
    ),
    wrong_argument(
        "axes of layer normalization out of bounds",
        lambda L: L.LayerNormalization(axis=[1, 5]).compute_output_shape((2, 4, 4, 3)),
        "Axis 5 is out of bounds for input shape (2, 4, 4, 3). Received: axis=[1, 5]",
    ),
    Mistake(
        "axis of unit normalization",
        lambda L: L.UnitNormalization(axis={"a": 1}),
        TypeError,
        "Invalid value for `axis` argument: expected an int or a list/tuple of ints. Received: axis={'a': 1}",
        TypeError,
    ),
    wrong_argument(
        "power_iterations=0",
        lambda L: L.SpectralNormalization(L.Dense(2), power_iterations=0),
        "`power_iterations` should be greater than zero. Received: `power_iterations=0`",
    ),
    wrong_argument(
        "spectral normalization of no kernel",
        lambda L: L.SpectralNormalization(L.ReLU())(IMAGE),
        "ReLU object has no attribute 'kernel' nor 'embeddings'",
    ),
    wrong_argument(
        "unknown channels",
        lambda L: L.BatchNormalization(name="layer")(L.Input((None,))),
        "Shapes used to initialize variables must be fully-defined (no `None` dimensions). Received: shape=(None,) for "
        "variable path='layer/gamma'",
    ),
    wrong_argument(
        "other channels",
        lambda L: called_twice(L.BatchNormalization(name="layer"), IMAGE, IMAGE[..., :2]),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected axis -1 of input shape to have "
        "value 3, but received input with shape (2, 4, 4, 2)",
    ),
    wrong_argument(
        "other rank",
        lambda L: called_twice(L.BatchNormalization(name="layer"), IMAGE, IMAGE[0]),
        "Input 0 with name 'None' of layer 'layer' is incompatible with the layer: expected ndim=4, found ndim=3. "
        "Full shape received: (4, 4, 3)",
    ),
]
