"""Windows that lie side by side, as in a convolution that cuts images into patches, and in its way back.

Each pixel is in one window then. So the gradient for the input is a convolution with windows of one pixel, which has as many
filters as a window has numbers, and then each window is put in its place: some at a time, while they lie in the cache.
Kernels compute images of few channels, as of the colors of a decoder, several times as fast that way: a window fills vectors,
a pixel does not. With more channels, one product is still quicker than one for each place in a window, unless there are many
weights.
"""

import math

import numpy as np

from convlayers import _native
from convlayers._native.kept import Kept
from convlayers.ops.bias_activation import LINEAR
from convlayers.ops.conv_kernels import choose, keeps_weights
from convlayers.ops.layout import contiguous

AT_ONCE = 1 << 17  # numbers of windows that leave room for others in the second-level cache
OF_A_THREAD = 4  # times as many for each of several threads: less would not be worth dividing
FEW_WEIGHTS = 1 << 16


def backward_input_of_patches(problem):
    """Returns a function with the arguments of a kernel's `backward_input`; None where it cannot or should not do that.

    It also takes `bias` and `activation`, which a transposed convolution wants to have applied to the result.
    """
    if not _are_side_by_side(problem) or not _are_worth_it(problem):
        return None
    channels = problem.input_shape[-1]
    n, od, oh, ow, filters = problem.output_shape
    kd, kh, kw = problem.strides
    # Rows of windows follow one another in the image, unless windows reach over several planes.
    planes, rows = (n * od * oh, 1) if kd == 1 else (n * od, oh)
    size = kd * kh * kw * channels
    at_once = max(1, min(planes, AT_ONCE // (rows * ow * size)))  # by one thread
    of_pixels = problem._replace(
        input_shape=(1, at_once, rows, ow, filters),
        kernel_shape=(1, 1, 1, filters, size),
        output_shape=(1, at_once, rows, ow, size),
        strides=(1, 1, 1),
    )
    forward = choose(of_pixels, "forward")
    keeps = keeps_weights(of_pixels)
    description = of_pixels.strides, of_pixels.dilations, of_pixels.pads, of_pixels.groups

    def backward_input(d_y, weights, d_x, *_, bias=None, activation=LINEAR):
        filters_last = contiguous(weights.reshape(-1, filters).T).reshape(of_pixels.kernel_shape)
        biases = None if bias is None else np.tile(bias, kd * kh * kw)
        pixels = d_y.reshape(planes, rows, ow, filters)
        images = d_x.reshape(planes, kd, rows, kh, ow, kw * channels)
        threads = _native.runtime.threads()
        step = at_once if threads == 1 else max(1, min(planes, OF_A_THREAD * threads * at_once))
        windows = np.empty((step, rows, ow, size), of_pixels.dtype)
        place = _native.kernels(of_pixels.dtype).layout.place_windows
        kept = {"kept": Kept()} if keeps else {}
        for first in range(0, planes, step):
            some = pixels[first : first + step]
            count = len(some)
            forward(some[np.newaxis], filters_last, biases, windows[np.newaxis, :count], *description, activation, **kept)
            place(windows[:count].reshape(count, rows, ow, kd, kh, kw * channels), images[first : first + count])

    return backward_input


def _are_side_by_side(problem):
    """Whether windows leave out no pixel and share none."""
    lengths = zip(problem.input_shape[1:4], problem.output_shape[1:4], problem.strides, strict=True)
    return (
        problem.kernel_shape[:3] == problem.strides
        and problem.dilations == (1, 1, 1)
        and problem.pads == (0, 0, 0)
        and problem.groups == 1
        and all(length == windows * stride for length, windows, stride in lengths)
    )


def _are_worth_it(problem):
    """As measured: channels that do not fill a vector and windows that do better, or weights that leave room in the cache."""
    channels, filters = problem.kernel_shape[3:]
    if math.prod(problem.strides) == 1:
        return False
    return channels < filters if channels <= 16 else math.prod(problem.kernel_shape) <= FEW_WEIGHTS
