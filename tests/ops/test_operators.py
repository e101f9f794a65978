"""Operators of tensors, variables and symbolic tensors."""

import operator

import numpy as np
import pytest

from convlayers import ops
from convlayers.autograd import Tape, value_of
from convlayers.ops.operators import BINARY, COMPARISONS, UNARY
from convlayers.symbolic import KerasTensor
from convlayers.variables import Variable
from tests.ops.gradients import check_gradients

A = np.array([[1.3, -2.1, 0.7], [0.4, 1.9, -1.1]])
B = np.array([[0.6, 1.2, 2.3], [-0.8, 0.9, 1.7]])


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv"])
def test_arithmetic_has_gradients(name):
    function = getattr(operator, name)
    check_gradients(function, [A, B])
    check_gradients(lambda a: function(a, B), [A])
    check_gradients(lambda b: function(A, b), [B])
    check_gradients(lambda a: function(a, 2), [A])
    check_gradients(lambda b: function(2.0, b), [B])


def test_other_arithmetic_has_gradients():
    check_gradients(lambda a: a**3, [A])
    check_gradients(lambda a: 2.0**a, [A])
    check_gradients(lambda a, b: a @ b, [A, B.T.copy()])
    check_gradients(lambda b: A @ b, [B.T.copy()])
    check_gradients(lambda a: -a + abs(a), [A])
    check_gradients(lambda a: a % 0.9, [A])
    check_gradients(lambda a: a[:, 1:] * a[0, 0], [A])
    check_gradients(lambda a: a[np.array([0, 0, 1])], [A])
    check_gradients(lambda a: sum(row * 2 for row in a), [A])


@pytest.mark.parametrize("name", [*COMPARISONS, "floordiv", "mod"])
def test_results_without_gradients(name):
    function = getattr(operator, name)
    with Tape() as tape:
        a = tape.watch(A)
        np.testing.assert_array_equal(ops.stop_gradient(function(a, B)), function(A, B))
        np.testing.assert_array_equal(ops.stop_gradient(function(B, a)), function(B, A))
        np.testing.assert_array_equal(ops.stop_gradient(function(a, 0.7)), function(A, 0.7))


def test_logic():
    t, f = Variable(np.array([True, True])), Variable(np.array([True, False]))
    np.testing.assert_array_equal(t & f, [True, False])
    np.testing.assert_array_equal(t | f, [True, True])
    np.testing.assert_array_equal(t ^ f, [False, True])
    np.testing.assert_array_equal(~f, [False, True])


@pytest.mark.parametrize("name", [name for name in (*BINARY, *COMPARISONS) if name != "eq"])
def test_symbolic_tensors(name):
    function = getattr(operator, f"{name}_" if name in ("and", "or") else name)
    symbol = KerasTensor((None, 3, 3), "bool" if name in ("and", "or", "xor") else "float32")
    array = np.ones((3, 3), symbol.dtype)
    for y in (function(symbol, array), function(symbol, symbol)):
        assert y.shape == (None, 3, 3)
    if name not in COMPARISONS:  # Python turns them round
        assert function(array, symbol).node.args[0] is array


def test_symbolic_tensors_are_found_in_lists():
    """By identity, as those of Keras."""
    first, second, third = (KerasTensor((None, 3)) for _ in range(3))
    assert second in [first, second]
    assert third not in [first, second]
    assert [first, second].index(second) == 1
    assert (first == third) is False


def test_unary_operators_of_symbolic_tensors():
    for name in UNARY:
        assert getattr(operator, name)(KerasTensor((None, 3), "float32")).shape == (None, 3)


def test_rounding():
    for operand in (Variable(A), Tape.watch(A)):
        np.testing.assert_array_equal(np.asarray(value_of(round(operand, 1))), A.round(1))
        np.testing.assert_array_equal(value_of(+operand), A)
    assert round(KerasTensor((None, 3))).shape == (None, 3)


def test_a_division_is_called_as_in_keras():
    """Whose name it is in files and summaries; `ops.divide` has its own."""
    symbol = KerasTensor((None, 3))
    names = [(symbol / 2).node.operation.name, ops.divide(symbol, 2).node.operation.name]
    assert [name.rstrip("_0123456789") for name in names] == ["true_divide", "divide"]


def test_slices_of_symbolic_tensors():
    symbol = KerasTensor((None, 4, 6))
    assert symbol[:, 1].shape == (None, 6)
    assert symbol[..., ::2].shape == (None, 4, 3)
    assert symbol[:, None].shape == (None, 1, 4, 6)


def test_nothing_equals_none():
    for operand in (Variable(A), Tape.watch(A), KerasTensor((2, 3))):
        assert (operand == None) is False  # noqa: E711
        assert (operand != None) is True  # noqa: E711


def test_operands_can_be_iterated_over():
    np.testing.assert_array_equal([*Variable(A)], A)
    assert len(list(Tape.watch(A))) == 2
    with pytest.raises(ValueError, match="axis"):
        list(Tape.watch(np.float32(1)))
    with pytest.raises(NotImplementedError, match="Iterating over a symbolic KerasTensor"):
        list(KerasTensor((2, 3)))


def test_operands_can_be_keys():
    variables = [Variable(A), Variable(A)]
    assert len({variable: variable.name for variable in variables}) == 2


def test_numbers_out_of_operands():
    loss = Tape.watch(np.float32(0.5))
    assert float(loss) == 0.5
    assert f"{loss:.2f} {loss}" == "0.50 <Tensor shape=(), dtype=float32>"
    assert int(Variable(np.array(3))) == 3
    assert bool(loss)
    for convert in (float, int):
        with pytest.raises(ValueError, match="A KerasTensor is symbolic"):
            convert(KerasTensor(()))


def test_numpy_functions():
    check_gradients(lambda a: np.multiply(np.exp(a), A), [A])
    check_gradients(lambda a: np.maximum(a, 0.5), [A])
    check_gradients(lambda a: np.remainder(a, 0.9), [A])
    np.testing.assert_allclose(np.exp(Variable(A)), np.exp(A))
    np.testing.assert_allclose(np.sum(Variable(A)), np.sum(A))
    np.testing.assert_allclose(np.add.reduce(Variable(A), axis=1), A.sum(axis=1))
    np.testing.assert_allclose(np.spacing(Variable(A)), np.spacing(A))
    assert np.exp(KerasTensor((None, 3))).shape == (None, 3)
