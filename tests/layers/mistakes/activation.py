"""Mistakes with activations and dropout."""

import numpy as np

from tests.layers.mistakes.mistake import IMAGE, wrong_argument


def rate(value):
    return f"Invalid value received for argument `rate`. Expected a float value between 0 and 1. Received: rate={value}"


ACTIVATION = [
    wrong_argument(
        "activation typo", lambda L: L.Activation("rellu"), "Could not interpret activation function identifier: rellu"
    ),
    wrong_argument("activation number", lambda L: L.Activation(3), "Could not interpret activation function identifier: 3"),
    wrong_argument(
        "max_value=-1", lambda L: L.ReLU(-1), "max_value of a ReLU layer cannot be a negative value. Received: max_value=-1"
    ),
    wrong_argument(
        "negative_slope=-1",
        lambda L: L.ReLU(negative_slope=-1),
        "negative_slope of a ReLU layer cannot be None or a negative value. Received: negative_slope=-1",
    ),
    wrong_argument(
        "threshold=None",
        lambda L: L.ReLU(threshold=None),
        "threshold of a ReLU layer cannot be None or a negative value. Received: threshold=None",
    ),
    wrong_argument(
        "threshold=nan",
        lambda L: L.ReLU(threshold=float("nan")),
        "threshold of a ReLU layer cannot be None or a negative value. Received: threshold=nan",
        in_keras=None,
    ),
    wrong_argument(
        "slope of LeakyReLU",
        lambda L: L.LeakyReLU(negative_slope=-0.1),
        "The negative_slope value of a Leaky ReLU layer cannot be None or negative value. Expected a float. "
        "Received: negative_slope=-0.1",
    ),
    wrong_argument(
        "no slope of LeakyReLU",
        lambda L: L.LeakyReLU(negative_slope=None),
        "The negative_slope value of a Leaky ReLU layer cannot be None or negative value. Expected a float. "
        "Received: negative_slope=None",
    ),
    wrong_argument(
        "mask of another shape",
        lambda L: L.Softmax()(IMAGE, mask=np.ones((2, 1, 1, 2), bool)),
        "The `mask` must be broadcastable to `inputs`. Each mask dimension must be 1 or match the corresponding input "
        "dimension. Received: inputs.shape=(2, 4, 4, 3), mask.shape=(2, 1, 1, 2)",
        in_keras=None,  # It prints the shapes of PyTorch.
    ),
    wrong_argument("rate=2", lambda L: L.Dropout(2), rate(2)),
    wrong_argument("rate=-0.1", lambda L: L.Dropout(-0.1), rate(-0.1)),
    wrong_argument("rate=nan", lambda L: L.Dropout(float("nan")), rate("nan")),
    wrong_argument(
        "noise_shape string",
        lambda L: L.Dropout(0.5, noise_shape="a"),
        "Invalid value received for argument `noise_shape`. Expected a tuple or list of integers. Received: noise_shape=a",
    ),
    wrong_argument(
        "noise_shape int",
        lambda L: L.Dropout(0.5, noise_shape=3),
        "Invalid value received for argument `noise_shape`. Expected an iterable of integers (e.g., a tuple or list). "
        "Received: noise_shape=3",
    ),
    wrong_argument(
        "noise_shape of 0",
        lambda L: L.Dropout(0.5, noise_shape=(0,)),
        "Invalid value received for argument `noise_shape`. Expected all dimensions to be positive integers or None. "
        "Received negative or zero value at index 0: 0",
    ),
    wrong_argument(
        "noise_shape of a float",
        lambda L: L.Dropout(0.5, noise_shape=(1.5,)),
        "Invalid value received for argument `noise_shape`. Expected all elements to be integers or None. Received element at "
        "index 0: 1.5 (type: float)",
    ),
    wrong_argument("rate of AlphaDropout", lambda L: L.AlphaDropout(2), rate(2)),
    wrong_argument("rate of GaussianDropout", lambda L: L.GaussianDropout(-1), rate(-1)),
    wrong_argument("rate of SpatialDropout2D", lambda L: L.SpatialDropout2D(2), rate(2)),
    wrong_argument(
        "stddev",
        lambda L: L.GaussianNoise(2),
        "Invalid value received for argument `stddev`. Expected a float value between 0 and 1. Received: stddev=2",
    ),
    wrong_argument(
        "factor of ActivityRegularization",
        lambda L: L.ActivityRegularization(l1=-1),
        "Invalid value for argument l1: expected a non-negative float.Received: l1=-1",
    ),
    wrong_argument("seed", lambda L: L.Dropout(0.5, seed=1.5), "Argument `seed` must be an integer. Received: seed=1.5"),
]
