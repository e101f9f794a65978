"""Variables whose initial values come later or never."""

import threading

import numpy as np
import pytest

from convlayers.deferred_initialization import initialized_later
from convlayers.rollback import without_effect
from convlayers.variables import Variable


@pytest.fixture
def calls():
    """The shapes that `ones` was called with."""
    return []


@pytest.fixture
def ones(calls):
    def initializer(shape, dtype):
        calls.append(shape)
        return np.ones(shape, dtype)

    return initializer


def test_initial_values_come_at_the_end(calls, ones):
    with initialized_later():
        variable = Variable(ones, shape=(2, 3), dtype="float64")
        value = variable.value
        assert variable.dtype == "float64"
        assert calls == []
    assert calls == [(2, 3)]
    assert variable.value is value
    assert (value == 1).all()


def test_what_was_assigned_needs_no_initial_value(calls, ones):
    with initialized_later():
        variable = Variable(ones, shape=(2,))
        variable.assign([5, 6])
    assert calls == []
    assert variable.numpy().tolist() == [5, 6]


def test_arrays_are_there_at_once():
    with initialized_later():
        assert Variable(np.array([3.0])).numpy().tolist() == [3]


def test_scopes_inside_one_another(calls, ones):
    with initialized_later():
        Variable(ones, shape=(1,))
        with initialized_later():
            inner = Variable(ones, shape=(2,))
        assert inner.numpy().all()
        Variable(ones, shape=(3,))
        assert calls == [(2,)]
    assert calls == [(2,), (1,), (3,)]
    assert Variable(ones, shape=(4,)).numpy().all()


def test_after_an_error_variables_are_made_as_before(calls, ones):
    with pytest.raises(KeyError), initialized_later():
        Variable(ones, shape=(1,))
        raise KeyError
    assert calls == []
    assert Variable(ones, shape=(1,)).numpy().all()


def test_other_threads_are_not_concerned(ones):
    made = []
    with initialized_later():
        thread = threading.Thread(target=lambda: made.append(Variable(ones, shape=(1,)).numpy()))
        thread.start()
        thread.join()
    assert made[0].all()


def test_a_trial_does_not_take_initial_values_away():
    with initialized_later():
        v = Variable("ones", shape=(2,))
        with without_effect():
            v.assign([7, 7])
    np.testing.assert_array_equal(v.value, [1, 1])
