# Rows that are added to rows of a table, at places that are numbers of the data: gradients of lookups, sums of segments.
#
# Design:
# a) x is a matrix (n, c) of what is added, y one of (rows, c) to which it is added; places has a row of y for each row of x.
#    A place may come any number of times.
# b) Threads share the rows of y. Each goes through all places, which are few beside the numbers, and adds the rows of x that
#    belong to its part. So the sums of a row are added in the order of x whoever does it, and no two threads write to one row.
from cython.parallel cimport prange
from libc.stdint cimport int64_t

from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.real cimport real


cdef inline void add_row(const real* x, real* y, Py_ssize_t c) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(c):
        y[j] += x[j]


cdef inline void add_rows_between(
    const real* x, const int64_t* places, Py_ssize_t n, Py_ssize_t c, Py_ssize_t first, Py_ssize_t end, real* y
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t i
    for i in range(n):
        if first <= places[i] < end:
            add_row(x + i * c, y + places[i] * c, c)
    restore_denormals(state)


def add_rows(const real[:, ::1] x, const int64_t[::1] places, real[:, ::1] y):
    """y[places[i]] += x[i], for all i in their order"""
    cdef Py_ssize_t n = x.shape[0], c = x.shape[1], rows = y.shape[0]
    cdef Py_ssize_t parts = threads_for(<double>n * c), part
    if n * c == 0:
        return
    for part in prange(parts, nogil=True, schedule="static", num_threads=parts):
        add_rows_between(&x[0, 0], &places[0], n, c, part * rows // parts, (part + 1) * rows // parts, &y[0, 0])
