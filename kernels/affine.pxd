# One multiplication and addition per number, with coefficients for each column of a matrix.
#
# Design:
# a) A row is a function of the rows of one or two matrices, number by number. `target` may be one of them.
# b) Coefficients are computed in double by whoever fills them in, once for all rows.
from kernels.real cimport real

cdef struct Affine:
    void (*map_row)(const Affine* job, const real* source, const real* x, real* target) noexcept nogil
    Py_ssize_t rows, width
    real* scale   # width numbers each
    real* shift
    real* center
    real* slope


cdef inline void scale_shift_row(const Affine* job, const real* source, const real* x, real* target) noexcept nogil:
    cdef const real* scale = job.scale
    cdef const real* shift = job.shift
    cdef Py_ssize_t width = job.width, j
    for j in range(width):
        target[j] = source[j] * scale[j] + shift[j]


cdef inline void normalize_row(const Affine* job, const real* source, const real* x, real* target) noexcept nogil:
    cdef const real* center = job.center
    cdef const real* scale = job.scale
    cdef const real* shift = job.shift
    cdef Py_ssize_t width = job.width, j
    for j in range(width):
        target[j] = (source[j] - center[j]) * scale[j] + shift[j]


cdef inline void normalize_gradient_row(const Affine* job, const real* d_y, const real* x, real* d_x) noexcept nogil:
    cdef const real* center = job.center
    cdef const real* scale = job.scale
    cdef const real* slope = job.slope
    cdef const real* shift = job.shift
    cdef Py_ssize_t width = job.width, j
    for j in range(width):
        d_x[j] = d_y[j] * scale[j] + (x[j] - center[j]) * slope[j] + shift[j]
