"""Layouts of users and of kernels."""

import numpy as np
import pytest

from convlayers.ops.layout import from_channels_last_5d, to_3d, to_channels_last_5d


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_channels_last_is_a_view(rank):
    x = np.arange(2 * 4**rank * 3.0).reshape(2, *[4] * rank, 3)
    x5 = to_channels_last_5d(x, "channels_last")
    assert x5.shape == (2, *[1] * (3 - rank), *[4] * rank, 3)
    assert np.shares_memory(x5, x)
    y = from_channels_last_5d(x5, "channels_last", rank)
    assert np.shares_memory(y, x)
    np.testing.assert_array_equal(y, x)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_channels_first_is_transposed_there_and_back(rank):
    x = np.arange(2 * 3 * 4**rank * 1.0).reshape(2, 3, *[4] * rank)
    x5 = to_channels_last_5d(x, "channels_first")
    np.testing.assert_array_equal(x5.reshape(2, *[4] * rank, 3), np.moveaxis(x, 1, -1))
    y = from_channels_last_5d(x5, "channels_first", rank)
    np.testing.assert_array_equal(y, x)
    assert x5.flags.c_contiguous
    assert y.flags.c_contiguous


def test_other_orders_in_memory_become_contiguous():
    x = np.asfortranarray(np.random.default_rng(0).normal(size=(2, 4, 5, 3)))
    x5 = to_channels_last_5d(x[:, ::-2], "channels_last")
    assert x5.flags.c_contiguous
    np.testing.assert_array_equal(x5[:, 0], x[:, ::-2])


@pytest.mark.parametrize("shape", [(0, 4, 4, 3), (2, 0, 4, 3), (2, 4, 4, 0)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_empty_arrays(shape, data_format):
    y = from_channels_last_5d(to_channels_last_5d(np.zeros(shape), data_format), data_format, 2)
    assert y.shape == shape


def test_sizes():
    assert to_3d((2,)) == (1, 1, 2)
    assert to_3d((2, 3), 0) == (0, 2, 3)
    assert to_3d([2, 3, 4]) == (2, 3, 4)
