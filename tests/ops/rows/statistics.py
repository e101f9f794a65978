"""Rows of the table: quantiles, sums without NaN, distances, groups."""

import numpy as np

from tests.ops.rows.row import Row, numbers, positive


def rows():
    x = numbers(2, 3, 4)
    for axis in (None, 0, -1, (0, 2)):
        yield Row("median", (x,), {"axis": axis})
        yield Row("quantile", (x, 0.3), {"axis": axis, "keepdims": True})
    for method in ("linear", "lower", "higher", "midpoint", "nearest"):
        yield Row("quantile", (x, (0.1, 0.5, 1.0)), {"axis": 1, "method": method}, like_keras=False)
    yield Row("percentile", (x, 30.0), {"axis": 1})
    for axis in (None, 1, (0, 2)):
        for name in ("nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin", "nanmedian"):
            yield Row(name, (numbers(2, 3, 4),), {"axis": axis}, like_keras=False)
    yield Row("nanquantile", (x, 0.4), {"axis": 1}, like_keras=False)
    yield Row("nanpercentile", (x, 40.0), {"axis": 1}, like_keras=False)
    yield Row("nancumsum", (x,), {"axis": 1}, like_keras=False)
    yield Row("nancumprod", (x,), {"axis": 1}, like_keras=False)
    yield Row("ptp", (x,), {"axis": 1}, like_keras=False)
    yield Row("corrcoef", (numbers(3, 6),))
    yield Row("cdist", (numbers(3, 4), numbers(2, 4)), like_keras=False)
    for mode in ("full", "valid", "same"):
        yield Row("correlate", (numbers(7), numbers(3)), {"mode": mode})
    yield Row("correlate", (numbers(3), numbers(6)), {"mode": "full"})
    yield Row("psnr", (positive(2, 4, 4, 3), positive(2, 4, 4, 3), 4.0), like_keras=False)
    yield Row("trapezoid", (x,), {"axis": 1, "dx": 0.5})
    yield Row("trapezoid", (x, np.cumsum(positive(4))), like_keras=False)
    yield Row("segment_sum", (numbers(5, 2), np.array([0, 2, 0, 1, 2])), {"num_segments": 4})
    yield Row("scatter", (np.array([[0, 1], [2, 0], [0, 1]]), numbers(3, 4), (3, 2, 4)))
    yield Row("scatter_update", (numbers(3, 2), np.array([[0, 1], [2, 0]]), numbers(2)))
    yield Row("scatter_update", (numbers(3, 2), np.array([[0], [2], [0]]), numbers(3, 2)), {"reduction": "add"})
