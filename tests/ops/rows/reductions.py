"""Rows of the table: ops that sum up an axis."""

import numpy as np

from tests.ops.rows.row import Row, numbers, positive


def rows():
    for name in ["sum", "mean", "max", "min", "var", "std", "logsumexp", "norm"]:
        for axis in (0, 1, -1, (0, 1), [0, 2], (0, 1, 2)):
            if name == "norm" and (axis == (0, 1, 2)):
                continue
            yield Row(name, (numbers(2, 3, 4),), {"axis": axis})
            yield Row(name, (numbers(2, 3, 4),), {"axis": axis, "keepdims": True})
    for axis in (0, 1, -1):
        yield Row("prod", (numbers(2, 3, 4),), {"axis": axis})
        yield Row("cumsum", (numbers(2, 3, 4),), {"axis": axis})
        yield Row("cumprod", (numbers(2, 3, 4),), {"axis": axis})
        yield Row("sort", (numbers(2, 3, 4),), {"axis": axis})
        yield Row("softmax", (numbers(2, 3, 4),), {"axis": axis})
        yield Row("log_softmax", (numbers(2, 3, 4),), {"axis": axis})
        # Keras's own does not add up to 1: that of (0.5, 0.6, 0.1) is (0, 0, 0).
        yield Row("sparsemax", (numbers(2, 3, 4),), {"axis": axis}, like_keras=False)
    yield Row("prod", (numbers(2, 3, 4),), {"axis": (0, 2), "keepdims": True}, like_keras=False)
    yield Row("average", (numbers(2, 3, 4),), {"axis": 1})
    yield Row("average", (numbers(2, 3, 4), -1, positive(4)))
    yield Row("average", (numbers(2, 3, 4), 1, positive(3)), like_keras=False)
    yield Row("average", (numbers(2, 3), None, positive(2, 3)), like_keras=False)
    yield Row("softmax", (numbers(2, 3, 4),), {"axis": (1, 2)})
    yield Row("softmax", (numbers(2, 3, 4),), {"axis": None})
    yield Row("max", (numbers(2, 3),), {"initial": 1.25})
    yield Row("min", (numbers(2, 3),), {"axis": 1, "initial": -0.25})
    yield Row("top_k", (numbers(3, 5), 2), like_keras=False)  # with PyTorch, indices are int64
    for order in (1, 2, 3, np.inf, -np.inf):
        yield Row("norm", (numbers(2, 3, 4),), {"ord": order, "axis": 1})
    yield Row("norm", (positive(2, 3),), {"ord": 0.5, "axis": 1})
    for order in ("fro", 1, -1, np.inf, -np.inf):
        yield Row("norm", (numbers(2, 3, 4),), {"ord": order, "axis": (2, 0)})
        yield Row("norm", (numbers(2, 3, 4),), {"ord": order, "axis": (0, 1), "keepdims": True})
