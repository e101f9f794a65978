"""Dropout: what is drawn, when, and what is done with it."""

import tracemalloc

import numpy as np
import pytest

from convlayers import layers, random

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


def test_what_is_kept_for_the_backward_pass_takes_one_byte_for_each_number():
    x = np.ones((1000, 100), "float32")
    layer = layers.Dropout(0.5, seed=1)
    tracemalloc.start()
    y, backward = layer.forward(x)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert backward
    assert held - y.nbytes < 1.1 * x.size
