"""Steps, losses and metrics of a user's own, in subclasses of models."""

import numpy as np
import pytest

from convlayers import Input, Model, Sequential, layers, losses, metrics, ops
from convlayers.autograd import Tape
from tests.models.regression import X, Y


def test_a_step_of_ones_own():
    class Mine(Model):
        def train_step(self, data):
            x, y = data
            with Tape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            tape.backward([loss], [np.ones(())])
            variables = self.trainable_variables
            self.optimizer.apply([variable.grad for variable in variables], variables)
            for variable in variables:
                variable.grad = None
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {metric.name: metric.result() for metric in self.metrics}

    inputs = Input((4,))
    mine = Mine(inputs, layers.Dense(1)(inputs))
    mine.compile("sgd", "mse", metrics=["mae"])
    plain = Model(inputs, layers.Dense(1)(inputs))
    plain.set_weights(mine.get_weights())
    plain.compile("sgd", "mse", metrics=["mae"])
    histories = [model.fit(X, Y, epochs=3, shuffle=False, verbose=0).history for model in (mine, plain)]
    assert histories[0]["loss"] == pytest.approx(histories[1]["loss"], rel=1e-5)
    assert histories[0]["mae"] == pytest.approx(histories[1]["mae"], rel=1e-5)


def test_a_model_without_call_may_have_a_step():
    class Pair(Model):
        def __init__(self):
            super().__init__()
            self.one, self.other = layers.Dense(1), layers.Dense(1)

        def train_step(self, data):
            self.steps = getattr(self, "steps", 0) + 1
            return {"score": 0.5}

    model = Pair()
    model.compile(optimizer="adam")
    assert model.fit(X, batch_size=5, verbose=0).history == {"score": [0.5]}
    assert model.steps == 4


def test_only_a_step_of_ones_own_knows_what_a_batch_is():
    """Here three inputs, of which one has fewer samples, and no labels."""

    class Triplets(Model):
        def __init__(self):
            super().__init__()
            one, other = Input((4,)), Input((4,))
            self.distance = Model([one, other], ops.sum(ops.square(layers.Dense(2)(one) - other[:, :2]), axis=-1))

        def call(self, inputs):
            return self.distance(inputs)

        def train_step(self, data):
            anchor, positive, few = data
            return {"distance": ops.mean(self([anchor, positive])), "few": len(few)}

    model = Triplets()
    model.compile()
    history = model.fit(iter([(X, X[::-1], X[:3])]), verbose=0).history
    assert history["few"] == [3]
    np.testing.assert_allclose(history["distance"], np.mean(model([X, X[::-1]])), rtol=1e-5)


def test_a_step_of_ones_own_may_ignore_the_metrics():
    class Mine(Sequential):
        def train_step(self, data):
            return {"mine": 1.0}

        def test_step(self, data):
            return {"other": 2.0}

    model = Mine([Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    assert model.evaluate(X, Y, verbose=0, return_dict=True) == {"other": 2}
    assert model.fit(X, Y, validation_data=(X, Y), verbose=0).history == {"mine": [1], "val_other": [2]}


def test_the_logs_of_an_epoch_are_the_results_of_the_metrics():
    """As in Keras: a step that returns the loss of its batch under the name of the metric is not what is kept."""

    class Own(Sequential):
        def train_step(self, data):
            logs = super().train_step(data)
            return dict.fromkeys(logs, -1.0)

    model = Own([Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    assert model.fit(X, Y, verbose=0).history["loss"][0] > 0

    class Others(Own):
        def train_step(self, data):
            return {"mine": 7.0, **super().train_step(data)}

    model = Others([Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    assert model.fit(X, Y, verbose=0).history == {"loss": [-1.0], "mine": [7.0]}


def test_an_autoencoder_makes_its_own_labels():
    class Auto(Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return ops.mean(ops.square(y_pred - x))

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            self.seen.update_state(len(x))
            return {**self.get_metrics_result(), "twice": 2.0}

    model = Auto([Input((4,)), layers.Dense(4)])
    model.seen = metrics.Sum(name="seen")
    model.compile("sgd")
    history = model.fit(X, batch_size=8, epochs=2, verbose=0).history
    assert history["seen"] == [20, 20]
    assert history["twice"] == [2, 2]
    assert history["loss"][1] < history["loss"][0]


def test_a_loss_as_an_attribute_of_a_subclass():
    class Denoiser(Sequential):
        def __init__(self, layers):
            super().__init__(layers)
            self.loss = losses.MeanAbsoluteError()

        def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
            return self.loss(x, y_pred)

    x = np.full((4, 3), 2.0, "float32")
    model = Denoiser([layers.Dense(3, kernel_initializer="zeros")])
    model.compile("sgd")
    assert model.fit(x, verbose=0).history["loss"] == [2.0]
    model.compile("sgd", "mse")
    assert model.loss == "mse"
