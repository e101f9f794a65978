"""Every op of the table: its gradients against central differences, its results against Keras."""

import gc
import weakref

import numpy as np
import pytest

from convlayers import nested, ops
from convlayers.autograd import Tape
from convlayers.symbolic import KerasTensor
from tests.ops.gradients import check_gradients, is_float_array, tape_gradients
from tests.ops.table import ROWS


def as_dtype(dtype, arguments):
    return nested.map_structure(lambda x: x.astype(dtype) if is_float_array(x) else x, arguments)


every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)


@every_row
def test_gradients(row):
    check_gradients(lambda *arguments: getattr(ops, row.name)(*arguments, **row.kwargs), row.arguments)


@every_row
def test_results_are_those_of_keras(row, keras):
    if not row.like_keras:
        pytest.skip("not in keras.ops")
    arguments = as_dtype("float32", row.arguments)
    results = nested.flatten(getattr(ops, row.name)(*arguments, **row.kwargs))
    tensors = nested.map_structure(lambda x: keras.ops.convert_to_tensor(x) if is_float_array(x) else x, arguments)
    expected = nested.flatten(getattr(keras.ops, row.name)(*tensors, **row.kwargs))
    for y, y_of_keras in zip(results, map(keras.ops.convert_to_numpy, expected), strict=True):
        assert y.dtype == y_of_keras.dtype
        np.testing.assert_allclose(y, y_of_keras, rtol=1e-5, atol=1e-5)


@every_row
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_results_and_gradients_have_the_dtype_of_the_arrays(row, dtype):
    if row.name == "cast":
        pytest.skip("it has the dtype asked for")
    arguments = as_dtype(dtype, row.arguments)
    outputs, gradients = tape_gradients(lambda *given: getattr(ops, row.name)(*given, **row.kwargs), arguments)
    # A loss of 16-bit logits is a sum of more numbers than these can hold.
    of_outputs = "float32" if (row.name, dtype) == ("ctc_loss", "float16") else dtype
    assert {y.dtype for y in outputs} == {np.dtype(of_outputs)}
    assert {gradient.dtype for gradient in gradients} == {np.dtype(dtype)}


@pytest.mark.parametrize("name", ["add", "subtract", "sum", "mean", "concatenate", "stack", "repeat", "pad", "take", "sort"])
def test_what_a_gradient_does_not_need_is_not_kept(name):
    x, z = np.ones((2, 3)), np.ones((2, 3))
    more = {"repeat": (2,), "pad": (1,), "take": (np.array([0, 1]),), "add": (z,), "subtract": (z,)}.get(name, ())
    with Tape() as tape:
        source = tape.watch(x)
        y = getattr(ops, name)([source, z] if name in ("concatenate", "stack") else source, *more)
        references = [weakref.ref(x), weakref.ref(z)]
        source.value = None
        del x, z, more
        gc.collect()
    assert all(reference() is None for reference in references)
    del tape, y


@every_row
def test_symbolic_results_have_the_same_shapes(row):
    symbols = [KerasTensor(x.shape, x.dtype) if is_float_array(x) else x for x in row.arguments]
    if all(symbol is x for symbol, x in zip(symbols, row.arguments, strict=True)):
        symbols = [[KerasTensor(x.shape, x.dtype) for x in row.arguments[0]], *row.arguments[1:]]
    symbolic = nested.flatten(getattr(ops, row.name)(*symbols, **row.kwargs))
    results = nested.flatten(getattr(ops, row.name)(*row.arguments, **row.kwargs))
    assert [(y.shape, y.dtype) for y in symbolic] == [(np.shape(y), y.dtype.name) for y in results]
