"""What kernels make of weights and keep for the next call: read instead of made anew, and the same bits."""

import threading

import numpy as np
import pytest

from convlayers._native.kept import Kept
from convlayers.ops.conv_kernels import CONV_KERNELS
from tests.kernels.conv_problems import PROBLEMS

KEEPING = [kernel for kernel in CONV_KERNELS if kernel.keeps_weights]
SMALL = (
    "64 channels",
    "many tiles",
    "deep transformed weights",
    "strides",
    "wide groups",
    "many groups of a vector",
    "groups that are divided",
    "groups of 5x5",
    "blocks of uneven size",
    "three axes",
    "3x3x3, no padding",
    "groups of 5x5, dilation",
)


class Call:
    """A forward call of a kernel, for random numbers that are the same at every call."""

    def __init__(self, native, kernel, name):
        self.problem = PROBLEMS[name]._replace(dtype=native.dtype.name)
        if kernel.cannot(self.problem, "forward"):
            pytest.skip(kernel.cannot(self.problem, "forward"))
        rng = np.random.default_rng(0)
        self.native = native
        self.x, self.weights = (native.array(rng.normal(size=shape)) for shape in self.problem[:2])
        self.function = getattr(getattr(native, kernel.module), f"{kernel.module}_forward")

    def __call__(self, kept=None, weights=None):
        y = self.native.empty(self.problem.output_shape)
        weights = self.weights if weights is None else self.native.array(weights)
        _, _, _, strides, dilations, pads, groups, _ = self.problem
        done = self.function(self.x, weights, None, y, strides, dilations, pads, groups, 0, kept)
        return None if done is False else y


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("kernel", KEEPING, ids=lambda kernel: kernel.module)
def test_weights_are_read_once(native, kernel, name):
    call, kept = Call(native, kernel, name), Kept()
    assert not kept
    expected = call()
    np.testing.assert_array_equal(call(kept), expected)
    assert kept
    other = np.zeros(call.problem.kernel_shape)
    np.testing.assert_array_equal(call(kept, other), expected)
    assert not np.array_equal(call(Kept(), other), expected)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("kernel", KEEPING, ids=lambda kernel: kernel.module)
def test_what_is_kept_does_not_depend_on_threads(native, kernel, name, threads):
    call, kept = Call(native, kernel, name), Kept()
    with threads(2):
        expected = call(kept)
    for count in (1, 3):
        with threads(count):
            np.testing.assert_array_equal(call(kept), expected)


@pytest.mark.parametrize("kernel", KEEPING, ids=lambda kernel: kernel.module)
def test_large_weights_are_computed_with_as_ever(native, kernel):
    call, kept = Call(native, kernel, "large weights"), Kept()
    expected = call()
    for _ in range(2):
        np.testing.assert_array_equal(call(kept), expected)


@pytest.mark.parametrize("kernel", [kernel for kernel in KEEPING if kernel.only_finite], ids=lambda kernel: kernel.module)
def test_nothing_is_kept_of_weights_that_a_kernel_declines(native, kernel):
    call, kept = Call(native, kernel, "64 channels"), Kept()
    weights = np.full(call.problem.kernel_shape, np.inf)
    assert call(kept, weights) is None
    assert not kept


@pytest.mark.parametrize("kernel", KEEPING, ids=lambda kernel: kernel.module)
def test_several_threads_may_keep_at_once(native, kernel):
    call, kept, results = Call(native, kernel, "64 channels"), Kept(), []
    expected = call()
    threads = [threading.Thread(target=lambda: results.extend(call(kept) for _ in range(5))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 20
    for result in results:
        np.testing.assert_array_equal(result, expected)
