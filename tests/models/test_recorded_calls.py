"""Recorded calls give what the function gives, forward and back."""

import copy
import pickle

import numpy as np
import pytest

from convlayers import ops
from convlayers.autograd import Tape, Tensor, value_of
from convlayers.launching import empty, launch
from convlayers.models import recorded_calls
from convlayers.models.recorded_calls import RecordedCalls
from convlayers.ops import relu
from convlayers.variables import Variable


def relu_alone(x):
    """Returns the tensor that is differentiated, and no others."""
    return relu(x), []


def call(calls, x, weights=(), function=relu_alone, d_y=None, state=None):
    """Returns what a recording makes of an array, None for nothing, and the gradient for it."""
    with Tape() as tape:
        watched = tape.watch(x)
        results = calls(function, [watched], state, weights)
    if results is None:
        return None, None
    y, _ = results
    [d_x] = tape.backward([y], [np.ones_like(y.value) if d_y is None else d_y], [watched])
    return y.value, d_x


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_the_first_call_is_not_recorded_and_the_others_are():
    calls, counts = RecordedCalls(), []

    def function(x):
        counts.append(1)
        return relu_alone(x)

    for seed in range(5):
        x, d_y = random(3, 4, seed=seed), random(3, 4, seed=seed + 9)
        y, d_x = call(calls, x, function=function, d_y=d_y)
        if seed == 0:
            assert y is None
        else:
            np.testing.assert_array_equal(y, np.maximum(x, 0))
            np.testing.assert_array_equal(d_x, d_y * (x > 0))
        del y
    assert len(counts) == 1


def test_a_result_that_lives_is_not_written_to():
    calls = RecordedCalls()
    for _ in range(2):
        call(calls, random(3))
    with Tape() as tape:
        first, second = tape.watch(random(3, seed=1)), tape.watch(random(3, seed=2))
        y, _ = calls(relu_alone, [first], None)
        # Its way back is still to come.
        assert calls(relu_alone, [second], None) is None
    [d_x] = tape.backward([y], [np.ones(3, "float32")], [first])
    np.testing.assert_array_equal(d_x, first.value > 0)
    del y
    assert call(calls, random(3))[0] is not None


def test_gradients_of_inputs_may_be_kept():
    calls = RecordedCalls()
    kept = [call(calls, random(3, seed=seed))[1] for seed in range(5)][1:]
    for seed, d_x in enumerate(kept, 1):
        np.testing.assert_array_equal(d_x, random(3, seed=seed) > 0)


def test_gradients_of_variables_are_added_to_those_they_have():
    weight = Variable(np.full((2, 2), 2, "float32"))
    calls = RecordedCalls()
    for seed in range(4):
        x = random(3, 2, seed=seed)
        weight.grad = np.ones((2, 2), "float32")
        y, _ = call(calls, x, [weight], lambda x: (ops.dense(x, weight), []))
        if y is not None:
            np.testing.assert_allclose(weight.grad, 1 + x.T @ np.ones((3, 2)), rtol=1e-5)
        del y


def test_each_kind_of_inputs_has_a_recording():
    calls = RecordedCalls()
    for turn in range(3):
        for x in (random(3), random(4), random(3).astype("float64")):
            y, d_x = call(calls, x)
            assert (y is None) == (turn == 0)
            if y is not None:
                np.testing.assert_array_equal(y, np.maximum(x, 0))
                np.testing.assert_array_equal(d_x, x > 0)
            del y
    assert call(calls, random(3), state="another")[0] is None


def test_what_does_not_fit_is_not_repeated():
    def unknown(x):
        return ops.multiply(relu(x), 3.0), []

    calls = RecordedCalls()
    results = [call(calls, random(3), function=unknown)[0] for _ in range(4)]
    assert [result is None for result in results] == [True, False, True, True]


def test_a_function_that_fails_leaves_nothing_behind():
    def failing(x):
        y = empty(x.shape, x.dtype)
        launch(np.add, x.value, "one", y)

    calls = RecordedCalls()
    call(calls, random(3), function=failing)
    with pytest.raises(TypeError):
        call(calls, random(3), function=failing)
    assert call(calls, random(3))[0] is None
    np.testing.assert_array_equal(relu(random(3)), np.maximum(random(3), 0))


def test_no_more_kinds_than_a_few_are_remembered(monkeypatch):
    monkeypatch.setattr(recorded_calls, "MOST_CALLS", 2)
    calls = RecordedCalls()
    for length in (1, 2, 3):
        call(calls, random(length))
    assert len(calls._calls) == 1


@pytest.mark.parametrize("make_copy", [copy.deepcopy, lambda calls: pickle.loads(pickle.dumps(calls))])
def test_a_copy_has_nothing_recorded(make_copy):
    calls = RecordedCalls()
    for _ in range(3):
        call(calls, random(3))
    assert call(make_copy(calls), random(3))[0] is None


@pytest.mark.parametrize(("of_others", "known"), [(relu, True), (lambda x: ops.multiply(x, 2.0), False)])
def test_other_results_are_values_that_may_be_kept(of_others, known):
    def function(x):
        return relu(x), [of_others(x)]

    calls, kept = RecordedCalls(), []
    for seed in range(5):
        with Tape() as tape:
            x = tape.watch(random(3, seed=seed))
            results = calls(function, [x], None)
        if results is not None:
            y, [other] = results
            [d_x] = tape.backward([y], [np.ones(3, "float32")], [x])
            np.testing.assert_array_equal(d_x, x.value > 0)
            kept.append((seed, value_of(other)))
            del y, other, results
    assert [seed for seed, _ in kept] == ([1, 2, 3, 4] if known else [1])
    for seed, other in kept:
        np.testing.assert_array_equal(other, value_of(of_others(random(3, seed=seed))))


def test_a_result_is_a_tensor_of_the_tape_outside():
    calls = RecordedCalls()
    call(calls, random(3))
    for _ in range(2):
        with Tape() as tape:
            x = tape.watch(random(3))
            y = ops.multiply(calls(relu_alone, [x], None)[0], 2.0)
        assert isinstance(y, Tensor)
        [d_x] = tape.backward([y], [np.ones(3, "float32")], [x])
        np.testing.assert_array_equal(d_x, 2 * (x.value > 0))
        del y


def test_a_tape_may_go_back_twice():
    calls = RecordedCalls()
    for seed in range(4):
        with Tape() as tape:
            x = tape.watch(random(3, seed=seed))
            results = calls(relu_alone, [x], None)
        if results is None:
            continue
        y, _ = results
        for factor in (1, 2):
            [d_x] = tape.backward([y], [np.full(3, factor, "float32")], [x], retain=True)
            np.testing.assert_array_equal(d_x, factor * (x.value > 0))
        del y, results, tape


def test_what_is_too_large_has_its_gradients(monkeypatch):
    monkeypatch.setattr(recorded_calls, "MOST_BYTES", 10)
    calls = RecordedCalls()
    call(calls, random(30))
    y, d_x = call(calls, random(30))
    np.testing.assert_array_equal(y, np.maximum(random(30), 0))
    np.testing.assert_array_equal(d_x, random(30) > 0)
    del y
    assert call(calls, random(30))[0] is None
