"""asv: one step of each optimizer, for the variables of a small model and for ten million weights."""

import numpy as np

from convlayers import optimizers
from convlayers.variables import Variable

SHAPES = {
    "20 small variables": [(3, 3, 1, 8), (8,), (8,), (8,)] * 5,
    "10 million weights": [(3, 3, 250, 500)] * 8 + [(1000, 1000)],
}
NAMES = ["SGD", "RMSprop", "Adam", "AdamW", "Adamax", "Nadam", "Adagrad", "Adadelta", "Ftrl", "Lion", "Lamb", "Adafactor"]


class Step:
    params = (NAMES, list(SHAPES))
    param_names = ("optimizer", "variables")

    def setup(self, name, variables):
        if not hasattr(optimizers, name):
            raise NotImplementedError(f"This version has no {name}.")
        rng = np.random.default_rng(0)
        self.variables = [Variable(rng.standard_normal(shape, "float32")) for shape in SHAPES[variables]]
        self.gradients = [rng.standard_normal(shape, "float32") for shape in SHAPES[variables]]
        self.optimizer = getattr(optimizers, name)()
        self.optimizer.apply(self.gradients, self.variables)

    def time_step(self, name, variables):
        self.optimizer.apply(self.gradients, self.variables)
