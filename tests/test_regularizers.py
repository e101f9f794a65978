"""Regularizers: values and configs against Keras, gradients against central differences."""

import inspect

import numpy as np
import pytest

from convlayers import regularizers
from convlayers.autograd import Tape
from convlayers.variables import Variable

CASES = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("L2", {}),
    ("L2", {"l2": 2}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.1}),
    ("L1L2", {"l1": 0.1, "l2": 0.2}),
    ("L1L2", {"l1": None, "l2": 0.2}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]


@pytest.fixture
def weights():
    return np.random.default_rng(0).normal(size=(5, 4))


@pytest.mark.parametrize(("name", "arguments"), CASES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_are_those_of_keras(keras, weights, name, arguments, dtype):
    weights = weights.astype(dtype)
    found = getattr(regularizers, name)(**arguments)(weights)
    expected = getattr(keras.regularizers, name)(**arguments)(keras.ops.convert_to_tensor(weights))
    assert np.shape(found) == ()
    np.testing.assert_allclose(found, float(expected), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_gradients(weights, name, arguments):
    regularizer = getattr(regularizers, name)(**arguments)
    weights += 0.1 * np.sign(weights)  # Differences do not reach across 0, where absolute values have a corner.
    variable = Variable(weights)
    with Tape() as tape:
        penalty = regularizer(variable)
    tape.backward([penalty], [np.ones(())])
    step = 1e-3
    for index in np.ndindex(weights.shape):
        values = []
        for factor in (2, 1, -1, -2):
            moved = weights.copy()
            moved[index] += factor * step
            values.append(float(regularizer(moved)))
        expected = (-values[0] + 8 * values[1] - 8 * values[2] + values[3]) / (12 * step)
        found = 0.0 if variable.grad is None else variable.grad[index]
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)


def test_dtype_is_kept(weights):
    for name, arguments in CASES:
        variable = Variable(weights, dtype="float32")
        with Tape() as tape:
            penalty = getattr(regularizers, name)(**arguments)(variable)
        tape.backward([penalty], [np.ones((), "float32")])
        assert penalty.dtype == "float32"
        assert variable.grad is None or variable.grad.dtype == "float32"


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_configs_are_those_of_keras(keras, name, arguments):
    ours = regularizers.serialize(getattr(regularizers, name)(**arguments))
    theirs = keras.regularizers.serialize(getattr(keras.regularizers, name)(**arguments))
    assert {**ours, "config": None} == {**theirs, "config": None}
    # Keras keeps some factors in float32.
    assert ours["config"] == pytest.approx(theirs["config"]) if "mode" not in ours["config"] else True
    assert ours["config"].keys() == theirs["config"].keys()
    assert regularizers.get(ours).get_config() == ours["config"]


@pytest.mark.parametrize("name", ["L1", "L2", "L1L2", "OrthogonalRegularizer"])
def test_signatures_are_those_of_keras(keras, name):
    ours, theirs = (inspect.signature(getattr(package, name)) for package in (regularizers, keras.regularizers))
    assert str(ours) == str(theirs)


def test_all_names_of_keras_are_known(keras):
    from keras.src.regularizers import ALL_OBJECTS_DICT

    assert {name for name in dir(keras.regularizers) if name[0] != "_"} - set(dir(regularizers)) == set()
    for name, theirs in ALL_OBJECTS_DICT.items():
        assert type(regularizers.get(name)).__name__ == theirs.__name__


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), "0.1", [0.1]])
@pytest.mark.parametrize(("name", "argument"), [("L1", "l1"), ("L2", "l2"), ("OrthogonalRegularizer", "factor")])
def test_factors_are_checked_as_in_keras(keras, name, argument, value):
    errors = []
    for package in (regularizers, keras.regularizers):
        with pytest.raises(ValueError) as error:
            getattr(package, name)(**{argument: value})
        errors.append(str(error.value))
    assert errors[0] == errors[1]


def test_numpy_numbers_are_factors():
    assert regularizers.L2(np.float32(0.5)).get_config() == {"l2": 0.5}


def test_orthogonal_regularizer_checks_its_arguments(keras):
    for package in (regularizers, keras.regularizers):
        with pytest.raises(ValueError, match=r'Expected one of {"rows", "columns"}\. Received: mode=row'):
            package.OrthogonalRegularizer(mode="row")
        with pytest.raises(ValueError, match=r"must have rank 2. Received: inputs.shape=.*\(?2, 2, 2"):
            package.OrthogonalRegularizer()(np.ones((2, 2, 2)))


def test_arguments():
    assert regularizers.get(None) is None
    assert regularizers.get("l1_l2").get_config() == {"l1": 0.0, "l2": 0.0}
    with pytest.raises(ValueError, match="Could not interpret regularizer identifier: l3"):
        regularizers.get("l3")
