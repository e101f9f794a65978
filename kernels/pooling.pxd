# What a pooling is, where its windows are, and how numbers of a vector are loaded: for pool.pyx and its inner loops.
#
# Design:
# a) Each axis has its own window, stride and padding in front. Windows are clipped at the border.
# b) A row in scratch memory has room for a vector behind it.
from kernels.real cimport VL, real, vec

cdef struct Axis:
    Py_ssize_t inputs, outputs, pool, stride, pad

cdef struct Pooling:
    Py_ssize_t n, c
    Axis d, h, w


# Where windows are: the inputs of output o are from first_input to end_input, the outputs of input i likewise.


cdef inline Py_ssize_t first_input(const Axis* axis, Py_ssize_t o) noexcept nogil:
    return max(o * axis.stride - axis.pad, <Py_ssize_t>0)


cdef inline Py_ssize_t end_input(const Axis* axis, Py_ssize_t o) noexcept nogil:
    return min(o * axis.stride - axis.pad + axis.pool, axis.inputs)


cdef inline Py_ssize_t first_output(const Axis* axis, Py_ssize_t i) noexcept nogil:
    return max(i + axis.pad - axis.pool + axis.stride, <Py_ssize_t>0) // axis.stride


cdef inline Py_ssize_t end_output(const Axis* axis, Py_ssize_t i) noexcept nogil:
    return min((i + axis.pad) // axis.stride + 1, axis.outputs)


cdef inline Py_ssize_t covered(const Axis* axis, Py_ssize_t o) noexcept nogil:
    """How many inputs the window of output o covers."""
    return end_input(axis, o) - first_input(axis, o)


# Rows and vectors


cdef inline Py_ssize_t row_size(const Pooling* job) noexcept nogil:
    return max(job.w.inputs, job.w.outputs) * job.c + VL


cdef inline vec load(const real* source) noexcept nogil:
    return (<const vec*>source)[0]


cdef inline void store(real* target, vec v) noexcept nogil:
    (<vec*>target)[0] = v
