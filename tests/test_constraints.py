"""Constraints, against Keras and against what they promise."""

import inspect

import numpy as np
import pytest

from convlayers import constraints
from convlayers.variables import Variable

CASES = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.7, "axis": [0, 1, 2]}),
    ("MaxNorm", {"max_value": 1, "axis": (0, 1)}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 0.5, "max_value": 1.5, "rate": 0.3, "axis": [0, 1, 2]}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": [0, 1, 2]}),
    ("NonNeg", {}),
]


@pytest.fixture
def weights():
    weights = np.random.default_rng(0).normal(size=(3, 3, 4, 5)).astype("float32")
    weights[..., 0] = 0
    return weights


@pytest.mark.filterwarnings("ignore:__array__ implementation")
@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_values_are_those_of_keras(keras, weights, name, arguments):
    before = weights.copy()
    found = getattr(constraints, name)(**arguments)(weights)
    expected = getattr(keras.constraints, name)(**arguments)(weights)
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, keras.ops.convert_to_numpy(expected), rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(weights, before)


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_configs_are_those_of_keras(keras, name, arguments):
    ours = constraints.serialize(getattr(constraints, name)(**arguments))
    assert ours == keras.constraints.serialize(getattr(keras.constraints, name)(**arguments))
    again = constraints.get(ours)
    assert again.get_config() == ours["config"]


@pytest.mark.parametrize("name", ["MaxNorm", "MinMaxNorm", "UnitNorm"])
def test_signatures_are_those_of_keras(keras, name):
    ours, theirs = (inspect.signature(getattr(package, name)) for package in (constraints, keras.constraints))
    assert str(ours) == str(theirs)


def test_all_names_of_keras_are_known(keras):
    from keras.src.constraints import ALL_OBJECTS_DICT

    assert {name for name in dir(keras.constraints) if name[0] != "_"} - set(dir(constraints)) == set()
    for name, theirs in ALL_OBJECTS_DICT.items():
        assert type(constraints.get(name)).__name__ == theirs.__name__


def test_norms(weights):
    def norms(w):
        return np.sqrt((w**2).sum((0, 1, 2)))[1:]

    axis = [0, 1, 2]
    np.testing.assert_allclose(norms(constraints.UnitNorm(axis)(weights)), 1, rtol=1e-5)
    np.testing.assert_allclose(norms(constraints.MaxNorm(2, axis)(weights)), np.minimum(norms(weights), 2), rtol=1e-5)
    between = norms(constraints.MinMaxNorm(5.5, 6.0, axis=axis)(weights))
    assert (between > 5.49).all()
    assert (between < 6.01).all()


def test_a_variable_is_a_weight_too(weights):
    np.testing.assert_array_equal(constraints.NonNeg()(Variable(weights)), np.maximum(weights, 0))


def test_integers_and_other_dtypes(weights):
    assert constraints.UnitNorm()(weights.astype("float64")).dtype == "float64"


def test_arguments():
    assert constraints.get(None) is None
    assert isinstance(constraints.get("non_neg"), constraints.NonNeg)
    with pytest.raises(ValueError, match=r"Could not interpret constraint identifier: nonnegg[\s\S]*Did you mean"):
        constraints.get("nonnegg")
