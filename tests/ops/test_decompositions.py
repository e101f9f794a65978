"""Decompositions of matrices: against NumPy and their definitions; gradients where arrays must be symmetric."""

import numpy as np
import pytest

from convlayers import ops
from convlayers.symbolic import KerasTensor, infer_outputs
from tests.ops.gradients import check_gradients, tape_gradients

RNG = np.random.default_rng(3)
TALL, WIDE, SQUARE = RNG.normal(size=(2, 5, 3)), RNG.normal(size=(2, 3, 5)), RNG.normal(size=(2, 4, 4))
SYMMETRIC = SQUARE + SQUARE.swapaxes(-1, -2)
POSITIVE = SQUARE @ SQUARE.swapaxes(-1, -2) + np.eye(4)
SINGULAR = np.array([[1.0, 2, 3], [2, 4, 6], [1, 0, 1]])


@pytest.mark.parametrize("upper", [False, True])
def test_cholesky(upper):
    factor = ops.cholesky(POSITIVE, upper)
    np.testing.assert_allclose(factor, np.triu(factor) if upper else np.tril(factor))
    other = factor.swapaxes(-1, -2)
    np.testing.assert_allclose(other @ factor if upper else factor @ other, POSITIVE)
    np.testing.assert_allclose(ops.cholesky_inverse(factor, upper), np.linalg.inv(POSITIVE))
    check_gradients(lambda x: ops.cholesky(ops.matmul(x, ops.swapaxes(x, -1, -2)) + np.eye(4), upper), [SQUARE])


def test_cholesky_of_what_is_not_positive_definite():
    with pytest.raises(ValueError, match="Cholesky decomposition failed"):
        ops.cholesky(-POSITIVE)


@pytest.mark.parametrize("x", [SINGULAR, np.zeros((3, 3)), np.diag([2.0, 0.0, 3.0])], ids=["rank 2", "zeros", "diagonal"])
def test_gradient_of_the_determinant_of_singular_matrices(x):
    check_gradients(ops.det, [x])


@pytest.mark.parametrize("x", [TALL, WIDE, SQUARE, SQUARE[0], SINGULAR, np.zeros((3, 2))], ids=lambda x: str(x.shape))
def test_lu_factor(x):
    lu, pivots = ops.lu_factor(x)
    rows = x.shape[-2]
    shape, steps = x.shape[:-2], min(x.shape[-2:])
    lower = np.tril(lu[..., :steps], -1) + np.eye(rows, steps)
    product = lower @ np.triu(lu[..., :steps, :])
    assert np.abs(lower).max() <= 1
    assert pivots.shape == (*shape, steps)
    assert pivots.dtype == "int32"
    for place in np.ndindex(shape):
        exchanged = x[place].copy()
        for row, other in enumerate(pivots[place]):
            exchanged[[row, other]] = exchanged[[other, row]]
        np.testing.assert_allclose(product[place], exchanged, atol=1e-12)


def test_eigh():
    values, vectors = ops.eigh(SYMMETRIC)
    np.testing.assert_allclose(SYMMETRIC @ vectors, vectors * values[:, np.newaxis], atol=1e-12)


@pytest.mark.parametrize("mode", ["reduced", "complete"])
def test_qr(mode):
    for x in (TALL, WIDE):
        q, r = ops.qr(x, mode)
        np.testing.assert_allclose(q @ r, x, atol=1e-12)
        np.testing.assert_allclose(r, np.triu(r), atol=1e-12)
    assert ops.qr(TALL, mode)[0].shape == ((2, 5, 3) if mode == "reduced" else (2, 5, 5))


def test_svd():
    u, s, v = ops.svd(WIDE, full_matrices=False)
    np.testing.assert_allclose((u * s[:, np.newaxis]) @ v, WIDE, atol=1e-12)
    np.testing.assert_allclose(ops.svd(WIDE, compute_uv=False), s)
    assert [part.shape for part in ops.svd(WIDE)] == [(2, 3, 3), (2, 3), (2, 5, 5)]


def test_pseudoinverse_rank_and_least_squares():
    np.testing.assert_allclose(TALL @ ops.pinv(TALL) @ TALL, TALL)
    assert ops.pinv(SINGULAR, rcond=1.0).any() == 0
    np.testing.assert_array_equal(ops.matrix_rank(np.stack([SINGULAR, np.eye(3)])), [2, 3])
    assert ops.matrix_rank(np.eye(3), tol=2.0) == 0
    b = RNG.normal(size=(5, 2))
    np.testing.assert_allclose(TALL[0].T @ (TALL[0] @ ops.lstsq(TALL[0], b) - b), np.zeros((3, 2)), atol=1e-12)


def test_integers_and_16_bits():
    x = np.array([[2, 0], [0, 4]])
    np.testing.assert_array_equal(ops.inv(x), np.diag(np.array([0.5, 0.25], "float32")))
    for dtype, expected in (("int32", "float32"), ("float16", "float16")):
        for name in ("inv", "pinv", "det", "logdet", "cholesky", "cholesky_inverse"):
            assert getattr(ops, name)(x.astype(dtype)).dtype == expected
        for name in ("slogdet", "eigh", "qr", "svd"):
            assert {part.dtype for part in getattr(ops, name)(x.astype(dtype))} == {np.dtype(expected)}
        assert ops.lu_factor(x.astype(dtype))[0].dtype == expected
        assert ops.solve(x.astype(dtype), x.astype(dtype)).dtype == expected


@pytest.mark.parametrize("name", ["inv", "cholesky", "cholesky_inverse", "det", "eigh", "lu_factor", "pinv", "qr", "svd"])
def test_shapes_are_found_in_graphs_and_in_layers(name):
    x = KerasTensor((None, 3, 3))
    for found in (getattr(ops, name)(x), infer_outputs(lambda x: getattr(ops, name)(x * 2), (x,), {})):
        results = getattr(ops, name)(np.eye(3)[np.newaxis])
        several = isinstance(results, tuple)
        expected = [(None, *y.shape[1:]) for y in (results if several else [results])]
        assert [y.shape for y in (found if several else [found])] == expected


def test_a_matrix_without_an_inverse_stays_an_error():
    infer_outputs(ops.inv, (KerasTensor((None, 3, 3)),), {})
    with pytest.raises(ValueError, match="Singular matrix"):
        ops.inv(np.zeros((3, 3)))


def test_only_singular_values_have_a_gradient():
    _, (gradient,) = tape_gradients(lambda x: ops.svd(x, compute_uv=False), [TALL])
    u, _, v = np.linalg.svd(TALL, full_matrices=False)
    np.testing.assert_allclose(gradient, u @ v)
    assert isinstance(tape_gradients(ops.svd, [TALL])[0][0], np.ndarray)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: ops.inv(TALL), "Expected a square matrix. Received non-square input with shape"),
        (lambda: ops.det(np.ones(3)), "Expected input to have rank >= 2. Received input with shape"),
        (lambda: ops.qr(TALL, "raw"), "`mode` argument value not supported. Expected one of {'reduced', 'complete'}"),
        (lambda: ops.solve(SQUARE, np.ones((2, 3, 4))), "Incompatible shapes between `a` and `b`."),
        (lambda: ops.solve(SQUARE[0], 1.0), "Expected input to have rank >= 1. Received scalar input"),
        (lambda: ops.lstsq(TALL, TALL), "Expected a to have rank 2. Received: a.shape="),
        (lambda: ops.lstsq(TALL[0], TALL), "Expected b to have rank 1 or 2. Received: b.shape="),
        (lambda: ops.lstsq(TALL[0], np.ones(4)), "Expected b.shape[0] to be equal to a.shape[0]. Received: a.shape="),
    ],
)
def test_mistakes(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value).startswith(message)
