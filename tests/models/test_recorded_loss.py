"""The loss of a step of training that is recorded: the same as by the general way, whatever it is."""

import numpy as np
import pytest

import convlayers as keras
from convlayers import layers, losses
from tests.models.recorded_networks import (
    are_recorded,
    assert_same_as_the_general_way,
    batches,
    make,
)


@pytest.mark.parametrize("loss", ["mse", "categorical_crossentropy", losses.SparseCategoricalCrossentropy(from_logits=True)])
def test_other_losses(loss, monkeypatch):
    data = batches(5)
    if isinstance(loss, str):
        data = [(x, np.eye(3, dtype="float32")[y]) for x, y in data]
    model = assert_same_as_the_general_way(monkeypatch, lambda: make("one of each", loss=loss), data)
    # Of the network alone: a loss of class numbers that is not known shows when it is tried.
    assert are_recorded(model) == ([True] if isinstance(loss, str) else [False, True])


@pytest.mark.parametrize("name", ["reduction", "epsilon", "shape of labels"])
def test_changes_of_the_loss_are_seen(name, monkeypatch):
    loss = losses.SparseCategoricalCrossentropy()

    def change(model, step):
        loss.reduction = "sum" if name == "reduction" and step >= 4 else "sum_over_batch_size"
        keras.config.set_epsilon(0.3 if name == "epsilon" and step >= 4 else 1e-7)

    data = batches(8)
    if name == "shape of labels":
        data[4:] = [(x, y[:, None].astype("float32")) for x, y in data[4:]]
    try:
        assert_same_as_the_general_way(monkeypatch, lambda: make("one of each", loss=loss), data, change)
    finally:
        keras.config.set_epsilon(1e-7)


def test_a_loss_that_is_computed_twice_in_a_step(monkeypatch):
    class Twice(keras.Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            one = super().compute_loss(x, y, y_pred, sample_weight, training)
            return one + 0.5 * super().compute_loss(x, (y + 1) % 3, y_pred, sample_weight, training)

    def make_model():
        keras.utils.set_random_seed(0)
        model = Twice([keras.Input((8, 8, 4)), layers.Flatten(), layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    assert_same_as_the_general_way(monkeypatch, make_model, batches(6))


def test_narrow_types_are_not_recorded(monkeypatch):
    def make_model():
        keras.utils.set_random_seed(0)
        conv = layers.Conv2D(8, 3, dtype="mixed_float16")
        model = keras.Sequential([keras.Input((8, 8, 4)), conv, layers.Flatten(), layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    assert are_recorded(assert_same_as_the_general_way(monkeypatch, make_model, batches(5))) == []
