"""Dropout and other noise: what is drawn, when, and what is done with it."""

import tracemalloc

import numpy as np
import pytest

from convlayers import layers, ops, random

ONES = np.ones((64, 64), "float32")


def test_inference_returns_the_input_itself():
    assert layers.Dropout(0.5)(ONES) is ONES
    assert layers.Dropout(0)(ONES, training=True) is ONES


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_part_is_dropped_and_the_rest_scaled(rate):
    y = layers.Dropout(rate, seed=1)(ONES, training=True)
    np.testing.assert_allclose(np.unique(y), [0, np.float32(1 / (1 - rate))], rtol=1e-6)
    # Five standard deviations of a binomial distribution.
    assert abs(np.mean(y == 0) - rate) < 5 * np.sqrt(rate * (1 - rate) / y.size)


def test_everything_can_be_dropped():
    y, backward = layers.Dropout(1.0).forward(ONES)
    assert not y.any()
    assert not backward(ONES).any()


def test_the_same_seed_gives_the_same_masks_in_order():
    one, other, another = layers.Dropout(0.5, seed=1), layers.Dropout(0.5, seed=1), layers.Dropout(0.5, seed=2)
    first, second = one(ONES, training=True), one(ONES, training=True)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(other(ONES, training=True), first)
    np.testing.assert_array_equal(other(ONES, training=True), second)
    assert not np.array_equal(another(ONES, training=True), first)


def test_without_a_seed_the_seed_of_the_program_decides():
    def draw():
        random.set_random_seed(5)
        return layers.Dropout(0.5)(ONES, training=True)

    np.testing.assert_array_equal(draw(), draw())
    assert not np.array_equal(draw(), layers.Dropout(0.5)(ONES, training=True))


def test_the_backward_pass_drops_the_same():
    y, backward = layers.Dropout(0.5, seed=1).forward(ONES)
    np.testing.assert_array_equal(backward(ONES), y)
    np.testing.assert_array_equal(backward(3 * ONES), 3 * y)


def test_noise_shape_is_repeated():
    x = np.ones((4, 8, 8, 16))
    y = layers.Dropout(0.5, noise_shape=(None, 1, 1, 16), seed=1, dtype="float64")(x, training=True)
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1, :1], y.shape))
    assert 0 < np.mean(y == 0) < 1


@pytest.mark.parametrize("noise_shape", [(3, 64), (2, 2, 2), (64, 63)])
def test_noise_shape_must_broadcast(noise_shape):
    with pytest.raises(ValueError, match="`noise_shape` must broadcast"):
        layers.Dropout(0.5, noise_shape=noise_shape)(ONES, training=True)


@pytest.mark.parametrize("name", ["Dropout", "GaussianDropout", "GaussianNoise"])
def test_nothing_is_kept_for_the_backward_pass(name):
    x = np.ones((1000, 100), "float32")
    layer = getattr(layers, name)(0.5, seed=1)
    tracemalloc.start()
    y, backward = layer.forward(x)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert backward
    assert held - y.nbytes < 0.1 * x.size


@pytest.mark.parametrize("order", ["C", "F"])
def test_what_is_drawn_does_not_depend_on_the_order_in_memory(order):
    x = np.random.default_rng(0).normal(size=(3, 4, 5, 6)).astype("float32", order=order)
    y, backward = layers.Dropout(0.5, seed=1).forward(x)
    np.testing.assert_array_equal(y, layers.Dropout(0.5, seed=1)(np.ascontiguousarray(x), training=True))
    np.testing.assert_array_equal(backward(x), y)
    np.testing.assert_array_equal(backward(np.ascontiguousarray(x)), y)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_every_dtype_is_dropped_alike(dtype):
    expected = layers.Dropout(0.5, seed=1)(ONES, training=True)
    np.testing.assert_array_equal(ops.dropout(ONES.astype(dtype), 0.5, seed=random.SeedGenerator(1)), expected.astype(dtype))


def test_the_state_is_a_variable_but_no_weight(keras):
    layer, peer = layers.Dropout(0.5, seed=3), keras.layers.Dropout(0.5, seed=3)
    assert layer.weights == peer.weights == []
    assert [v.name for v in layer.variables] == [v.name for v in peer.variables] == ["seed_generator_state"]
    layer(ONES, training=True)
    state = layer.seed_generator.state.numpy()
    first = layer(ONES, training=True)
    layer.seed_generator.state.assign(state)
    np.testing.assert_array_equal(layer(ONES, training=True), first)


# Its relatives --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shape", "axes"),
    [
        ("SpatialDropout1D", (8, 5, 64), (1,)),
        ("SpatialDropout2D", (8, 5, 6, 64), (1, 2)),
        ("SpatialDropout3D", (8, 2, 3, 4, 64), (1, 2, 3)),
    ],
)
def test_spatial_dropout_drops_whole_channels(name, shape, axes):
    x = np.ones(shape, "float32")
    y, backward = getattr(layers, name)(0.25, seed=1).forward(x)
    channels = y.mean(axes)
    np.testing.assert_array_equal(np.unique(channels.round(4)), [0, np.float32(1.3333)])
    assert abs(np.mean(channels == 0) - 0.25) < 5 * np.sqrt(0.25 * 0.75 / channels.size)
    np.testing.assert_array_equal(backward(x), y)
    if name != "SpatialDropout1D":
        first = getattr(layers, name)(0.25, seed=1, data_format="channels_first")(np.moveaxis(x, -1, 1), training=True)
        np.testing.assert_array_equal(np.moveaxis(first, 1, -1), y)


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.default_rng(0).normal(size=(500, 500)).astype("float32")
    y = layers.AlphaDropout(0.3, seed=1)(x, training=True)
    np.testing.assert_allclose([y.mean(), y.std()], [0, 1], atol=0.01)
    # What is dropped is the saturation of selu, moved and scaled as the rest is.
    saturation = -1.7580993408473766
    factor = (0.7 * (1 + 0.3 * saturation**2)) ** -0.5
    dropped = np.isclose(y, factor * saturation * 0.7, atol=1e-6)
    assert abs(dropped.mean() - 0.3) < 0.005
    np.testing.assert_allclose(y[~dropped], factor * x[~dropped] - factor * saturation * 0.3, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "strength", "deviation"),
    [("GaussianNoise", 0.3, 0.3), ("GaussianDropout", 0.2, 2 * 0.5), ("GaussianDropout", 0.5, 2)],
)
def test_gaussian_noise(name, strength, deviation):
    x = np.full((400, 400), 2.0, "float32")
    y = getattr(layers, name)(strength, seed=1)(x, training=True)
    np.testing.assert_allclose([y.mean(), y.std()], [2, deviation], rtol=0.02)
    assert y.dtype == "float32"


def test_gaussian_noise_is_that_of_the_same_seed():
    one, other = layers.GaussianNoise(0.5, seed=1), layers.GaussianNoise(0.5, seed=1)
    first = one(ONES, training=True)
    np.testing.assert_array_equal(other(ONES, training=True), first)
    assert not np.array_equal(one(ONES, training=True), first)


@pytest.mark.parametrize("name", ["GaussianNoise", "GaussianDropout"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "mixed_float16"])
def test_gaussian_noise_in_any_order_and_dtype(name, dtype):
    x = np.random.default_rng(0).normal(size=(3, 4, 5, 6)).astype("float32")
    expected, backward = getattr(layers, name)(0.5, seed=1).forward(x)
    tolerance = {"rtol": 1e-3, "atol": 1e-3} if dtype == "mixed_float16" else {"rtol": 1e-6, "atol": 1e-6}
    for order in "CF":
        y, other_backward = getattr(layers, name)(0.5, seed=1, dtype=dtype).forward(x.astype("float64", order=order))
        np.testing.assert_allclose(y, expected, **tolerance)
        np.testing.assert_allclose(other_backward(x), backward(x), **tolerance)


def test_gradients_of_gaussian_noise():
    x = np.random.default_rng(0).normal(size=(30, 40)).astype("float32")
    d_y = np.random.default_rng(1).normal(size=x.shape).astype("float32")
    _, backward = layers.GaussianNoise(0.5, seed=1).forward(x)
    np.testing.assert_array_equal(backward(d_y), d_y)
    y, backward = layers.GaussianDropout(0.5, seed=1).forward(x)
    np.testing.assert_allclose(backward(d_y) * x, d_y * y, rtol=1e-5)


@pytest.mark.parametrize("name", ["AlphaDropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D"])
def test_relatives_do_nothing_in_inference(name):
    layer = getattr(layers, name)(0.5)
    x = np.ones((2, 3, 4), "float32")
    assert layer(x) is x
    assert layer.built


def test_activity_regularization_is_by_sample(keras):
    x = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    layer, peer = layers.ActivityRegularization(0.1, 0.2), keras.layers.ActivityRegularization(0.1, 0.2)
    assert layer(x) is x
    peer(x)
    np.testing.assert_allclose(layer.losses, [float(loss) for loss in peer.losses], rtol=1e-6)
    np.testing.assert_allclose(layer.losses[0], (0.1 * np.abs(x).sum() + 0.2 * np.square(x).sum()) / 4, rtol=1e-6)
