"""Helpers for arrays, against Keras."""

import numpy as np
import pytest

from convlayers import ops
from convlayers.utils import normalize, to_categorical
from tests.ops.gradients import check_gradients


@pytest.mark.parametrize(
    ("x", "classes"),
    [([0, 2, 1], None), ([[0], [3]], 4), ([[0, 1], [2, 1]], 3), (2, 3), (np.array([1.0, 0.0]), None), ([[1]], None)],
)
def test_to_categorical_is_that_of_keras(keras, x, classes):
    found, expected = to_categorical(x, classes), keras.utils.to_categorical(x, classes)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype


@pytest.mark.parametrize("x", [[0, 5], [-1, 0]])
def test_labels_out_of_range(x):
    with pytest.raises(IndexError, match=f"index {x[x[0] == 0]} is out of bounds for axis 1 with size 3"):
        to_categorical(x, 3)


@pytest.mark.parametrize("order", [1, 2])
def test_normalize_is_that_of_keras(keras, order):
    x = np.random.default_rng(0).normal(size=(3, 4))
    x[1] = 0
    np.testing.assert_allclose(normalize(x, 1, order), keras.utils.normalize(x, 1, order))
    np.testing.assert_allclose(normalize(x, -1, order), keras.utils.normalize(x, -1, order))
    # Keras takes axis 0 for -1 here.
    np.testing.assert_allclose(normalize(x.T, 0, order), normalize(x, 1, order).T)


def test_normalize_has_a_gradient():
    check_gradients(lambda x: ops.square(normalize(x, 1)) * np.arange(4), [np.random.default_rng(0).normal(size=(3, 4))])
