"""`tf.data.Dataset`: what TensorFlow 2.15 gives for the same calls."""

import numpy as np
import pytest

from convlayers import Input, Sequential, layers
from convlayers.scripts.datasets import Dataset

X = np.arange(7)


def listed(dataset, most=20):
    elements = []
    for element, _ in zip(dataset, range(most), strict=False):
        elements.append([part.tolist() for part in element] if isinstance(element, tuple) else np.asarray(element).tolist())
    return elements


@pytest.fixture
def numbers():
    return Dataset.from_tensor_slices(X)


def test_batches(numbers):
    assert listed(numbers.batch(3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert listed(numbers.batch(3, drop_remainder=True)) == [[0, 1, 2], [3, 4, 5]]
    assert len(numbers.batch(3)) == 3
    assert listed(numbers.take(4).batch(2).batch(2)) == [[[0, 1], [2, 3]]]


def test_repeats(numbers):
    assert listed(numbers.batch(3).repeat(2)) == [[0, 1, 2], [3, 4, 5], [6]] * 2
    assert listed(numbers.repeat(2).batch(3)) == [[0, 1, 2], [3, 4, 5], [6, 0, 1], [2, 3, 4], [5, 6]]
    assert listed(numbers.repeat().batch(3), 3) == [[0, 1, 2], [3, 4, 5], [6, 0, 1]]
    assert listed(numbers.repeat().take(9)) == [*range(7), 0, 1]
    assert listed(numbers.take(2).repeat(2)) == [0, 1, 0, 1]
    assert listed(numbers.skip(5).repeat(2)) == [5, 6, 5, 6]
    assert numbers.repeat().cardinality() == -1
    with pytest.raises(TypeError, match="The dataset is infinite."):
        len(numbers.repeat())


def test_structures():
    dataset = Dataset.from_tensor_slices((X, X * 10))
    assert listed(dataset.map(lambda x, y: x + y).batch(7)) == [(X * 11).tolist()]
    assert listed(dataset.batch(4).map(lambda x, y: (x, y + 1)))[1] == [[4, 5, 6], [41, 51, 61]]
    assert listed(Dataset.from_tensor_slices({"a": X, "b": X}).map(lambda parts: parts["a"] + parts["b"])) == (X * 2).tolist()
    assert listed(Dataset.zip((Dataset.range(2), Dataset.range(5)))) == [[0, 0], [1, 1]]
    assert listed(Dataset.from_generator(lambda: iter([1, 2]), output_types="int32")) == [1, 2]
    with pytest.raises(ValueError, match="same number of elements"):
        Dataset.from_tensor_slices((X, X[:3]))


def test_shuffle(numbers):
    shuffled = numbers.shuffle(100)
    orders = [listed(shuffled) for _ in range(4)]
    assert all(sorted(order) == X.tolist() for order in orders)
    assert len({tuple(order) for order in orders}) > 1
    assert listed(numbers.shuffle(7, seed=1)) == listed(numbers.shuffle(7, seed=1))
    kept = numbers.shuffle(7, reshuffle_each_iteration=False)
    assert listed(kept) == listed(kept)
    # Every time through the data has an order of its own.
    rounds = listed(numbers.shuffle(7, seed=3).repeat(2).batch(7))
    assert [sorted(order) for order in rounds] == [X.tolist()] * 2
    assert rounds[0] != rounds[1]
    with pytest.raises(ValueError, match="Call it before `repeat"):
        numbers.repeat().shuffle(5)


def test_cache(numbers):
    calls = []
    dataset = numbers.map(lambda x: calls.append(x) or x).cache()
    assert listed(dataset) == listed(dataset) == X.tolist()
    assert len(calls) == 7


def test_trains_a_model():
    x = np.random.RandomState(0).normal(size=(40, 4)).astype("float32")
    dataset = Dataset.from_tensor_slices((x, x.sum(axis=1, keepdims=True))).shuffle(40).batch(8).prefetch(-1)
    model = Sequential([Input((4,)), layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(dataset, epochs=3, verbose=0, validation_data=dataset)
    assert len(history.history["val_loss"]) == 3
    assert model.predict(dataset, verbose=0).shape == (40, 1)
    endless = Dataset.from_tensor_slices((x, x[:, :1])).repeat().batch(16)
    assert len(model.fit(endless, epochs=2, steps_per_epoch=3, verbose=0).epoch) == 2
