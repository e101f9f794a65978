"""Shapes of symbolic results that zeros alone do not show: of sizes that depend on numbers, of symbolic arguments."""

import tracemalloc

import numpy as np
import pytest

import convlayers
from convlayers import nested, ops
from convlayers.models import Model
from convlayers.symbolic import KerasTensor, infer_outputs


def shapes(results):
    return [y.shape for y in nested.flatten(results)]


def symbol(*shape, dtype="float32"):
    return KerasTensor(shape, dtype)


def index(*shape):
    return KerasTensor(shape, "int32")


@pytest.mark.parametrize(
    "call, expected",
    [
        (lambda: ops.nonzero(symbol(2, 3)), [(None,), (None,)]),
        (lambda: ops.where(symbol(2, 3)), [(None,), (None,)]),
        (lambda: ops.unique(symbol(2, 3)), [(None,)]),
        (lambda: ops.unique(symbol(2, 3), size=4), [(4,)]),
        (
            lambda: ops.unique(symbol(None, 3), return_index=True, return_inverse=True, return_counts=True, axis=0),
            [(None, 3), (None,), (None,), (None,)],
        ),
        (lambda: ops.segment_sum(symbol(5, 4), index(5)), [(None, 4)]),
        (lambda: ops.segment_max(symbol(None, 4), index(5), num_segments=3), [(3, 4)]),
        (lambda: ops.diag(symbol(None, 3), k=3), [(None,)]),
        (lambda: ops.diag(symbol(None)), [(None, None)]),
        (lambda: ops.vander(symbol(None)), [(None, None)]),
        (lambda: ops.vander(symbol(None), N=3), [(None, 3)]),
        (lambda: ops.extract_sequences(symbol(2, None), 3, 1), [(2, None, 3)]),
        (lambda: ops.array_split(symbol(None, 4), 2), [(None, 4), (None, 4)]),
        (lambda: ops.unstack(symbol(2, None, None), num=3, axis=1), [(2, None)] * 3),
        (lambda: ops.dstack([symbol(None, None), symbol(None, None)]), [(None, None, 2)]),
        (lambda: ops.kron(symbol(None, 2), symbol(3, 3)), [(None, 6)]),
        (lambda: ops.slice(symbol(3, 3), index(2), (2, 2)), [(2, 2)]),
        (lambda: ops.slice(symbol(3, 3), index(2), (-1, 2)), [(None, 2)]),
        (lambda: ops.slice_update(symbol(3, 3), index(2), symbol(2, 2)), [(3, 3)]),
        (lambda: ops.scatter(index(2, 1), symbol(2, 4), (6, 4)), [(6, 4)]),
        (lambda: ops.size(symbol(None, 3)), [()]),
        (lambda: ops.allclose(symbol(None, 3), symbol(2, 3)), [()]),
        (lambda: ops.linspace(symbol(None, 3), symbol(2, 3), num=5), [(5, 2, 3)]),
        (lambda: ops.geomspace(symbol(2), 3.0, num=5), [(5, 2)]),
        (lambda: ops.meshgrid(symbol(None), symbol(3)), [(3, None), (3, None)]),
        (lambda: ops.get_item(symbol(None, 3), 9), [(3,)]),
        (lambda: ops.dot(symbol(None, 3), symbol(None, None, 2)), [(None, None, 2)]),
        (lambda: ops.einsum("ijk,jkl->li", symbol(None, 3, 4), symbol(None, 4, 5)), [(5, None)]),
        (lambda: ops.image.perspective_transform(symbol(8, 8, 3), symbol(4, 2), symbol(4, 2)), [(8, 8, 3)]),
        (lambda: ops.image.scale_and_translate(symbol(4, 3), (8, 3), symbol(1), symbol(1), (0,), "linear"), [(8, 3)]),
        (lambda: ops.map(lambda x: {"a": x[0], "b": x}, symbol(None, 3)), [(None,), (None, 3)]),
        (lambda: ops.vectorized_map(lambda pair: pair[0] + pair[1], [symbol(4, 3), symbol(4, 3)]), [(4, 3)]),
        (lambda: ops.cond(symbol(dtype="bool"), lambda: ops.ones((1, 3)), lambda: ops.zeros((1, 3))), [(1, 3)]),
        (lambda: ops.switch(index(), [lambda x: x[0], lambda x: x[1]], symbol(None, 3)), [(3,)]),
        (lambda: ops.while_loop(lambda x: True, lambda x: x + 1, symbol(None, 3)), [(None, 3)]),
        (lambda: ops.fori_loop(0, 3, lambda i, x: x + 1, symbol(None, 3)), [(None, 3)]),
    ],
)
def test_shapes(call, expected):
    assert shapes(call()) == expected


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: ops.unstack(symbol(2, None), axis=1), "Cannot infer argument `num` from shape"),
        (lambda: ops.unstack(symbol(2, 3), axis=5), "source: axis 5 is out of bounds"),
        (
            lambda: ops.cond(symbol(dtype="bool"), lambda: ops.ones(3), lambda: ops.ones(4)),
            "`true_fn` and `false_fn` should return outputs of the same kind (struct, dtype and shape). Got ",
        ),
        (lambda: ops.get_item(symbol(None, 5, 16), np.s_[:, 17]), "index 17 is out of bounds"),
        (lambda: ops.inner(symbol(5, 3), symbol(4)), "`inner` requires the last dimension of `x1` and `x2` to match."),
        (
            lambda: ops.slice(symbol(3, 3), (1, 1), (2, 2, 2)),
            "The number of dimensions in `inputs` must match the number of dimensions in `shape`.",
        ),
        (
            lambda: ops.slice(np.ones((3, 3)), (1, 1, 1), (2, 2)),
            "The number of dimensions in `start_indices` must match the number of dimensions in `inputs`.",
        ),
        (lambda: ops.where(np.ones(3) > 0, np.ones(3)), "`x1` and `x2` either both should be `None`"),
    ],
)
def test_mistakes(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    "call",
    [
        lambda ops, x: ops.matmul(x, np.ones((5, 2), "float32")),
        lambda ops, x: ops.concatenate([x, x[:, 1:]], axis=-1),
        lambda ops, x: ops.stack([x, x[:, 1:]]),
        lambda ops, x: ops.split(x, 4, axis=2),
        lambda ops, x: ops.squeeze(x, 1),
    ],
    ids=["matmul", "concatenate", "stack", "split", "squeeze"],
)
def test_shapes_that_do_not_fit(call, keras):
    lines = []
    for library in (convlayers, keras):
        with pytest.raises(ValueError) as error:
            call(library.ops, library.Input(batch_shape=(2, 4, 6)))
        lines.append(str(error.value).partition("\n")[0])
    assert lines[0] == lines[1]


def test_a_graph_computes_what_the_op_does():
    x, starts = np.arange(12.0, dtype="float32").reshape(4, 3), np.array([1, 0], "int32")
    given, of_starts = symbol(4, 3), index(2)
    outputs = [
        ops.slice(given, of_starts, (2, 2)),
        ops.map(lambda row: row * 2, given),
        ops.cond(ops.sum(given) > 0, lambda: 1.0, lambda: 0.0),
        ops.segment_sum(given, of_starts[:1] * ops.ones((4,), "int32")),
    ]
    results = Model([given, of_starts], outputs)([x, starts])
    np.testing.assert_array_equal(results[0], x[1:3, :2])
    np.testing.assert_array_equal(results[1], x * 2)
    np.testing.assert_array_equal(results[2], 1.0)
    np.testing.assert_array_equal(results[3], [np.zeros(3), x.sum(0)])


def test_a_loop_without_end_on_zeros_ends_in_a_layer():
    found = infer_outputs(lambda x: ops.while_loop(lambda y: ops.sum(y) < 1, lambda y: y * 2, x), (symbol(None, 3),), {})
    assert found.shape == (None, 3)


def test_functions_of_structures():
    xs = {"x": np.arange(8.0).reshape(4, 2), "y": np.arange(4)}
    ys = ops.map(lambda entry: {"x": entry["x"][0], "y": entry["y"] + 1}, xs)
    np.testing.assert_array_equal(ys["x"], [0, 2, 4, 6])
    np.testing.assert_array_equal(ys["y"], [1, 2, 3, 4])


def test_no_memory_is_filled_to_try_sizes():
    """A reshape to many numbers is tried with unknown axes of that size, unless the array would be huge."""
    x = KerasTensor((None, None, None, 3))
    tracemalloc.start()
    with pytest.raises(ValueError):
        ops.reshape(x, (7, 11, 13, 17, 19))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300e6
