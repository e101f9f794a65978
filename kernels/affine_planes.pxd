# One multiplication and addition per number, with coefficients for each plane, as affine.pxd has them for each column.
from kernels.around cimport BLOCK, carry_around
from kernels.elementwise cimport LINEAR, apply_activation
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.real cimport real

cdef struct Gradient:
    real center, scale, slope, shift


cdef inline void scale_plane(
    const real* x, real center, real scale, real shift, int activation, bint around, real* y, Py_ssize_t count
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef real[BLOCK] block
    cdef real* results
    cdef Py_ssize_t start = 0, size, i
    while start < count:
        size = min(count - start, <Py_ssize_t>BLOCK) if around else count
        results = &block[0] if around else y
        for i in range(size):
            results[i] = (x[start + i] - center) * scale + shift
        if activation != LINEAR:
            apply_activation(activation, results, size)
        if around:
            carry_around(block, y + start, size)
        start += size
    restore_denormals(state)


cdef inline void gradient_plane(
    Gradient gradient, const real* x, const real* d_y, bint around, real* d_x, Py_ssize_t count
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef real[BLOCK] block
    cdef real* results
    cdef Py_ssize_t start = 0, size, i
    while start < count:
        size = min(count - start, <Py_ssize_t>BLOCK) if around else count
        results = &block[0] if around else d_x
        for i in range(size):
            results[i] = d_y[start + i] * gradient.scale + (x[start + i] - gradient.center) * gradient.slope + gradient.shift
        if around:
            carry_around(block, d_x + start, size)
        start += size
    restore_denormals(state)
