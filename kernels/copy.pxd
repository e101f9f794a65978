# Short rows copied, and filled with one number.
from kernels.real cimport VL, ZERO_VECTOR, real, vec


cdef inline void copy(const real* x, real* y, Py_ssize_t count) noexcept nogil:
    """As `memcpy`, whose call takes longer than to copy a short row."""
    cdef Py_ssize_t j = 0
    while j + VL <= count:
        (<vec*>(y + j))[0] = (<const vec*>(x + j))[0]
        j += VL
    while j < count:
        y[j] = x[j]
        j += 1


cdef inline void fill(real number, real* y, Py_ssize_t count) noexcept nogil:
    cdef vec numbers = ZERO_VECTOR + number
    cdef Py_ssize_t j = 0
    while j + VL <= count:
        (<vec*>(y + j))[0] = numbers
        j += VL
    while j < count:
        y[j] = number
        j += 1
