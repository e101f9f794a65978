# Pooling by its definition: what pool.pyx and global_pool.pyx are tested against. Arguments and buffers are theirs.
#
# Design:
# a) `window_of` says which inputs an output covers. Everything else is a loop over outputs, and one over their windows.
# b) Sums are in double. One thread, in the order of memory; where windows overlap, gradients are added.
from libc.math cimport INFINITY

from kernels.real cimport real

cdef struct Range:
    Py_ssize_t first, end


cdef Range window_of(Py_ssize_t output, Py_ssize_t inputs, Py_ssize_t pool, Py_ssize_t stride, Py_ssize_t pad) noexcept nogil:
    cdef Py_ssize_t first = output * stride - pad
    return Range(max(first, <Py_ssize_t>0), min(first + pool, inputs))


def max_pool_forward(const real[:, :, :, :, ::1] x, real[:, :, :, :, ::1] y, tuple pool, tuple strides, tuple pads):
    cdef Py_ssize_t n, od, oh, ow, id, ih, iw, c
    cdef Py_ssize_t kd, kh, kw, sd, sh, sw, pd, ph, pw
    cdef Range d, h, w
    cdef real largest
    (kd, kh, kw), (sd, sh, sw), (pd, ph, pw) = pool, strides, pads
    for n in range(y.shape[0]):
        for od in range(y.shape[1]):
            d = window_of(od, x.shape[1], kd, sd, pd)
            for oh in range(y.shape[2]):
                h = window_of(oh, x.shape[2], kh, sh, ph)
                for ow in range(y.shape[3]):
                    w = window_of(ow, x.shape[3], kw, sw, pw)
                    for c in range(y.shape[4]):
                        largest = -INFINITY
                        for id in range(d.first, d.end):
                            for ih in range(h.first, h.end):
                                for iw in range(w.first, w.end):
                                    if x[n, id, ih, iw, c] > largest or x[n, id, ih, iw, c] != x[n, id, ih, iw, c]:
                                        largest = x[n, id, ih, iw, c]
                        y[n, od, oh, ow, c] = largest
