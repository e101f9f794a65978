"""Assignments to variables that are undone."""

import numpy as np
import pytest

from convlayers.rollback import with_effect, without_effect
from convlayers.variables import Variable


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
