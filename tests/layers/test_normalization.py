"""Batch normalization: which statistics it uses, and when it changes them."""

import numpy as np
import pytest

from convlayers import layers

X = np.random.default_rng(0).normal(3.0, 2.0, (8, 5, 4)).astype("float32")


def test_training_normalizes_each_channel():
    y = layers.BatchNormalization(epsilon=1e-6)(X, training=True)
    np.testing.assert_allclose(y.mean(axis=(0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(y.var(axis=(0, 1)), 1, rtol=1e-4)


def test_moving_averages_follow_the_batches():
    layer = layers.BatchNormalization(momentum=0.9)
    mean, variance = np.zeros(4), np.ones(4)
    for step in range(3):
        x = X + step
        layer(x, training=True)
        mean = 0.9 * mean + 0.1 * x.mean(axis=(0, 1), dtype=float)
        # The variance of the population: divided by n, not n - 1.
        variance = 0.9 * variance + 0.1 * x.var(axis=(0, 1), dtype=float)
    np.testing.assert_allclose(layer.moving_mean.numpy(), mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), variance, rtol=1e-5)


def test_inference_uses_the_moving_averages_and_keeps_them():
    layer = layers.BatchNormalization(epsilon=0.5)
    layer.build(X.shape)
    weights = [np.arange(1.0, 5.0) + shift for shift in range(4)]
    layer.set_weights(weights)
    gamma, beta, mean, variance = weights
    expected = (X - mean) / np.sqrt(variance + 0.5) * gamma + beta
    np.testing.assert_allclose(layer(X), expected, rtol=1e-5, atol=1e-5)
    for before, after in zip(weights, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(after, before)


def test_a_frozen_layer_works_as_in_inference():
    layer = layers.BatchNormalization()
    layer(X, training=True)
    layer.trainable = False
    weights = layer.get_weights()
    np.testing.assert_array_equal(layer(X, training=True), layer(X, training=False))
    y, backward = layer.forward(X, training=True)
    # The statistics are constants: no gradient passes through them.
    gamma, _, _, variance = weights
    np.testing.assert_allclose(backward(np.ones_like(y)), np.broadcast_to(gamma / np.sqrt(variance + 1e-3), X.shape), rtol=1e-5)
    for before, after in zip(weights, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(after, before)


def test_the_default_is_inference():
    layer = layers.BatchNormalization()
    np.testing.assert_array_equal(layer(X), layer(X, training=False))
    assert not layer.moving_mean.numpy().any()


def test_an_empty_batch_has_no_statistics_and_changes_none():
    layer = layers.BatchNormalization()
    layer(X, training=True)
    before = layer.get_weights()
    y, backward = layer.forward(X[:0], training=True)
    assert y.shape == backward(y).shape == (0, 5, 4)
    for value, after in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(after, value)
    assert all(np.isfinite(variable.grad).all() for variable in layer.trainable_variables)


@pytest.mark.parametrize("axis", [1, -2, 2])
def test_axis(axis):
    y = layers.BatchNormalization(axis=axis)(X, training=True)
    moved = layers.BatchNormalization()(np.moveaxis(X, axis, -1), training=True)
    np.testing.assert_allclose(y, np.moveaxis(moved, -1, axis), rtol=1e-5, atol=1e-6)


def test_steps_follow_keras(keras):
    """Outputs and moving averages over ten steps, training and frozen in turn."""
    layer, peer = layers.BatchNormalization(momentum=0.8), keras.layers.BatchNormalization(momentum=0.8)
    for step in range(10):
        x = X * (1 + step) - step
        layer.trainable = peer.trainable = step % 3 != 2
        expected = keras.ops.convert_to_numpy(peer(x, training=True))
        np.testing.assert_allclose(layer(x, training=True), expected, rtol=1e-4, atol=1e-4)
    for value, expected in zip(layer.get_weights(), peer.get_weights(), strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-5)
