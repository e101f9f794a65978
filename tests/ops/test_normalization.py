"""Batch normalization in training, dropout's neighbours, and messages."""

import numpy as np
import pytest

from convlayers import ops
from convlayers.autograd import Tape
from tests.ops.gradients import check_gradients


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(3, 4, 5, 6)) * 2 + 1


def vectors(count):
    rng = np.random.default_rng(1)
    return rng.normal(size=count), rng.normal(size=count)


@pytest.mark.parametrize("axis", [-1, 1, 3])
def test_training(x, axis):
    offset, scale = vectors(x.shape[axis])
    y, mean, variance = ops.batch_normalization_training(x, offset, scale, axis, 1e-2)
    others = tuple(other for other in range(4) if other != axis % 4)
    np.testing.assert_allclose(mean, x.mean(axis=others))
    np.testing.assert_allclose(variance, x.var(axis=others))
    np.testing.assert_allclose(y, ops.batch_normalization(x, mean, variance, axis, offset, scale, 1e-2))


@pytest.mark.parametrize("axis", [-1, 1])
def test_gradients_in_training(x, axis):
    x = x[:2, :3, :2, :3].copy()
    offset, scale = vectors(x.shape[axis])

    def normalize(x, offset=None, scale=None):
        return ops.batch_normalization_training(x, offset, scale, axis, 1e-2)[0]

    check_gradients(normalize, [x])
    check_gradients(normalize, [x, offset, scale])
    check_gradients(lambda x, scale: normalize(x, None, scale), [x, scale])


@pytest.mark.parametrize("activation", [ops.relu, ops.silu])
@pytest.mark.parametrize("axis", [-1, 1])
def test_gradients_of_an_activation_behind_it(x, axis, activation):
    vectors_of_axis = vectors(x.shape[axis])

    def normalize(x, offset, scale):
        return ops.batch_normalization_training(x, offset, scale, axis, 1e-2, activation)[0]

    expected = activation(ops.batch_normalization_training(x, *vectors_of_axis, axis, 1e-2)[0])
    np.testing.assert_allclose(normalize(x, *vectors_of_axis), expected)
    check_gradients(normalize, [x[:2, :3, :2, :3].copy(), *[vector[:3] for vector in vectors_of_axis]])


def test_half_precision_is_computed_in_single():
    x = np.random.default_rng(0).normal(size=(50, 4)).astype("float16") * 100
    y, mean, variance = ops.batch_normalization_training(x)
    assert y.dtype == "float16"
    assert mean.dtype == variance.dtype == "float32"
    assert np.isfinite(variance).all()
    np.testing.assert_allclose(variance, x.astype("float64").var(axis=0), rtol=1e-4)
    np.testing.assert_allclose(y.astype("float64").std(axis=0), 1, rtol=1e-2)
    _, variance = ops.moments(x, axes=[0])
    assert variance.dtype == "float16"


def test_statistics_are_float64_sums_in_single_precision():
    x = (np.random.default_rng(0).normal(size=(20000, 3)) + 1000).astype("float32")
    _, mean, variance = ops.batch_normalization_training(x)
    np.testing.assert_allclose(mean, x.astype("float64").mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(variance, x.astype("float64").var(axis=0), rtol=1e-3)


def test_frozen_statistics_pass_gradients_without_sums(x):
    """Only the gradient for x is wanted."""
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    with Tape() as tape:
        source = tape.watch(x)
        y = ops.batch_normalization(source, mean, variance, -1)
    (gradient,) = tape.backward([y], [np.ones(x.shape)], [source])
    np.testing.assert_allclose(gradient, np.broadcast_to(1 / np.sqrt(variance + 1e-3), x.shape))


@pytest.mark.parametrize("name", ["mean", "variance", "offset", "scale"])
def test_vectors_of_the_wrong_length(x, name):
    arguments = {"mean": np.zeros(6), "variance": np.ones(6), name: np.ones(5)}
    message = rf"Arguments `{name}` must be a vector of length `x.shape\[axis\]`. Expected: `\(6,\)`. Received: `\(5,\)"
    with pytest.raises(ValueError, match=message):
        ops.batch_normalization(x, axis=-1, **arguments)


def test_lists_as_vectors():
    y = ops.batch_normalization(np.ones((2, 3), "float32"), mean=[0.4, 0.5, 0.6], variance=[0.67] * 3, axis=-1)
    np.testing.assert_allclose(y[0], (1 - np.array([0.4, 0.5, 0.6])) / np.sqrt(0.671), rtol=1e-6)


def test_normalize_refuses_other_orders(x):
    for order in (0, -1, 1.5, "fro"):
        with pytest.raises(ValueError, match=f"Argument `order` must be an int >= 1. Received: order={order}"):
            ops.normalize(x, order=order)


def test_moments_of_several_processes(x):
    with pytest.raises(NotImplementedError, match="Argument synchronized=True is not supported"):
        ops.moments(x, [0], synchronized=True)


def test_moments_of_what_a_mask_keeps(x):
    mask = np.random.default_rng(2).random(x.shape[:-1]) < 0.6
    mean, variance = ops.masked_moments(x, mask, [0, 1, 2])
    kept = x[mask]
    # The count is larger by epsilon, so that nothing is divided by 0.
    np.testing.assert_allclose(mean, kept.mean(axis=0), rtol=1e-7)
    np.testing.assert_allclose(variance, kept.var(axis=0), rtol=1e-7)
    for moment in ops.masked_moments(x, np.zeros_like(mask), [0, 1, 2]):
        np.testing.assert_array_equal(moment, np.zeros(6))


def test_gradients_of_what_a_mask_keeps(x):
    mask = np.random.default_rng(2).random(x.shape[:-1]) < 0.6
    check_gradients(lambda x: ops.masked_moments(x, mask, [0, 1, 2]), [x], tolerance=1e-6)
