# Convolution on a processor's tiles of bfloat16, as exact as in float32.
#
# Design:
# a) Each float32 is the exact sum of three bfloat16, and a product of two takes six of theirs (bf16_tiles.pxd).
# b) All else is that of bf16_product.pxd.
cdef extern from *:
    """
    #define TERMS 3
    """

from kernels.bf16_product cimport backward_input, backward_kernel, convolve
from kernels.kept cimport Kept
from kernels.real cimport real


def conv_bf16x3_forward(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] kernel, const real[::1] bias,
                        real[:, :, :, :, ::1] y, tuple strides, tuple dilations, tuple pads, int groups, int activation,
                        Kept kept=None):
    """y = activation(convolution of x with kernel + bias). bias may be None; pads are those in front.

    With `kept`, packed weights are taken from there, or left there.

    Returns:
        False if a number was not finite: y means nothing then.
    """
    return convolve(x, kernel, bias, y, strides, dilations, pads, groups, activation, kept)


def conv_bf16x3_backward_input(const real[:, :, :, :, ::1] d_y, const real[:, :, :, :, ::1] kernel,
                               real[:, :, :, :, ::1] d_x, tuple strides, tuple dilations, tuple pads, int groups):
    """d_x = gradient for the input, from that for the output.

    Returns:
        False if a number was not finite: d_x means nothing then.
    """
    return backward_input(d_y, kernel, d_x, strides, dilations, pads, groups)


def conv_bf16x3_backward_kernel(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] d_y,
                                real[:, :, :, :, ::1] d_kernel, tuple strides, tuple dilations, tuple pads, int groups):
    """d_kernel = gradient for the kernel, from the input and the gradient for the output (contiguous).

    Returns:
        False if a number was not finite: d_kernel means nothing then.
    """
    return backward_kernel(x, d_y, d_kernel, strides, dilations, pads, groups)
