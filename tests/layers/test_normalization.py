"""Normalization: which statistics it uses, when it changes them, and that Keras does the same."""

import numpy as np
import pytest

from convlayers import layers
from convlayers.autograd import Tape

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


# Batch renormalization and masks -------------------------------------------------------------------------------------


def gradients_of_keras(layer, peer, x, d_y, **arguments):
    """Trains a layer and that of Keras one step; returns pairs of outputs, of gradients, and of weights afterwards."""
    import torch

    outputs, backward = forward(layer, x, **arguments)
    d_x = backward(d_y)
    leaf = torch.tensor(x, requires_grad=True)
    expected = peer(leaf, training=True, **arguments)
    expected.backward(torch.tensor(d_y))
    yield outputs, expected.detach().numpy()
    yield d_x, leaf.grad.numpy()
    for variable, of_keras in zip(layer.trainable_weights, peer.trainable_weights, strict=True):
        yield variable.grad, of_keras.value.grad.numpy()
    yield from zip(layer.get_weights(), peer.get_weights(), strict=True)


def forward(layer, x, **arguments):
    """As `layer.forward`, with more arguments of the call."""
    with Tape() as tape:
        watched = tape.watch(x)
        outputs = layer(watched, training=True, **arguments)
    return outputs.value, lambda d_y: tape.backward([outputs], [d_y], [watched])[0]


@pytest.mark.parametrize("clipping", [None, {"rmin": 0.5, "rmax": 2.0, "dmax": 0.3}, {"rmax": 1.1}], ids=str)
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("center", [True, False])
def test_renorm_follows_keras(keras, clipping, scale, center):
    arguments = {
        "renorm": True,
        "renorm_clipping": clipping,
        "renorm_momentum": 0.7,
        "momentum": 0.8,
        "scale": scale,
        "center": center,
        "dtype": "float64",
    }
    layer, peer = layers.BatchNormalization(**arguments), keras.layers.BatchNormalization(**arguments)
    rng = np.random.default_rng(3)
    for step in range(4):
        x, d_y = rng.normal(step, 1 + step, (8, 5, 4)), rng.normal(size=(8, 5, 4))
        for variable in layer.trainable_weights:
            variable.grad = None
        peer.zero_grad()
        for received, expected in gradients_of_keras(layer, peer, x, d_y):
            np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-6)
    expected = keras.ops.convert_to_numpy(peer(x, training=False))
    np.testing.assert_allclose(layer(x, training=False), expected, rtol=1e-5, atol=1e-6)
    assert [v.name for v in layer.weights] == [v.name for v in peer.weights]


@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("renorm", [False, True])
def test_masks_follow_keras(keras, axis, renorm):
    rng = np.random.default_rng(3)
    x, d_y, mask = rng.normal(2, 3, (6, 5, 4)), rng.normal(size=(6, 5, 4)), rng.random((6, 5)) < 0.6
    arguments = {"axis": axis, "renorm": renorm, "dtype": "float64"}
    layer, peer = layers.BatchNormalization(**arguments), keras.layers.BatchNormalization(**arguments)
    for received, expected in gradients_of_keras(layer, peer, x, d_y, mask=mask):
        np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-6)


def test_a_mask_that_keeps_all_changes_nothing():
    layer, other = layers.BatchNormalization(), layers.BatchNormalization()
    masked = layer(X, training=True, mask=np.ones(X.shape[:-1], bool))
    np.testing.assert_allclose(masked, other(X, training=True), rtol=1e-5, atol=1e-5)


def test_what_is_masked_has_no_part_in_the_statistics():
    x = X.copy()
    x[3:] = 1e6
    layer, other = layers.BatchNormalization(), layers.BatchNormalization()
    mask = np.arange(8)[:, np.newaxis] < np.full(5, 3)
    masked = layer(x, training=True, mask=mask)
    np.testing.assert_allclose(masked[:3], other(X[:3], training=True), rtol=1e-4, atol=1e-4)


# Normalization of samples --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [1, [2, 1], [0], [-1, 1], [1, 2, 3]], ids=str)
def test_layer_normalization_along_any_axes(axis):
    x = np.random.default_rng(0).normal(3, 2, (2, 3, 4, 5))
    layer = layers.LayerNormalization(axis=axis, dtype="float64")
    layer.build(x.shape)
    layer.set_weights([np.random.default_rng(1).normal(size=v.shape) for v in layer.weights])
    axes = sorted(one % 4 for one in np.atleast_1d(axis).tolist())
    gamma, beta = (v.numpy().reshape([n if place in axes else 1 for place, n in enumerate(x.shape)]) for v in layer.weights)
    mean, variance = x.mean(tuple(axes), keepdims=True), x.var(tuple(axes), keepdims=True)
    np.testing.assert_allclose(layer(x), (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta, rtol=1e-10, atol=1e-12)


def test_rms_scaling_is_deprecated_and_works(keras):
    with pytest.warns(UserWarning, match="You passed `rms_scaling=True`, which is deprecated"):
        layer = layers.LayerNormalization(axis=[1, 2], rms_scaling=True)
    with pytest.warns(UserWarning):
        peer = keras.layers.LayerNormalization(axis=[1, 2], rms_scaling=True)
    with pytest.warns(UserWarning):
        expected = keras.ops.convert_to_numpy(peer(X))
    np.testing.assert_allclose(layer(X), expected, rtol=1e-5, atol=1e-5)
    assert layer.get_config()["rms_scaling"]
    assert [v.name for v in layer.weights] == ["gamma"]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
@pytest.mark.parametrize("policy", ["float32", "float64", "mixed_float16"])
@pytest.mark.parametrize("name", ["BatchNormalization", "LayerNormalization", "GroupNormalization"])
def test_number_types(name, policy, dtype):
    arguments = {"groups": 2} if name == "GroupNormalization" else {}
    layer = getattr(layers, name)(dtype=policy, **arguments)
    x = (10 * X).astype(dtype)
    outputs = layer(x, training=True)
    exact = getattr(layers, name)(dtype="float64", **arguments)(x.astype(float), training=True)
    assert outputs.dtype == layer.compute_dtype
    tolerance = 1e-3 if "float16" in (dtype, outputs.dtype) else 1e-5
    np.testing.assert_allclose(outputs, exact, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_groups_of_channels_first_in_memory_or_not(groups, dtype):
    x, d_y = np.random.default_rng(0).normal(size=(2, 3, 4, 5, 6)).astype(dtype)
    last, first = (layers.GroupNormalization(groups, axis, dtype=dtype) for axis in (-1, 1))
    for layer, shape in ((last, (3, 5, 6, 4)), (first, x.shape)):
        layer.build(shape)
        for seed, weight in enumerate(layer.weights):
            weight.assign(np.random.default_rng(seed).normal(size=4))

    def gradients(layer, x, d_y):
        for weight in layer.weights:
            weight.grad = None
        y, backward = layer.forward(x, training=True)
        return [np.array(array) for array in (y, backward(d_y), *(weight.grad for weight in layer.weights))]

    def moved(array):
        return np.ascontiguousarray(np.moveaxis(array, 1, -1))

    expected = gradients(last, moved(x), moved(d_y))
    expected[:2] = (np.moveaxis(array, -1, 1) for array in expected[:2])
    view = np.moveaxis(moved(x), -1, 1)
    for one, array in zip(expected, gradients(first, view, d_y), strict=True):
        np.testing.assert_array_equal(array, one)
    for one, array in zip(expected, gradients(first, x, d_y), strict=True):
        np.testing.assert_allclose(array, one, rtol=0, atol=10 * np.finfo(dtype).eps * np.abs(one).max())


# Spectral normalization ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda L: L.Dense(4), (5, 6)),
        (lambda L: L.Conv2D(4, 3), (2, 5, 6, 3)),
    ],
    ids=["Dense", "Conv2D"],
)
def test_spectral_normalization_follows_keras(keras, make, shape):
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    layer = layers.SpectralNormalization(make(layers), power_iterations=2)
    peer = keras.layers.SpectralNormalization(make(keras.layers), power_iterations=2)
    layer.build(shape), peer.build(shape)
    assert [v.name for v in layer.weights] == [v.name for v in peer.weights]
    layer.set_weights(peer.get_weights())
    for training in (True, True, False):
        expected = keras.ops.convert_to_numpy(peer(x, training=training))
        np.testing.assert_allclose(layer(x, training=training), expected, rtol=1e-4, atol=1e-5)
    for value, expected in zip(layer.get_weights(), peer.get_weights(), strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-5)


def test_spectral_normalization_makes_the_largest_singular_value_1():
    layer = layers.SpectralNormalization(layers.Dense(4), power_iterations=50)
    layer(np.ones((2, 6), "float32"), training=True)
    np.testing.assert_allclose(np.linalg.svd(layer.layer.kernel.numpy(), compute_uv=False)[0], 1, rtol=1e-3)


def test_spectral_normalization_of_zeros_changes_nothing():
    layer = layers.SpectralNormalization(layers.Dense(4, kernel_initializer="zeros"))
    assert not layer(np.ones((2, 6), "float32"), training=True).any()


def test_spectral_normalization_has_a_config(keras):
    layer = layers.SpectralNormalization(layers.Dense(4, name="inner"), power_iterations=3, name="outer")
    peer = keras.layers.SpectralNormalization(keras.layers.Dense(4, name="inner"), power_iterations=3, name="outer")
    ours, theirs = layer.get_config(), peer.get_config()
    assert ours.keys() == theirs.keys()
    assert ours["power_iterations"] == 3
    copy = layers.SpectralNormalization.from_config(ours)
    assert copy.get_config() == ours
    assert type(copy.layer) is layers.Dense
