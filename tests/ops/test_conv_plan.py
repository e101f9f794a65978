"""What is thought through once for a convolution is thought through anew where the outcome would be another."""

import numpy as np
import pytest

from convlayers import config, ops


@pytest.fixture
def winograd():
    before = config.winograd()
    yield config.set_winograd
    config.set_winograd(before)


def test_settings_count_from_the_next_call_on(winograd):
    random = np.random.default_rng(0)
    x, kernel = (random.normal(size=shape).astype("float32") for shape in ((1, 32, 32, 64), (3, 3, 64, 64)))
    exact = ops.conv(x.astype("float64"), kernel.astype("float64"))
    winograd(False)
    direct = ops.conv(x, kernel)
    winograd(True)
    quick = ops.conv(x, kernel)
    winograd(False)
    assert not np.array_equal(quick, direct)
    np.testing.assert_array_equal(ops.conv(x, kernel), direct)
    for y in (quick, direct):
        np.testing.assert_allclose(y, exact, atol=1e-4 * np.abs(exact).max())


def test_number_types_of_one_shape_do_not_mix():
    x, kernel = np.ones((1, 5, 5, 3)), np.ones((2, 2, 3, 4))
    for dtype in ("float32", "float64", "float32"):
        assert ops.conv(x.astype(dtype), kernel.astype(dtype)).dtype == dtype
    assert ops.dense(np.ones((2, 3)), np.ones((3, 4))).dtype == "float64"
    assert ops.dense(np.ones((2, 3), "float32"), np.ones((3, 4), "float32")).dtype == "float32"


def test_sizes_may_be_lists():
    x, kernel = np.ones((1, 9, 9, 3)), np.ones((2, 2, 3, 4))
    np.testing.assert_array_equal(ops.conv(x, kernel, strides=[2, 3]), ops.conv(x, kernel, strides=(2, 3)))
