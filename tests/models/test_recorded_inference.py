"""Calls in inference that are recorded do what the general way does, bit by bit, with weights and settings as they are."""

import threading

import numpy as np
import pytest

import convlayers as keras
from convlayers import layers
from convlayers.autograd import Tape
from convlayers.models import recorded, recorded_calls
from convlayers.models.recorded import RecordedInference
from tests.models.recorded_networks import NETWORKS, RECORDED, batches, make


def images(count, samples=4):
    return [x for x, _ in batches(count, samples)]


def recordings(model):
    """Returns for each shape of inputs whether calls are made by a recording."""
    calls = vars(model._network._recorded_inference).get("_calls", {})
    return {shape: isinstance(call, recorded.RecordedPrediction) for (shape, _), call in calls.items()}


def assert_same_as_the_general_way(monkeypatch, model, call, inputs):
    results = [call(model, x) for x in inputs]
    with monkeypatch.context() as context:
        context.setattr(RecordedInference, "predict", lambda self, x, training: None)
        expected = [call(model, x) for x in inputs]
    for result, right in zip(results, expected, strict=True):
        np.testing.assert_array_equal(result, right)


WAYS = {
    "call": lambda model, x: model(x),
    "not training": lambda model, x: model(x, training=False),
    "predict": lambda model, x: model.predict(x, verbose=0),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", NETWORKS)
def test_numbers_are_those_of_the_general_way(name, way, monkeypatch):
    model = make(name)
    for batch in batches(2):
        model.train_on_batch(*batch)  # for moving averages
    assert_same_as_the_general_way(monkeypatch, model, WAYS[way], images(5))
    assert recordings(model) == ({(4, 8, 8, 4): True} if name in RECORDED else {})


OTHERS = {
    "normalized first": ([layers.BatchNormalization(), layers.ReLU(), layers.Flatten()], True),
    "computed by NumPy": ([layers.Flatten(), layers.Dense(8, activation="sparsemax")], False),
    "computed by NumPy at the end": ([layers.Flatten(), layers.Activation("sparsemax")], False),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_no_kernel_computes_is_not_repeated(name, monkeypatch):
    stack, are_repeated = OTHERS[name]
    model = keras.Sequential([keras.Input((8, 8, 4)), *stack])
    assert_same_as_the_general_way(monkeypatch, model, WAYS["call"], images(4))
    assert recordings(model) == {(4, 8, 8, 4): are_repeated}


def test_weights_change(monkeypatch):
    model = make("one of each")
    x, y = batches(1)[0]
    for _ in range(3):
        assert_same_as_the_general_way(monkeypatch, model, WAYS["call"], [x] * 4)
        assert recordings(model) == {x.shape: True}
        before = model(x)
        model.train_on_batch(x, y)
        assert not np.array_equal(model(x), before)


def test_settings_change(monkeypatch):
    model = make("one of each")
    [x] = images(1)
    before = [model(x) for _ in range(4)]
    model.layers[0].activation = keras.activations.tanh
    assert not np.array_equal(model(x), before[0])
    assert_same_as_the_general_way(monkeypatch, model, WAYS["call"], [x] * 4)


def test_shapes_take_turns(monkeypatch):
    model = make("one of each")
    inputs = [x for samples in (1, 4, 2) for x in images(3, samples)]
    assert_same_as_the_general_way(monkeypatch, model, WAYS["call"], [*inputs, *inputs])
    assert set(recordings(model).values()) == {True}
    for samples in range(5, 9):
        model(images(1, samples)[0])
    assert len(recordings(model)) <= recorded.MOST_CALLS


def test_what_is_returned_belongs_to_the_caller():
    model = make("one of each")
    results = [model(x) for x in images(6)]
    copies = [result.copy() for result in results]
    model(np.zeros_like(images(1)[0]))
    assert all(map(np.array_equal, results, copies))
    assert not any(np.shares_memory(results[-1], other) for other in results[:-1])


def test_inputs_are_not_kept():
    model = keras.Sequential([keras.Input((8, 8, 4)), layers.Flatten()])
    [x] = images(1)
    results = [model(x) for _ in range(4)]
    x[...] = 0
    assert results[-1].any()


def test_several_threads(monkeypatch):
    model = make("pooled")
    inputs = images(40)
    expected = [model(x) for x in inputs]
    wrong = []

    def work():
        for _ in range(5):
            wrong.extend(index for index, x in enumerate(inputs) if not np.array_equal(model(x), expected[index]))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_on_a_tape_calls_are_not_repeated():
    model = make("one of each")
    [x] = images(1)
    for _ in range(4):
        model(x)
    with Tape() as tape:
        watched = tape.watch(x)
        y = model(watched)
    [d_x] = tape.backward([y], [np.arange(12, dtype="float32").reshape(4, 3)], [watched])
    assert d_x.any()


def test_a_layer_that_always_trains():
    x = keras.Input((64,))
    model, ones = keras.Model(x, layers.Dropout(0.5)(x, training=True)), np.ones((1, 64), "float32")
    results = [model(ones) for _ in range(4)]
    for _ in range(4):
        np.testing.assert_array_equal(model(ones, training=False), ones)
    assert len({result.tobytes() for result in results}) == 4


def test_layers_inside_of_one_that_trains_train():
    class Around(layers.Layer):
        def call(self, inputs, training=None):
            return model.call(inputs)

    model = keras.Sequential([keras.Input((8, 8, 4)), layers.Flatten(), layers.Dropout(0.5)])
    around, [x] = Around(), images(1)
    for _ in range(4):
        np.testing.assert_array_equal(around(x), x.reshape(4, -1))
    assert (around(x, training=True) == 0).any()


def test_large_arrays_are_not_kept(monkeypatch):
    [x] = images(1)
    for module in (recorded, recorded_calls):
        monkeypatch.setattr(module, "MOST_BYTES", x.nbytes)
    model = make("pooled")
    assert_same_as_the_general_way(monkeypatch, model, WAYS["call"], [x] * 4)
    assert recordings(model) == {x.shape: False}


def test_large_inputs_are_not_copied(monkeypatch):
    [x] = images(1)
    monkeypatch.setattr(recorded, "MOST_BYTES", x.nbytes - 1)
    model = make("pooled")
    assert_same_as_the_general_way(monkeypatch, model, WAYS["call"], [x] * 4)
    assert recordings(model) == {}
