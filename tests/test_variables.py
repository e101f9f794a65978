"""Variables, their names and paths."""

import numpy as np
import pytest

import convlayers
from convlayers.naming import name_scope
from convlayers.variables import Variable


def test_aggregations_are_those_of_keras():
    assert [Variable([1.0], aggregation=name).aggregation for name in (None, "sum")] == ["none", "sum"]
    with pytest.raises(ValueError, match=r"^Invalid value for argument `aggregation`. Expected one of `None`, `'none'`"):
        Variable([1.0], aggregation="all")


def test_paths_have_the_names_of_the_scope():
    with name_scope.inside("block"), name_scope.inside("conv"):
        assert Variable(np.ones(1), name="kernel").path == "block/conv/kernel"
    assert Variable(np.ones(1), name="kernel").path == "kernel"


@pytest.mark.parametrize("value", [0.5, [[1.0, 2.0], [3.0, 4.0]], np.arange(2000.0)], ids=["number", "matrix", "many"])
def test_what_is_printed_of_a_variable(keras, value):
    assert repr(Variable(value, dtype="float32", name="x")) == repr(keras.Variable(value, dtype="float32", name="x"))
    assert repr(Variable([1.0], name="y")) == "<Variable path=y, shape=(1,), dtype=float32, value=[1.]>"


@pytest.mark.parametrize(("value", "dtype", "name"), [(None, None, "object"), ([1.0], "nix", "nix"), (["a"], None, "str32")])
def test_what_is_no_number(value, dtype, name):
    with pytest.raises(ValueError, match=f"^Invalid dtype: {name}"):
        Variable(value, dtype=dtype)


def test_errors_name_a_variable_without_its_numbers():
    variable = Variable(np.full((2, 2), 7.25), name="kernel")
    with pytest.raises(ValueError, match="Target variable: kernel$") as error:
        variable.assign(np.ones(3))
    assert "7.25" not in str(error.value)


@pytest.mark.parametrize("convert", [bool, int, float])
def test_variables_as_numbers_of_python(keras, convert):
    for value in (np.ones((2, 2)), np.float32(2)):
        results = []
        for package in (keras, convlayers):
            try:
                results.append(convert(package.Variable(value)))
            except TypeError as error:
                results.append(str(error))
        assert results[0] == results[1]
