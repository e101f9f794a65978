"""Variables: values that come later or never, and changes that are undone."""

import threading

import numpy as np
import pytest

from convlayers.naming import name_scope
from convlayers.variables import Variable, initialized_later, with_effect, without_effect


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


# Trials --------------------------------------------------------------------------------------------------------------


def test_what_is_assigned_without_effect_is_undone():
    v, other = Variable(np.ones(3)), Variable(np.zeros(2))
    version = v.version
    with without_effect():
        v.assign_add(np.ones(3))
        v.assign_add(np.ones(3))
        np.testing.assert_array_equal(v.value, [3, 3, 3])
        with with_effect():
            other.assign([5, 6])
    np.testing.assert_array_equal(v.value, [1, 1, 1])
    np.testing.assert_array_equal(other.value, [5, 6])
    # What was computed from the value meanwhile is out of date.
    assert v.version > version + 2


def test_an_exception_undoes_as_well():
    v = Variable(np.ones(3))
    with pytest.raises(KeyError), without_effect():
        v.assign(np.zeros(3))
        raise KeyError
    np.testing.assert_array_equal(v.value, [1, 1, 1])


def test_a_trial_does_not_take_initial_values_away():
    with initialized_later():
        v = Variable("ones", shape=(2,))
        with without_effect():
            v.assign([7, 7])
    np.testing.assert_array_equal(v.value, [1, 1])


def test_paths_have_the_names_of_the_scope():
    with name_scope.inside("block"), name_scope.inside("conv"):
        assert Variable(np.ones(1), name="kernel").path == "block/conv/kernel"
    assert Variable(np.ones(1), name="kernel").path == "kernel"
