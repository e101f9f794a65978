"""Decompositions of matrices, and what they are for: inverses, determinants, systems of linear equations.

Matrices lie in the last two axes. NumPy computes; 16-bit numbers in single precision. What has no gradient says so.
"""

import numpy as np

from convlayers.autograd import differentiable
from convlayers.ops.core import dtype, shape
from convlayers.ops.creation import eye, zeros_like
from convlayers.ops.dtypes import as_float, promote_floats, widen
from convlayers.ops.shaping import swapaxes
from convlayers.symbolic import runs_for_shapes


def _transposed(x):
    return x.swapaxes(-1, -2)


def _as_matrices(x):
    x = as_float(x)
    if x.ndim < 2:
        raise ValueError(f"Expected input to have rank >= 2. Received input with shape {x.shape}.")
    # Zeros have no inverse.
    return np.broadcast_to(np.eye(*x.shape[-2:], dtype=x.dtype), x.shape) if runs_for_shapes() else x


def _as_square_matrices(x):
    x = _as_matrices(x)
    if x.shape[-1] != x.shape[-2]:
        raise ValueError(f"Expected a square matrix. Received non-square input with shape {x.shape}")
    return x


def _as_dtype_of(x, *results):
    return tuple(result.astype(x.dtype, copy=False) for result in results)


# Inverses and determinants --------------------------------------------------------------------------------------------


@differentiable
def inv(x):
    """Returns the inverses of square matrices.

    Raises:
        ValueError: if the matrices are not square, or have no inverse.
    """
    x = _as_square_matrices(x)
    y = np.linalg.inv(widen(x))

    def backward(d_y):
        return -_transposed(y) @ d_y @ _transposed(y)

    return y.astype(x.dtype, copy=False), backward


@differentiable
def pinv(x, rcond=None):
    """Returns the pseudoinverses of matrices. They have no gradient.

    Args:
        rcond: singular values up to this part of the largest count as 0.
    """
    x = _as_matrices(x)
    return np.linalg.pinv(widen(x), **({} if rcond is None else {"rcond": rcond})).astype(x.dtype, copy=False), None


@differentiable
def det(x):
    """Returns the determinants of square matrices."""
    x = _as_square_matrices(x)

    def backward(d_y):
        # The matrix of cofactors: that of a diagonal one has the products of all others, right even where some are 0.
        u, s, v = np.linalg.svd(widen(x))
        others = np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., np.newaxis, :]).prod(-1)
        sign = np.linalg.det(u) * np.linalg.det(v)
        return (d_y * sign)[..., np.newaxis, np.newaxis] * ((u * others[..., np.newaxis, :]) @ v)

    return np.asarray(np.linalg.det(widen(x)), x.dtype), backward


@differentiable
def slogdet(x):
    """Returns the signs of the determinants of square matrices, and the logarithms of their absolute values."""
    x = _as_square_matrices(x)

    def backward(d_outputs):
        d_log = d_outputs[1]
        return None if d_log is None else d_log[..., np.newaxis, np.newaxis] * _transposed(np.linalg.inv(widen(x)))

    return _as_dtype_of(x, *map(np.asarray, np.linalg.slogdet(widen(x)))), backward


def logdet(x):
    """Returns the logarithms of the determinants of symmetric, positive definite matrices."""
    return slogdet(x)[1]


@differentiable
def matrix_rank(x, tol=None):
    """Returns the ranks of matrices, as int32. They have no gradient.

    Args:
        tol: singular values up to this count as 0.
    """
    return np.asarray(np.linalg.matrix_rank(widen(_as_matrices(x)), tol), np.int32), None


# Equations ------------------------------------------------------------------------------------------------------------


@differentiable
def solve(a, b):
    """Returns the solutions `y` of `a @ y = b`.

    Args:
        a: square matrices.
        b: matrices, or with one axis less than `a` vectors.

    Raises:
        ValueError: if shapes do not fit, or there is no solution, or more than one.
    """
    return _solve(a, b, lambda x: x)


@differentiable
def solve_triangular(a, b, lower=False):
    """Returns the solutions `y` of `a @ y = b`, with 0 in the place of what is below the diagonal of `a`.

    Args:
        a: square matrices.
        b: matrices, or with one axis less than `a` vectors.
        lower: whether it is what is above the diagonal that counts as 0.

    Raises:
        ValueError: if shapes do not fit, or there is no solution, or more than one.
    """
    return _solve(a, b, np.tril if lower else np.triu)


def _solve(a, b, part):
    """Solves equations with a part of the numbers of `a`."""
    a, b = promote_floats(a, b)
    matrices = part(widen(_as_square_matrices(a)))
    if b.ndim < 1:
        raise ValueError(f"Expected input to have rank >= 1. Received scalar input {b}.")
    vectors = b.ndim == a.ndim - 1
    if b.shape[-1 if vectors else -2] != a.shape[-1]:
        raise ValueError(
            "Incompatible shapes between `a` and `b`. "
            f"Expected `a.shape[-2] == b.shape[{-1 if vectors else -2}]`. Received: a.shape={a.shape}, b.shape={b.shape}"
        )
    y = np.linalg.solve(matrices, widen(b[..., np.newaxis] if vectors else b))

    def backward(d_y):
        d_b = np.linalg.solve(_transposed(matrices), widen(d_y.reshape(y.shape)))
        return lambda: part(-d_b @ _transposed(y)), lambda: d_b.reshape(b.shape)

    return y.reshape(b.shape).astype(a.dtype, copy=False), backward


@differentiable
def lstsq(a, b, rcond=None):
    """Returns the `y` for which `a @ y` is nearest to `b`; the shortest, if there are several. They have no gradient.

    Args:
        a: matrix.
        b: vector or matrix.
        rcond: singular values of `a` below this part of the largest count as 0.

    Raises:
        ValueError: if shapes do not fit.
    """
    a, b = promote_floats(a, b)
    if a.ndim != 2:
        raise ValueError(f"Expected a to have rank 2. Received: a.shape={a.shape}")
    if b.ndim not in (1, 2):
        raise ValueError(f"Expected b to have rank 1 or 2. Received: b.shape={b.shape}")
    if b.shape[0] != a.shape[0]:
        raise ValueError(f"Expected b.shape[0] to be equal to a.shape[0]. Received: a.shape={a.shape}, b.shape={b.shape}")
    return np.linalg.lstsq(widen(a), widen(b), rcond)[0].astype(a.dtype, copy=False), None


# Decompositions -------------------------------------------------------------------------------------------------------


@differentiable
def cholesky(x, upper=False):
    """Returns triangular matrices whose products with their transposes are `x`.

    Args:
        x: symmetric, positive definite matrices. What is above the diagonal is not looked at.
        upper: whether the result is transposed: `x` is its transpose times it.

    Raises:
        ValueError: if the matrices are not square, or not positive definite.
    """
    x = _as_square_matrices(x)
    try:
        lower = np.linalg.cholesky(widen(x))
    except np.linalg.LinAlgError as error:
        raise ValueError(f"Cholesky decomposition failed: {error}") from error

    def backward(d_y):
        # Murray, Differentiation of the Cholesky decomposition, 2016, equation 10.
        inner = np.tril(_transposed(lower) @ (_transposed(d_y) if upper else d_y))
        inner *= 1 - 0.5 * np.eye(inner.shape[-1], dtype=inner.dtype)
        left = np.linalg.solve(_transposed(lower), inner)
        d_x = _transposed(np.linalg.solve(_transposed(lower), _transposed(left)))
        return (d_x + _transposed(d_x)) / 2

    return (_transposed(lower) if upper else lower).astype(x.dtype, copy=False), backward


def cholesky_inverse(x, upper=False):
    """Returns the inverses of matrices of which `x` are the results of `cholesky`.

    Args:
        upper: whether `x` are the upper triangles.
    """
    identities = zeros_like(x) + eye(shape(x)[-1], dtype=dtype(x))
    factor = solve_triangular(x, identities, lower=not upper)
    other = swapaxes(factor, -1, -2)
    return factor @ other if upper else other @ factor


@differentiable
def eigh(x):
    """Returns the eigenvalues of symmetric matrices, in ascending order, and the eigenvectors as columns. No gradient."""
    x = _as_square_matrices(x)
    return _as_dtype_of(x, *np.linalg.eigh(widen(x))), None


@differentiable
def qr(x, mode="reduced"):
    """Returns matrices with orthonormal columns, and upper triangles that they are multiplied by to get `x`. No gradient.

    Args:
        mode: "reduced", or "complete" for as many columns as there are rows.

    Raises:
        ValueError: for another mode.
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(
            f"`mode` argument value not supported. Expected one of {{'reduced', 'complete'}}. Received: mode={mode}"
        )
    x = _as_matrices(x)
    return _as_dtype_of(x, *np.linalg.qr(widen(x), mode)), None


@differentiable
def svd(x, full_matrices=True, compute_uv=True):
    """Returns the singular value decomposition of matrices: `u`, `s` and `v`, so that `x` is `(u * s) @ v`.

    Args:
        full_matrices: whether `u` and `v` are square, else they have as many columns and rows as there are singular values.
        compute_uv: whether to return `u` and `v` too. Without, there is a gradient; it is that of the singular values alone.
    """
    x = _as_matrices(x)
    if compute_uv:
        return _as_dtype_of(x, *np.linalg.svd(widen(x), full_matrices)), None
    u, s, v = np.linalg.svd(widen(x), full_matrices=False)

    def backward(d_s):
        return (u * d_s[..., np.newaxis, :]) @ v

    return s.astype(x.dtype, copy=False), backward


@differentiable
def lu_factor(x):
    """Returns the triangles that matrices are the product of, and how rows are exchanged for that. They have no gradient.

    Returns:
        lu: array of the shape of `x`: below the diagonal the left one, whose diagonal is 1, else the right one.
        pivots: array of ints: row `i` was exchanged with row `pivots[..., i]`, one after the other.
    """
    x = _as_matrices(x)
    lu = np.array(widen(x)).reshape(-1, *x.shape[-2:])
    steps, each = min(x.shape[-2:]), np.arange(len(lu))
    pivots = np.zeros((len(lu), steps), np.int32)
    for step in range(steps):
        pivots[:, step] = largest = step + np.argmax(np.abs(lu[:, step:, step]), axis=1)
        lu[each, largest], lu[:, step] = lu[:, step].copy(), lu[each, largest]
        below = lu[:, step + 1 :]
        # In a column of zeros there is nothing to divide.
        below[..., step] /= np.where(lu[:, step, step] == 0, 1, lu[:, step, step])[:, np.newaxis]
        below[..., step + 1 :] -= below[..., step, np.newaxis] * lu[:, np.newaxis, step, step + 1 :]
    return (*_as_dtype_of(x, lu.reshape(x.shape)), pivots.reshape(*x.shape[:-2], steps)), None
