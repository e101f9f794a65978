"""Rows of the table: diagonals, vectors, blocks of pixels."""

import numpy as np

from tests.ops.rows.row import Row, numbers, positive


def rows():
    for k in (-1, 0, 2):
        yield Row("diag", (numbers(3),), {"k": k})
        yield Row("diag", (numbers(3, 4),), {"k": k})
    yield Row("diagflat", (numbers(2, 2),), {"k": 1})
    yield Row("trace", (numbers(3, 4),))
    yield Row("trace", (numbers(2, 3, 4),), {"offset": 1, "axis1": 1, "axis2": 2})
    yield Row("vdot", (numbers(2, 3), numbers(2, 3)), like_keras=False)
    yield Row("vdot", (numbers(4), numbers(4)))
    yield Row("cross", (numbers(4, 3), numbers(4, 3)))
    yield Row("cross", (numbers(3, 4), numbers(3, 4)), {"axis": 0})
    yield Row("cross", (numbers(4, 2), numbers(4, 3)), like_keras=False)
    yield Row("cross", (numbers(4, 2), numbers(4, 2)), like_keras=False)
    yield Row("kron", (numbers(2, 3), numbers(4, 1)))
    yield Row("kron", (numbers(3), numbers(2, 2)))
    yield Row("kron", (2.0, numbers(2, 2)), like_keras=False)
    yield Row("vander", (positive(3),), {"N": 4})
    yield Row("vander", (positive(3),), {"increasing": True})
    yield Row("diff", (numbers(3, 5),))
    yield Row("diff", (numbers(5, 2),), {"n": 2, "axis": 0})
    yield Row(
        "select",
        ([np.array([True, False, False]), np.array([True, True, False])], [numbers(3), numbers(3)], 0.5),
        like_keras=False,
    )
    yield Row("extract_sequences", (numbers(2, 9), 4, 2))
    for pattern, lengths in (
        ("b h c -> b c h", {}),
        ("b h c->(b c) h", {}),
        ("(b n) (h1 h) c -> h1 (n h) b c", {"b": 1, "h1": 3}),
    ):
        yield Row("rearrange", (numbers(2, 6, 3), pattern), lengths)
    for data_format in ("channels_last", "channels_first"):
        shape = (2, 4, 2, 8) if data_format == "channels_last" else (2, 8, 4, 2)
        yield Row("depth_to_space", (numbers(*shape), 2), {"data_format": data_format})
        yield Row("space_to_depth", (numbers(*shape), 2), {"data_format": data_format})
    yield Row("unfold", (numbers(1, 3, 5, 6), 2))
    yield Row("unfold", (numbers(1, 2, 6, 5), (3, 2)), {"dilation": (1, 2), "padding": 1, "stride": 2})
    yield Row("fold", (numbers(1, 8, 12), (4, 5), 2))
    yield Row("fold", (numbers(1, 12, 9), (6, 5), (3, 2)), {"dilation": (1, 2), "padding": 1, "stride": 2}, like_keras=False)
