# Convolution by its definition: what all other convolution kernels are tested against, and the last entry of their
# list, which can do everything.
#
# Design:
# a) x is (n, id, ih, iw, c), kernel (kd, kh, kw, c / groups, k), y (n, od, oh, ow, k). A group is k / groups outputs
#    that see c / groups inputs.
# b) Output o and tap t meet at input o * stride - pad + t * dilation (`input_of`); the gradient for the input asks the
#    other way round (`output_of`). Pads are those in front; what is behind follows from the size of y.
# c) Every result is one sum in double, in the order of memory, by a function of its own. There is one thread.
# d) Each tap, or row of pixels, is summed up by itself first: a single long sum in float64 rounds off more than the kernels do.
from kernels.elementwise cimport apply_activation
from kernels.real cimport real

cdef struct Axis:
    Py_ssize_t inputs, outputs, stride, dilation, pad

cdef struct Problem:
    Axis d, h, w
    Py_ssize_t c, k  # of a group


cdef Problem describe(
    const real[:, :, :, :, ::1] x,
    const real[:, :, :, :, ::1] y,
    tuple strides,
    tuple dilations,
    tuple pads,
    int groups,
) except *:
    return Problem(
        Axis(x.shape[1], y.shape[1], strides[0], dilations[0], pads[0]),
        Axis(x.shape[2], y.shape[2], strides[1], dilations[1], pads[1]),
        Axis(x.shape[3], y.shape[3], strides[2], dilations[2], pads[2]),
        x.shape[4] // groups,
        y.shape[4] // groups,
    )


cdef inline Py_ssize_t input_of(const Axis* axis, Py_ssize_t output, Py_ssize_t tap) noexcept nogil:
    """The input that an output sees through a tap, -1 if it sees padding."""
    cdef Py_ssize_t i = output * axis.stride - axis.pad + tap * axis.dilation
    return i if 0 <= i < axis.inputs else -1


cdef inline Py_ssize_t output_of(const Axis* axis, Py_ssize_t input, Py_ssize_t tap) noexcept nogil:
    """The output that sees an input through a tap, -1 if there is none."""
    cdef Py_ssize_t o = input + axis.pad - tap * axis.dilation
    return o // axis.stride if 0 <= o < axis.outputs * axis.stride and o % axis.stride == 0 else -1


# Forward --------------------------------------------------------------------------------------------------------------


cdef double output_sum(
    const Problem* at,
    const real[:, :, :, :, ::1] x,
    const real[:, :, :, :, ::1] kernel,
    Py_ssize_t n,
    Py_ssize_t od,
    Py_ssize_t oh,
    Py_ssize_t ow,
    Py_ssize_t k,
) noexcept nogil:
    cdef Py_ssize_t kd, kh, kw, id, ih, iw, c
    cdef Py_ssize_t first_c = k // at.k * at.c
    cdef double total = 0, part
    for kd in range(kernel.shape[0]):
        for kh in range(kernel.shape[1]):
            for kw in range(kernel.shape[2]):
                id = input_of(&at.d, od, kd)
                ih = input_of(&at.h, oh, kh)
                iw = input_of(&at.w, ow, kw)
                if id >= 0 and ih >= 0 and iw >= 0:
                    part = 0
                    for c in range(at.c):
                        part += <double>x[n, id, ih, iw, first_c + c] * kernel[kd, kh, kw, c, k]
                    total += part
    return total


def conv_reference_forward(
    const real[:, :, :, :, ::1] x,
    const real[:, :, :, :, ::1] kernel,
    const real[::1] bias,
    real[:, :, :, :, ::1] y,
    tuple strides,
    tuple dilations,
    tuple pads,
    int groups,
    int activation,
):
    """y = activation(convolution of x with kernel + bias). bias may be None."""
    cdef Problem at = describe(x, y, strides, dilations, pads, groups)
    cdef Py_ssize_t n, od, oh, ow, k
    cdef double start
    with nogil:
        for n in range(y.shape[0]):
            for od in range(y.shape[1]):
                for oh in range(y.shape[2]):
                    for ow in range(y.shape[3]):
                        for k in range(y.shape[4]):
                            start = 0 if bias is None else bias[k]
                            y[n, od, oh, ow, k] = <real>(start + output_sum(&at, x, kernel, n, od, oh, ow, k))
                            apply_activation(activation, &y[n, od, oh, ow, k], 1)


# Gradients ------------------------------------------------------------------------------------------------------------


cdef double input_gradient(
    const Problem* at,
    const real[:, :, :, :, ::1] d_y,
    const real[:, :, :, :, ::1] kernel,
    Py_ssize_t n,
    Py_ssize_t id,
    Py_ssize_t ih,
    Py_ssize_t iw,
    Py_ssize_t c,
) noexcept nogil:
    cdef Py_ssize_t kd, kh, kw, od, oh, ow, k
    cdef Py_ssize_t first_k = c // at.c * at.k
    cdef double total = 0, part
    for kd in range(kernel.shape[0]):
        for kh in range(kernel.shape[1]):
            for kw in range(kernel.shape[2]):
                od = output_of(&at.d, id, kd)
                oh = output_of(&at.h, ih, kh)
                ow = output_of(&at.w, iw, kw)
                if od >= 0 and oh >= 0 and ow >= 0:
                    part = 0
                    for k in range(first_k, first_k + at.k):
                        part += <double>d_y[n, od, oh, ow, k] * kernel[kd, kh, kw, c % at.c, k]
                    total += part
    return total


def conv_reference_backward_input(
    const real[:, :, :, :, ::1] d_y,
    const real[:, :, :, :, ::1] kernel,
    real[:, :, :, :, ::1] d_x,
    tuple strides,
    tuple dilations,
    tuple pads,
    int groups,
):
    """d_x = the gradient for x"""
    cdef Problem at = describe(d_x, d_y, strides, dilations, pads, groups)
    cdef Py_ssize_t n, id, ih, iw, c
    with nogil:
        for n in range(d_x.shape[0]):
            for id in range(d_x.shape[1]):
                for ih in range(d_x.shape[2]):
                    for iw in range(d_x.shape[3]):
                        for c in range(d_x.shape[4]):
                            d_x[n, id, ih, iw, c] = <real>input_gradient(&at, d_y, kernel, n, id, ih, iw, c)


cdef double kernel_gradient(
    const Problem* at,
    const real[:, :, :, :, ::1] x,
    const real[:, :, :, :, ::1] d_y,
    Py_ssize_t kd,
    Py_ssize_t kh,
    Py_ssize_t kw,
    Py_ssize_t c,
    Py_ssize_t k,
) noexcept nogil:
    cdef Py_ssize_t n, od, oh, ow, id, ih, iw
    cdef Py_ssize_t first_c = k // at.k * at.c
    cdef double total = 0, part
    for n in range(d_y.shape[0]):
        for od in range(d_y.shape[1]):
            for oh in range(d_y.shape[2]):
                part = 0
                for ow in range(d_y.shape[3]):
                    id = input_of(&at.d, od, kd)
                    ih = input_of(&at.h, oh, kh)
                    iw = input_of(&at.w, ow, kw)
                    if id >= 0 and ih >= 0 and iw >= 0:
                        part += <double>x[n, id, ih, iw, first_c + c] * d_y[n, od, oh, ow, k]
                total += part
    return total


def conv_reference_backward_kernel(
    const real[:, :, :, :, ::1] x,
    const real[:, :, :, :, ::1] d_y,
    real[:, :, :, :, ::1] d_kernel,
    tuple strides,
    tuple dilations,
    tuple pads,
    int groups,
):
    """d_kernel = the gradient for kernel"""
    cdef Problem at = describe(x, d_y, strides, dilations, pads, groups)
    cdef Py_ssize_t kd, kh, kw, c, k
    with nogil:
        for kd in range(d_kernel.shape[0]):
            for kh in range(d_kernel.shape[1]):
                for kw in range(d_kernel.shape[2]):
                    for c in range(d_kernel.shape[3]):
                        for k in range(d_kernel.shape[4]):
                            d_kernel[kd, kh, kw, c, k] = <real>kernel_gradient(&at, x, d_y, kd, kh, kw, c, k)


def conv_reference_backward_bias(const real[:, :, :, :, ::1] d_y, real[::1] d_bias):
    """d_bias = the gradient for bias"""
    cdef Py_ssize_t n, od, oh, ow, k
    cdef double total
    with nogil:
        for k in range(d_y.shape[4]):
            total = 0
            for n in range(d_y.shape[0]):
                for od in range(d_y.shape[1]):
                    for oh in range(d_y.shape[2]):
                        for ow in range(d_y.shape[3]):
                            total += d_y[n, od, oh, ow, k]
            d_bias[k] = <real>total
