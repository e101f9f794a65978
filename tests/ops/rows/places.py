"""Rows of the table: ops that pick places."""

import numpy as np

from tests.ops.rows.row import Row, numbers


def rows():
    x = numbers(4, 3, 2)
    yield Row("get_item", (x, 1))
    yield Row("get_item", (x, (slice(1, None, 2), ..., 0)))
    yield Row("get_item", (x, (None, slice(None, None, -1))), like_keras=False)
    yield Row("get_item", (x, (np.array([0, 2, 0]), 1)))
    yield Row("get_item", (x, np.array([3, 3, -1])))
    yield Row("get_item", (x, np.array([True, False, True, True])))
    yield Row("take", (x, np.array([[0, 2], [2, -1]])), {"axis": 1})
    yield Row("take", (x, np.array([5, 5, 0])))
    yield Row("take", (x, 1), {"axis": 0})
    yield Row("take_along_axis", (x, np.array([[[0], [1], [1]]] * 4)), {"axis": -1})
    yield Row("take_along_axis", (x, np.array([3, 3, 1])), like_keras=False)
    yield Row("slice", (x, (1, 0, 1), (2, 3, 1)))
    yield Row("slice_update", (x, (1, 0, 1), numbers(2, 3, 1)))
    yield Row("diagonal", (numbers(3, 4),))
    yield Row("diagonal", (x,), {"offset": -1, "axis1": 1, "axis2": 2})
    yield Row("diagonal", (x,), {"offset": 1, "axis1": 2, "axis2": 0})
    yield Row("tril", (numbers(3, 4),), {"k": 1})
    yield Row("triu", (x,))
