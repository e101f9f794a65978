"""Whatever changes between steps of training that are recorded is noticed."""

import numpy as np
import pytest

import convlayers as keras
from convlayers import losses, ops
from tests.models.recorded_networks import (
    assert_same_as_the_general_way,
    batches,
    make,
    train,
)


def set_attribute(layer, name, value):
    return lambda model: setattr(model.layers[layer], name, value)


def freeze_all_but_the_last(model):
    model.trainable = False
    model.layers[-1].trainable = True
    model.layers[-1].bias.trainable = True


def freeze_a_variable(model):
    model.layers[0].bias.trainable = False


def regularize_a_variable(model):
    model.layers[0].kernel.regularizer = keras.regularizers.L2(0.1)


def make_the_loss_larger(model):
    model.compute_loss = lambda *args, **kwargs: ops.multiply(type(model).compute_loss(model, *args, **kwargs), 2)


# Layers are those of "one of each".
CHANGES = {
    "trainable": set_attribute(0, "trainable", False),
    "trainable of the model": freeze_all_but_the_last,
    "trainable of a variable": freeze_a_variable,
    "trainable of a normalization": set_attribute(1, "trainable", False),
    "activation": set_attribute(0, "activation", keras.activations.tanh),
    "a user's activation": set_attribute(0, "activation", lambda x: ops.relu(x) * 2),
    "momentum": set_attribute(1, "momentum", 0.5),
    "rate": set_attribute(6, "rate", 0.25),
    "call": set_attribute(4, "call", lambda x: ops.relu(x) + 1),
    "learning rate": lambda model: model.optimizer.learning_rate.assign(0.1),
    "regularizer of a variable": regularize_a_variable,
    "loss that is computed": make_the_loss_larger,
    "another loss": lambda model: model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True)),
    "weights": lambda model: model.set_weights([weight * 0.5 for weight in model.get_weights()]),
    "loss": lambda model: model.compile("sgd", losses.SparseCategoricalCrossentropy(reduction="sum")),
    "optimizer": lambda model: model.compile(keras.optimizers.RMSprop(), "sparse_categorical_crossentropy"),
    "winograd": lambda model: keras.config.set_winograd(False),
    "predictions": lambda model: model.predict(batches(1)[0][0], verbose=0),
    "evaluation": lambda model: model.evaluate(*batches(1, 3)[0], verbose=0),
}


def changed_at_step_4(name):
    def change(model, step):
        if step == 4:
            CHANGES[name](model)

    return change


@pytest.mark.parametrize("name", CHANGES)
def test_changes_between_steps_are_seen(name, monkeypatch):
    try:
        assert_same_as_the_general_way(monkeypatch, lambda: make("one of each"), batches(8), changed_at_step_4(name))
    finally:
        keras.config.set_winograd(True)


def test_a_change_makes_a_difference():
    """What the test above relies on: recordings that are not forgotten would give other numbers."""
    _, unchanged = train(make("one of each"), batches(8))
    for name in ("momentum", "rate", "trainable", "regularizer of a variable", "loss that is computed", "another loss"):
        _, states = train(make("one of each"), batches(8), changed_at_step_4(name))
        assert any(not np.array_equal(one, other) for one, other in zip(states, unchanged, strict=True)), name
