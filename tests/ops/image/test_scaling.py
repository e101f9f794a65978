"""Multiplication and addition in one pass against NumPy, in blocks that are smaller than the arrays."""

import numpy as np
import pytest

from convlayers.ops.image.scaling import scale_and_shift
from convlayers.ops.image.tone import scale_shift_clip
from tests.ops.gradients import check_gradients

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize(
    ("scale", "shift"),
    [(2.0, 1.0), (2.0, 0.0), (np.array([1.0, 2.0, 3.0]), 0.5), (2.0, np.array([[1.0], [2.0]])), (np.ones((1, 2, 3)), 1.0)],
    ids=["numbers", "scale", "vector", "rows", "array"],
)
def test_scale_and_shift(dtype, scale, shift):
    x = RNG.integers(0, 100, (20_000, 2, 3)).astype("uint8")
    y = scale_and_shift(x, scale, shift, dtype)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, x * np.asarray(scale) + shift, rtol=1e-3 if dtype == "float16" else 1e-6)
    check_gradients(lambda x: scale_and_shift(x, scale, shift, "float64"), [RNG.normal(size=(2, 2, 3))])


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("contiguous", [False, True])
@pytest.mark.parametrize("by_channel", [False, True])
@pytest.mark.parametrize("shape", [(2, 3, 4, 3), (3, 120, 130, 3), (1, 2, 40_000, 1), (0, 3, 3, 3)], ids=str)
def test_scale_shift_clip(data_format, contiguous, by_channel, shape):
    x = RNG.normal(size=shape)
    shifts = RNG.normal(size=(shape[0], 1, 1, shape[3] if by_channel else 1))
    scales = RNG.uniform(0.5, 2, size=shape[0])
    expected = np.clip(x * scales.reshape(-1, 1, 1, 1) + shifts, -0.7, 0.8)
    if data_format == "channels_first":
        x, shifts, expected = (np.moveaxis(array, -1, 1) for array in (x, shifts, expected))
    x = np.ascontiguousarray(x) if contiguous else np.asfortranarray(x)
    # The kernel rounds once, not after the product as well, which shows where the two terms cancel.
    changed = scale_shift_clip(x, shifts, scales, -0.7, 0.8, data_format)
    np.testing.assert_allclose(changed, expected, rtol=1e-12, atol=1e-15)
    if 0 < x.size < 100:
        check_gradients(lambda x, s: scale_shift_clip(x, s, scales, -0.7, 0.8, data_format), [x, shifts], tolerance=1e-6)


def test_one_shift_for_all_images():
    x = RNG.normal(size=(3, 4, 5, 2))
    for shifts in (np.full((1, 1, 1, 1), 0.5), RNG.normal(size=(1, 1, 1, 2))):
        np.testing.assert_allclose(scale_shift_clip(x, shifts, np.ones(1), -9, 9, "channels_last"), x + shifts)
        check_gradients(lambda x, s: scale_shift_clip(x, s, np.ones(1), -9, 9, "channels_last"), [x, shifts])
