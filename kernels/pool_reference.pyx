# Pooling by its definition: what pool.pyx and global_pool.pyx are tested against. Arguments and buffers are theirs.
#
# Design:
# a) `windows` says which inputs each output covers. Everything else is a loop over them and, inside, over the window.
# b) Sums are in double. There is one thread; gradients are added in the order of the outputs.
from itertools import product
from libc.math cimport INFINITY

from kernels.real cimport real


def windows(x, y, pool, strides, pads):
    """Yields, for each output pixel, its place (d, h, w) and the inputs that it covers: first and end of d, h and w."""
    for place in product(*map(range, y.shape[1:4])):
        covered = []
        for output, inputs, size, stride, pad in zip(place, x.shape[1:4], pool, strides, pads):
            covered += [max(output * stride - pad, 0), min(output * stride - pad + size, inputs)]
        yield *place, *covered


cdef bint is_maximum(real x, real y) noexcept nogil:
    return x == y or x != x


# Windows --------------------------------------------------------------------------------------------------------------


def max_pool_forward(const real[:, :, :, :, ::1] x, real[:, :, :, :, ::1] y, tuple pool, tuple strides, tuple pads):
    cdef Py_ssize_t n, od, oh, ow, d0, d1, h0, h1, w0, w1, id, ih, iw, c
    y[...] = -INFINITY
    for od, oh, ow, d0, d1, h0, h1, w0, w1 in windows(x, y, pool, strides, pads):
        for n in range(y.shape[0]):
            for id in range(d0, d1):
                for ih in range(h0, h1):
                    for iw in range(w0, w1):
                        for c in range(y.shape[4]):
                            if x[n, id, ih, iw, c] > y[n, od, oh, ow, c] or x[n, id, ih, iw, c] != x[n, id, ih, iw, c]:
                                y[n, od, oh, ow, c] = x[n, id, ih, iw, c]


def max_pool_backward(
    const real[:, :, :, :, ::1] x,
    const real[:, :, :, :, ::1] y,
    const real[:, :, :, :, ::1] d_y,
    real[:, :, :, :, ::1] d_x,
    tuple pool,
    tuple strides,
    tuple pads,
):
    cdef Py_ssize_t n, od, oh, ow, d0, d1, h0, h1, w0, w1, id, ih, iw, c
    cdef bint given
    d_x[...] = 0
    for od, oh, ow, d0, d1, h0, h1, w0, w1 in windows(x, y, pool, strides, pads):
        for n in range(y.shape[0]):
            for c in range(y.shape[4]):
                given = False
                for id in range(d0, d1):
                    for ih in range(h0, h1):
                        for iw in range(w0, w1):
                            if not given and is_maximum(x[n, id, ih, iw, c], y[n, od, oh, ow, c]):
                                d_x[n, id, ih, iw, c] += d_y[n, od, oh, ow, c]
                                given = True


def average_pool_forward(const real[:, :, :, :, ::1] x, real[:, :, :, :, ::1] y, tuple pool, tuple strides, tuple pads):
    cdef Py_ssize_t n, od, oh, ow, d0, d1, h0, h1, w0, w1, id, ih, iw, c
    cdef double total
    for od, oh, ow, d0, d1, h0, h1, w0, w1 in windows(x, y, pool, strides, pads):
        for n in range(y.shape[0]):
            for c in range(y.shape[4]):
                total = 0
                for id in range(d0, d1):
                    for ih in range(h0, h1):
                        for iw in range(w0, w1):
                            total += x[n, id, ih, iw, c]
                y[n, od, oh, ow, c] = <real>(total / ((d1 - d0) * (h1 - h0) * (w1 - w0)))


def average_pool_backward(
    const real[:, :, :, :, ::1] d_y, real[:, :, :, :, ::1] d_x, tuple pool, tuple strides, tuple pads
):
    cdef Py_ssize_t n, od, oh, ow, d0, d1, h0, h1, w0, w1, id, ih, iw, c
    cdef double share
    d_x[...] = 0
    for od, oh, ow, d0, d1, h0, h1, w0, w1 in windows(d_x, d_y, pool, strides, pads):
        for n in range(d_y.shape[0]):
            for c in range(d_y.shape[4]):
                share = <double>d_y[n, od, oh, ow, c] / ((d1 - d0) * (h1 - h0) * (w1 - w0))
                for id in range(d0, d1):
                    for ih in range(h0, h1):
                        for iw in range(w0, w1):
                            d_x[n, id, ih, iw, c] += <real>share


# All pixels -----------------------------------------------------------------------------------------------------------


def global_max_pool_forward(const real[:, :, ::1] x, real[:, ::1] y):
    cdef Py_ssize_t n, pixel, c
    y[...] = -INFINITY
    for n in range(x.shape[0]):
        for pixel in range(x.shape[1]):
            for c in range(x.shape[2]):
                if x[n, pixel, c] > y[n, c] or x[n, pixel, c] != x[n, pixel, c]:
                    y[n, c] = x[n, pixel, c]


def global_max_pool_backward(
    const real[:, :, ::1] x, const real[:, ::1] y, const real[:, ::1] d_y, real[:, :, ::1] d_x
):
    cdef Py_ssize_t n, pixel, c, maxima
    for n in range(x.shape[0]):
        for c in range(x.shape[2]):
            maxima = 0
            for pixel in range(x.shape[1]):
                maxima += is_maximum(x[n, pixel, c], y[n, c])
            for pixel in range(x.shape[1]):
                d_x[n, pixel, c] = d_y[n, c] / maxima if is_maximum(x[n, pixel, c], y[n, c]) else 0


def global_average_pool_forward(const real[:, :, ::1] x, real[:, ::1] y):
    cdef Py_ssize_t n, pixel, c
    cdef double total
    for n in range(x.shape[0]):
        for c in range(x.shape[2]):
            total = 0
            for pixel in range(x.shape[1]):
                total += x[n, pixel, c]
            y[n, c] = <real>(total / x.shape[1])


def global_average_pool_backward(const real[:, ::1] d_y, real[:, :, ::1] d_x):
    cdef Py_ssize_t n, pixel, c
    for n in range(d_x.shape[0]):
        for pixel in range(d_x.shape[1]):
            for c in range(d_x.shape[2]):
                d_x[n, pixel, c] = d_y[n, c] / d_x.shape[1]
