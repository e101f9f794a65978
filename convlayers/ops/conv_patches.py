"""Windows that lie side by side, as in a convolution that cuts images into patches, and in its way back.

Each pixel is in one window then. So the gradient for the input is a convolution with windows of one pixel, which has as many
filters as a window has numbers, and then each window is put in its place. That takes another pass over memory, but kernels
compute images of few channels, as of the colors of a decoder, several times as fast: a window fills vectors, a pixel does not.
"""

import math

import numpy as np

from convlayers.ops.bias_activation import LINEAR
from convlayers.ops.conv_kernels import choose


def backward_input_of_patches(problem):
    """Returns a function with the arguments of a kernel's `backward_input`; None where it cannot or should not do that."""
    if not _are_side_by_side(problem) or not _are_worth_it(problem):
        return None
    channels = problem.input_shape[-1]
    n, od, oh, ow, filters = problem.output_shape
    kd, kh, kw = problem.strides
    of_pixels = problem._replace(
        input_shape=problem.output_shape,
        kernel_shape=(1, 1, 1, filters, kd * kh * kw * channels),
        output_shape=(n, od, oh, ow, kd * kh * kw * channels),
        strides=(1, 1, 1),
    )
    forward = choose(of_pixels, "forward")
    description = of_pixels.strides, of_pixels.dilations, of_pixels.pads, of_pixels.groups

    def backward_input(d_y, weights, d_x, *_):
        windows = np.empty(of_pixels.output_shape, of_pixels.dtype)
        filters_last = np.ascontiguousarray(weights.reshape(-1, filters).T).reshape(of_pixels.kernel_shape)
        forward(d_y, filters_last, None, windows, *description, LINEAR)
        windows = windows.reshape(n, od, oh, ow, kd, kh, kw, channels)
        np.copyto(d_x.reshape(n, od, kd, oh, kh, ow, kw, channels), windows.transpose(0, 1, 4, 2, 5, 3, 6, 7))

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
    """As measured: channels that do not fill a vector, and windows that do better."""
    channels, filters = problem.kernel_shape[3:]
    return channels <= 16 and channels < filters and math.prod(problem.strides) > 1
