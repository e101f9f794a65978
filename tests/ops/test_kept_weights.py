"""Packed weights are kept from one call to the next, and never longer than the weights stay the same."""

import copy
import pickle

import numpy as np
import pytest

from convlayers import Sequential, layers, ops
from convlayers.optimizers import SGD, Adam
from convlayers.rollback import without_effect
from convlayers.saving.weight_files import save_weights
from convlayers.variables import Variable


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(1, 14, 14, 64)).astype("float32")


@pytest.fixture
def layer(x):
    """A layer that keeps what it made of its weights."""
    layer = layers.Conv2D(64, 3, padding="same")
    layer.build(x.shape)
    layer(x)
    layer(x)
    assert is_kept(layer)
    return layer


def is_kept(layer):
    kept = layer.kernel.kept
    return kept is not None and bool(kept.for_plan(kept._last[0]))


def without_keeping(layer, x):
    return ops.conv_bias_activation(x, layer.kernel.numpy(), layer.bias.numpy(), padding=layer.padding)


def assert_up_to_date(layer, x):
    for _ in range(3):
        np.testing.assert_array_equal(layer(x), without_keeping(layer, x))


def test_the_second_call_keeps(x):
    layer = layers.Conv2D(64, 3)
    layer(x)
    assert not is_kept(layer)
    layer(x)
    assert is_kept(layer)
    assert_up_to_date(layer, x)


def test_inputs_of_another_shape(layer, x):
    assert_up_to_date(layer, x[:, :9, 2:])
    assert_up_to_date(layer, x)
    assert_up_to_date(layer, np.concatenate([x] * 40))


def change_by_assign(layer, x):
    layer.kernel.assign(layer.kernel.value * 2)


def change_by_set_weights(layer, x):
    layer.set_weights([weight + 1 for weight in layer.get_weights()])


def change_by_optimizers(layer, x):
    for optimizer in (SGD(0.1), Adam(0.1), SGD(0.1, weight_decay=0.1), Adam(0.1, use_ema=True, ema_overwrite_frequency=1)):
        layer.forward(x)[1](layer(x))
        optimizer.apply([variable.grad for variable in layer.trainable_variables], layer.trainable_variables)


@pytest.mark.parametrize("change", [change_by_assign, change_by_set_weights, change_by_optimizers])
def test_a_change_is_seen(layer, x, change):
    before = layer.kernel.numpy()
    change(layer, x)
    assert not np.array_equal(before, layer.kernel.numpy())
    assert_up_to_date(layer, x)


@pytest.mark.parametrize(("suffix", "format"), [(".weights.h5", None), (".h5", "keras2")])
def test_weights_of_a_file_are_seen(layer, x, tmp_path, suffix, format):
    before, path = layer.kernel.numpy(), tmp_path / f"other{suffix}"
    other = Sequential([layers.Input(x.shape[1:]), layers.Conv2D(64, 3, padding="same")])
    save_weights(other, path, format=format)
    Sequential([layers.Input(x.shape[1:]), layer]).load_weights(path)
    assert not np.array_equal(before, layer.kernel.numpy())
    assert_up_to_date(layer, x)


def test_a_change_that_is_undone_is_seen(layer, x):
    before = layer(x)
    with without_effect():
        layer.kernel.assign(np.zeros(layer.kernel.shape))
        assert_up_to_date(layer, x)
    np.testing.assert_array_equal(layer(x), before)


def test_training_keeps_nothing(x):
    model = Sequential([layers.Conv2D(64, 3), layers.GlobalMaxPooling2D()])
    model.compile("sgd", "mse")
    for _ in range(3):
        model.train_on_batch(x, np.zeros((1, 64)))
        assert not is_kept(model.layers[0])


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_numbers_that_are_not_finite(layer, x, value):
    x[0, 3, 4, 5] = value
    np.testing.assert_array_equal(layer(x), without_keeping(layer, x))
    x[0, 3, 4, 5] = 0
    assert_up_to_date(layer, x)


def test_a_value_is_for_reading(layer):
    with pytest.raises(ValueError, match="read-only"):
        layer.kernel.value[0] = 1
    assert layer.kernel.numpy().flags.writeable


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_copies_of_variables(copied):
    variable = Variable(np.arange(3.0), name="weight")
    other = copied(variable)
    other.assign([5, 6, 7])
    assert other.value.tolist() == [5, 6, 7]
    assert (other.name, other.trainable, other.dtype) == ("weight", True, "float64")
