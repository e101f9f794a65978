"""Poolings that all kernels are tested with, and what they are in NumPy loops in float64."""

from itertools import product
from typing import NamedTuple

import numpy as np

ALL = slice(None)


class Geometry(NamedTuple):
    """Windows on an image, all for d, h and w.

    Attributes:
        pads: pixels in front.
        behind: pixels behind, if padding counts for an average, else None.
    """

    inputs: tuple
    pool: tuple
    strides: tuple
    pads: tuple
    outputs: tuple
    dilations: tuple = (1, 1, 1)
    behind: tuple | None = None

    @property
    def windows(self):
        """What kernels are told."""
        return self[1:4] + self[5:]

    def axis(self, index):
        """Yields, for each output of an axis, the inputs in its window, and how many pixels count."""
        length, size, stride, pad, outputs, dilation = (numbers[index] for numbers in self[:6])
        for o in range(outputs):
            places = np.arange(size) * dilation + o * stride - pad
            inside = places[(places >= 0) & (places < length)]
            yield inside, len(inside) if self.behind is None else (places < length + self.behind[index]).sum()


class Even(NamedTuple):
    """Windows that divide an image evenly."""

    inputs: tuple
    outputs: tuple

    windows = None

    def axis(self, index):
        length, parts = self.inputs[index], self.outputs[index]
        for part in range(parts):
            inside = np.arange(int(np.floor(part * length / parts)), int(np.ceil((part + 1) * length / parts)))
            yield inside, len(inside)


GEOMETRIES = {
    "2x2": Geometry((1, 6, 6), (1, 2, 2), (1, 2, 2), (0, 0, 0), (1, 3, 3)),
    "2x2_odd": Geometry((1, 7, 5), (1, 2, 2), (1, 2, 2), (0, 0, 0), (1, 3, 2)),
    "2x2_same_odd": Geometry((1, 7, 5), (1, 2, 2), (1, 2, 2), (0, 0, 0), (1, 4, 3)),
    "3x3_stride_2": Geometry((1, 9, 7), (1, 3, 3), (1, 2, 2), (0, 1, 1), (1, 5, 4)),
    "3x3_stride_1": Geometry((1, 6, 7), (1, 3, 3), (1, 1, 1), (0, 1, 1), (1, 6, 7)),
    "3x2_mixed_strides": Geometry((1, 8, 9), (1, 3, 2), (1, 1, 3), (0, 1, 0), (1, 7, 3)),
    "gaps": Geometry((1, 9, 9), (1, 2, 2), (1, 3, 4), (0, 0, 0), (1, 3, 2)),
    "larger_than_input": Geometry((1, 3, 2), (1, 7, 5), (1, 1, 1), (0, 3, 2), (1, 3, 2)),
    "one_pixel": Geometry((1, 1, 1), (1, 3, 3), (1, 2, 2), (0, 1, 1), (1, 1, 1)),
    "1d": Geometry((1, 1, 11), (1, 1, 4), (1, 1, 3), (0, 0, 1), (1, 1, 4)),
    "1d_stride_1": Geometry((1, 1, 700), (1, 1, 3), (1, 1, 1), (0, 0, 1), (1, 1, 700)),
    "3d": Geometry((5, 4, 6), (2, 3, 2), (2, 1, 2), (0, 1, 0), (3, 4, 3)),
    "3d_overlap": Geometry((5, 6, 4), (3, 3, 3), (1, 2, 1), (1, 0, 1), (5, 3, 4)),
    "dilated": Geometry((1, 9, 8), (1, 3, 2), (1, 1, 1), (0, 0, 0), (1, 5, 5), (1, 2, 3)),
    "dilated_padded": Geometry((1, 9, 8), (1, 3, 3), (1, 2, 1), (0, 3, 2), (1, 5, 8), (1, 3, 2)),
    "dilated_stride": Geometry((1, 1, 17), (1, 1, 3), (1, 1, 6), (0, 0, 4), (1, 1, 3), (1, 1, 4)),
    "dilated_apart": Geometry((1, 8, 8), (1, 2, 2), (1, 1, 4), (0, 0, 0), (1, 4, 2), (1, 4, 2)),
    "dilated_3d": Geometry((5, 6, 4), (2, 2, 2), (1, 2, 1), (1, 0, 1), (5, 2, 3), (2, 3, 3)),
    "padding_counts": Geometry((1, 9, 7), (1, 3, 3), (1, 2, 2), (0, 1, 1), (1, 5, 4), behind=(0, 1, 1)),
    "some_padding_counts": Geometry((1, 8, 7), (1, 4, 3), (1, 3, 2), (0, 1, 2), (1, 3, 5), behind=(0, 1, 2)),
    "dilated_padding_counts": Geometry((4, 8, 7), (2, 2, 3), (2, 1, 2), (1, 1, 2), (3, 8, 4), (1, 2, 2), (1, 1, 2)),
    "even": Even((1, 8, 6), (1, 4, 2)),
    "even_shared": Even((1, 9, 7), (1, 4, 5)),
    "even_more_outputs": Even((1, 3, 5), (1, 7, 8)),
    "even_one": Even((1, 7, 6), (1, 1, 1)),
    "even_1d": Even((1, 1, 23), (1, 1, 6)),
    "even_3d": Even((5, 4, 6), (3, 4, 5)),
}
# Images that are large enough for threads
LARGE = {
    "2x2": Geometry((1, 40, 41), (1, 2, 2), (1, 2, 2), (0, 0, 0), (1, 20, 20)),
    "3x3_stride_2": Geometry((1, 40, 41), (1, 3, 3), (1, 2, 2), (0, 1, 1), (1, 20, 21)),
    "3x3_stride_1": Geometry((1, 40, 41), (1, 3, 3), (1, 1, 1), (0, 1, 1), (1, 40, 41)),
    "3d": Geometry((9, 20, 11), (3, 3, 2), (2, 1, 2), (1, 0, 1), (5, 18, 6)),
    "even": Even((1, 40, 41), (1, 7, 9)),
    "dilated": Geometry((1, 40, 41), (1, 3, 3), (1, 1, 2), (0, 1, 1), (1, 36, 19), (1, 3, 3)),
    "long_rows": Geometry((1, 3, 300), (1, 2, 3), (1, 1, 2), (0, 0, 1), (1, 2, 150)),
    "long_windows": Geometry((1, 2, 300), (1, 1, 40), (1, 1, 37), (0, 0, 5), (1, 2, 8)),
    "one_axis": Geometry((1, 1, 90), (1, 1, 2), (1, 1, 2), (0, 0, 0), (1, 1, 45)),
    "one_window": Even((1, 1, 700), (1, 1, 1)),
}
# One, three, and around the vectors of all instruction sets and number types.
CHANNELS = [1, 3, 7, 8, 9, 15, 16, 17, 20, 33]


def windows(geometry):
    """Yields the place of each output pixel, what indexes the inputs in its window, and how many pixels count."""
    for place, axes in zip(product(*map(range, geometry.outputs)), product(*map(geometry.axis, range(3))), strict=True):
        yield place, np.ix_(*(inside for inside, _ in axes)), np.prod([count for _, count in axes])


def max_pool(x, _, geometry):
    y = np.empty((len(x), *geometry.outputs, x.shape[-1]))
    for place, window, _ in windows(geometry):
        y[(ALL, *place)] = x[(ALL, *window)].max(axis=(1, 2, 3))
    return y


def max_pool_gradient(x, d_y, geometry):
    d_x = np.zeros_like(x)
    for place, window, _ in windows(geometry):
        for n, c in np.ndindex(x.shape[0], x.shape[-1]):
            d_x[(n, *first_maximum(x, window, n, c), c)] += d_y[(n, *place, c)]
    return d_x


def max_pool_indices(x, _, geometry):
    indices = np.empty((len(x), *geometry.outputs, x.shape[-1]), "int64")
    for place, window, _ in windows(geometry):
        for n, c in np.ndindex(x.shape[0], x.shape[-1]):
            indices[(n, *place, c)] = np.ravel_multi_index(first_maximum(x, window, n, c), geometry.inputs)
    return indices


def first_maximum(x, window, n, c):
    """Returns its place (d, h, w)."""
    values = x[(n, *window, c)]
    places = np.broadcast_arrays(*window)
    return tuple(place.flat[values.argmax()] for place in places)  # of equal numbers argmax returns the first


def average_pool(x, _, geometry):
    y = np.empty((len(x), *geometry.outputs, x.shape[-1]))
    for place, window, count in windows(geometry):
        y[(ALL, *place)] = x[(ALL, *window)].sum(axis=(1, 2, 3)) / count
    return y


def average_pool_gradient(x, d_y, geometry):
    d_x = np.zeros_like(x)
    for place, window, count in windows(geometry):
        d_x[(ALL, *window)] += d_y[(ALL, *place)][:, None, None, None] / count
    return d_x
