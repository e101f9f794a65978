"""The table of masks: whose mask it is, and for how long."""

import numpy as np
import pytest

from convlayers import Input, masks
from convlayers.autograd import Tape, value_of
from convlayers.masks import get_keras_mask, remembered_masks, set_keras_mask

MASK = np.array([True, False])


def test_nothing_has_a_mask():
    assert get_keras_mask(np.ones(2)) is None
    assert get_keras_mask(None) is None
    assert get_keras_mask("text") is None
    assert get_keras_mask(Input((2,))) is None


def test_an_array_keeps_its_mask_as_long_as_it_lives():
    x, y = np.ones(2), np.ones(2)
    set_keras_mask(x, MASK)
    set_keras_mask(y, ~MASK)
    assert get_keras_mask(x) is MASK
    assert get_keras_mask(x.copy()) is None
    set_keras_mask(x, ~MASK)
    np.testing.assert_array_equal(get_keras_mask(x), ~MASK)
    set_keras_mask(y, None)
    assert get_keras_mask(y) is None
    key = id(x)
    assert key in remembered_masks
    assert id(y) not in remembered_masks
    del x
    assert key not in remembered_masks


def test_a_tensor_has_the_mask_of_its_array():
    x = np.ones(2)
    set_keras_mask(x, MASK)
    with Tape() as tape:
        watched = tape.watch(x)
    assert get_keras_mask(watched) is MASK
    set_keras_mask(watched, None)
    assert get_keras_mask(value_of(watched)) is None


def test_a_symbolic_tensor_has_its_own():
    x = Input((2,))
    mask = Input((2,), dtype="bool")
    set_keras_mask(x, mask)
    assert get_keras_mask(x) is mask
    assert id(x) not in remembered_masks


@pytest.mark.parametrize("x", [np.float32(1), None, [1, 2]])
def test_what_can_have_none_gets_none(x):
    set_keras_mask(x, MASK)
    assert masks.get_keras_mask(x) is None
