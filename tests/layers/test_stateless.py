"""Calls that leave a layer as it was: without state of its own, and on symbolic tensors."""

import numpy as np
import pytest

from convlayers import layers, ops
from convlayers.symbolic import KerasTensor

X = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")


def test_stateless_call(library):
    layer = library.layers.BatchNormalization(momentum=0.5, gamma_regularizer="l2")
    layer.build((None, 3))
    before = [value.copy() for value in layer.get_weights()]
    gamma, beta = (np.full(3, value, "float32") for value in (2.0, 1.0))
    mean, variance = np.zeros(3, "float32"), np.ones(3, "float32")
    y, state, losses = layer.stateless_call([gamma, beta], [mean, variance], X, training=True, return_losses=True)
    expected = (X - X.mean(axis=0)) / np.sqrt(X.var(axis=0) + 1e-3) * 2 + 1
    np.testing.assert_allclose(library.ops.convert_to_numpy(y), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(library.ops.convert_to_numpy(state[0]), X.mean(axis=0) / 2, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(library.ops.convert_to_numpy(losses[0]), 0.01 * 4 * 3, rtol=1e-5)
    for value, after in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(after, value)
    assert len(layer.stateless_call([gamma, beta], [mean, variance], X)) == 2


def test_stateless_calls_that_do_not_fit(library):
    layer = library.layers.Dense(2)
    with pytest.raises(ValueError, match=r"^To call stateless_call, Dense must be built"):
        layer.stateless_call([], [], X)
    layer.build((None, 3))
    with pytest.raises(
        ValueError, match=r"^Argument `trainable_variables` must be a list of tensors corresponding 1:1 to Dense"
    ):
        layer.stateless_call([], [], X)
    with pytest.raises(ValueError, match=r"^Argument `non_trainable_variables` must be a list"):
        layer.stateless_call(layer.trainable_variables, [X], X)


def test_symbolic_calls_leave_no_losses():
    class Loss(layers.Layer):
        def call(self, inputs):
            self.add_loss(ops.sum(inputs))
            return inputs

    layer = Loss()
    layer(KerasTensor((None, 3)))
    assert layer.losses == []
    layer(X)
    assert len(layer.losses) == 1


def test_symbolic_calls_change_no_state():
    class Counting(layers.Layer):
        def __init__(self):
            super().__init__()
            self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)
            self.norm = layers.BatchNormalization()
            self.dropout = layers.Dropout(0.5, seed=1)

        def call(self, x):
            self.count.assign_add(1)
            return self.dropout(self.norm(x, training=True), training=True)

    layer = Counting()
    layer(layers.Input((3,)))
    layer(np.ones((2, 3), "float32"))
    before = [variable.numpy() for variable in layer.variables]
    assert layer.count.value == 1
    layer(layers.Input((3,), batch_size=5))
    for variable, value in zip(layer.variables, before, strict=True):
        np.testing.assert_array_equal(variable.value, value)
