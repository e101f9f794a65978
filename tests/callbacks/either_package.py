"""The same small training in convlayers and in Keras, for tests that hold callbacks of both beside each other."""

import numpy as np

X = np.linspace(-1, 1, 24, dtype="float32").reshape(12, 2)
Y = (X @ np.float32([[1], [-2]]) + np.float32(0.5)).astype("float32")


class Library:
    """One of the two.

    Args:
        package: the package `convlayers` or `keras`.
    """

    def __init__(self, package):
        self.callbacks, self.optimizers = package.callbacks, package.optimizers
        self._package = package

    def make_model(self, optimizer=None, metrics=(), jit_compile=False):
        """Returns a compiled model, with the same weights in each library."""
        package = self._package
        model = package.Sequential([package.Input((2,), name="input"), package.layers.Dense(1, name="dense")], name="model")
        model.set_weights([np.float32([[0.25], [0.5]]), np.float32([0.125])])
        model.compile(optimizer or self.optimizers.SGD(0.125), "mse", metrics=list(metrics), jit_compile=jit_compile)
        return model

    def fit(self, callbacks, model=None, **arguments):
        """Trains a model on data in a fixed order. Returns it."""
        model = model or self.make_model()
        settings = {"epochs": 6, "batch_size": 4, "shuffle": False, "verbose": 0, "validation_data": (X[:4], Y[:4])}
        model.fit(X, Y, callbacks=callbacks, **{**settings, **arguments})
        return model

    def scripted(self, **logs):
        """Returns a callback that replaces the logs of each epoch by numbers from lists."""

        class Scripted(self.callbacks.Callback):
            def on_epoch_end(self, epoch, own_logs=None):
                own_logs.update({name: values[epoch] for name, values in logs.items()})

        return Scripted()


def weights_of(model):
    return [np.asarray(weight) for weight in model.get_weights()]


def rounded(arrays):
    return [np.round(array, 4).tolist() for array in arrays]
