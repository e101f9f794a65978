"""Rows of the table: what NumPy's linear algebra does, where there is a gradient."""

import numpy as np

from tests.ops.rows.row import Row, numbers


def regular(*shape):
    """Matrices far from those without an inverse."""
    return numbers(*shape) + 6 * np.eye(shape[-1])


def rows():
    for shape in ((3, 3), (2, 3, 3)):
        yield Row("inv", (regular(*shape),))
        yield Row("det", (regular(*shape),))
        yield Row("slogdet", (regular(*shape),))
        yield Row("logdet", (regular(*shape),))
        for lower in (False, True):
            yield Row("solve_triangular", (regular(*shape), numbers(*shape[:-1], 2)), {"lower": lower})
            yield Row("cholesky_inverse", (regular(*shape),), {"upper": not lower})
        yield Row("solve", (regular(*shape), numbers(*shape[:-1], 2)))
        yield Row("solve", (regular(*shape), numbers(*shape[:-1])))
    yield Row("solve_triangular", (regular(3, 3), numbers(3)), like_keras=False)
    for ord in (2, -2, "nuc"):
        yield Row("norm", (numbers(3, 4),), {"ord": ord})
        yield Row("norm", (numbers(3, 2, 4),), {"ord": ord, "axis": (2, 0), "keepdims": True})
    yield Row("svd", (numbers(2, 3, 4),), {"compute_uv": False})
