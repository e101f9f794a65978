"""Matrices (rows, c) and vectors (c) that kernels over channels are tested with."""

import numpy as np

# One row or many, around groups (64 rows) and tasks (64 groups); few channels, taken several rows at a time, and many.
SHAPES = [
    *((rows, c) for rows in (1, 2, 63, 64, 65, 130) for c in (1, 3, 8, 15, 16, 17, 33, 64, 65, 200)),
    *((rows, c) for rows in (4096, 4099, 10_000) for c in (1, 6, 8, 33)),
    (5, 5000),
]


def numbers(native, shape, mean=2.0, deviation=1.5):
    rng = np.random.default_rng(0)
    return native.array(rng.normal(mean, deviation, shape)), native.array(rng.normal(size=shape))


def vectors(native, c):
    rng = np.random.default_rng(1)
    return native.array(rng.normal(size=c)), native.array(rng.normal(size=c))
