"""Rows that are added to those of an array, at places that may come several times."""

import numpy as np

from convlayers import _native
from convlayers.ops.layout import KERNEL_DTYPES


def add_at(y, places, rows):
    """Adds rows to those of an array at places that may come several times, in their order.

    Args:
        y: array, which is changed.
        places: array of ints; negative ones count from the end.
        rows: array of shape (*places.shape, *y.shape[1:]).

    Raises:
        IndexError: if a place is out of range.
    """
    kernel_reads = y.dtype in KERNEL_DTYPES and y.flags.c_contiguous and y.size
    if not kernel_reads:
        np.add.at(y, places, rows)
        return
    n = len(y)
    places = places.reshape(-1).astype(np.int64)
    if places.size and not (places.min() >= -n and places.max() < n):
        raise IndexError(f"An index is out of bounds for axis 0 with size {n}. Received: {places.min()} to {places.max()}.")
    places[places < 0] += n
    rows = np.ascontiguousarray(rows, y.dtype).reshape(len(places), -1)
    _native.kernels(y.dtype).scatter.add_rows(rows, places, y.reshape(n, -1))
