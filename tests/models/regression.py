"""A small regression that tests of training are made of."""

import numpy as np

from convlayers import Input, Sequential, layers

X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5], [3.0]], "float32")


def regression(cls=Sequential, **compilation):
    model = cls([Input((4,)), layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **compilation})
    return model
