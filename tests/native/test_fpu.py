"""Kernels treat denormals as zero, their callers do not."""

import numpy as np
import pytest

from convlayers import _native

SIZE = 1 << 18  # enough work for several threads


def denormal(dtype):
    return np.dtype(dtype).type(np.finfo(dtype).tiny / 4)


def step(w, g):
    _native.kernels(w.dtype).optimizer.sgd_update([w], [g], None, 1.0, 0.0, False)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_denormals_are_zero_inside_a_kernel(dtype):
    w = np.zeros(SIZE, dtype)
    step(w, np.full(SIZE, denormal(dtype)))
    assert not w.any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_caller_keeps_its_denormals(dtype):
    step(np.zeros(SIZE, dtype), np.zeros(SIZE, dtype))
    assert np.all(np.full(100, np.finfo(dtype).tiny) / 4 == denormal(dtype))
