"""Entries from other places: the ways of the kernel and of NumPy, and arrays that lie otherwise in memory."""

import numpy as np
import pytest

from convlayers import layers, ops
from convlayers.autograd import Tape
from convlayers.ops.places import FILLER, take_places


def numbers(shape, dtype="float32"):
    return np.random.default_rng(0).integers(0, 100, shape).astype(dtype)


# Large enough for the kernel; of four padded axes in a row, and of integers, there is none.
@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric", "wrap"])
@pytest.mark.parametrize(
    ("shape", "width"),
    [
        ((70_000,), (3, 4)),
        ((6, 40, 50, 7), ((0, 0), (1, 2), (0, 3), (0, 0))),
        ((6, 40, 50, 7), ((0, 0), (0, 0), (2, 2), (3, 1))),
        ((6, 40, 50, 7), ((1, 0), (0, 0), (2, 2), (0, 0))),
        ((6, 40, 50, 7), ((1, 0), (0, 0), (2, 2), (0, 3))),
        ((2, 12, 13, 14, 20), ((0, 0), (1, 1), (2, 2), (3, 3), (0, 0))),
        ((300, 300), 0),
        ((3, 4), 1),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_pad(shape, width, mode, dtype):
    x = numbers(shape, dtype)
    np.testing.assert_array_equal(ops.pad(x, width, mode), np.pad(x, width, mode))


def test_pad_with_a_number():
    x = numbers((300, 300))
    np.testing.assert_array_equal(ops.pad(x, 2, constant_values=-3), np.pad(x, 2, constant_values=-3))


def test_axes_lie_in_memory_as_before():
    channels_first = np.moveaxis(numbers((4, 60, 70, 8)), -1, 1)
    y = ops.pad(channels_first, ((0, 0), (0, 0), (1, 1), (2, 2)))
    np.testing.assert_array_equal(y, np.pad(channels_first, ((0, 0), (0, 0), (1, 1), (2, 2))))
    assert np.moveaxis(y, 1, -1).flags.c_contiguous
    gaps = numbers((300, 600))[:, ::2]
    np.testing.assert_array_equal(ops.pad(gaps, 1), np.pad(gaps, 1))


@pytest.mark.parametrize("dtype", ["float32", "int32"])
@pytest.mark.parametrize("mode", ["horizontal", "vertical", "horizontal_and_vertical"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_flips(mode, data_format, dtype):
    layer = layers.RandomFlip(mode, data_format=data_format, dtype=dtype)
    images = numbers((9, 3, 60, 70) if data_format == "channels_first" else (9, 60, 70, 3), dtype)
    flips = np.arange(9).reshape(9, 1, 1, 1) % 3 == 0
    axes = {"horizontal": (-1,), "vertical": (-2,)}.get(mode, (-2, -1))
    axes = axes if data_format == "channels_first" else [axis - 1 for axis in axes]
    expected = np.where(flips, np.flip(images, axes), images)
    for given in (images, np.moveaxis(np.ascontiguousarray(np.moveaxis(images, 1, -1)), -1, 1)):
        y = layer.transform_images(given, {"flips": flips, "input_shape": images.shape})
        np.testing.assert_array_equal(y, expected)


def test_gradient_of_flips_goes_back():
    images, flips = numbers((9, 60, 70, 3)), np.arange(9).reshape(9, 1, 1, 1) % 2 == 0
    with Tape() as tape:
        watched = tape.watch(images)
        y = layers.RandomFlip("horizontal").transform_images(watched, {"flips": flips, "input_shape": images.shape})
    d_y = numbers(images.shape)[::-1]
    (d_x,) = tape.backward([y], [d_y], [watched])
    np.testing.assert_array_equal(d_x, np.where(flips, d_y[:, :, ::-1], d_y))


def test_small_arrays_are_left_to_numpy():
    assert take_places(numbers((10, 10)), {0: lambda length: np.full(length, FILLER)}) is None
