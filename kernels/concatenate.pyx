# Several arrays put one behind the other along an axis.
#
# Design:
# a) What lies in front of the axis makes the rows of matrices: array k is (rows, lengths[k]), contiguous, and a row of y holds
#    a row of each array, one behind the other.
# b) y is written from its beginning to its end, whichever arrays that comes from. With one array after the other, there would
#    be gaps in what is written, for which the memory is up to 1.4 times as slow.
# c) Blocks of y are the parallel work, wherever rows begin. Each number is moved once: no result depends on the division.
cimport numpy
from cython.parallel cimport prange

from kernels.arrays cimport numbers_of, results_of
from kernels.copy cimport copy
from kernels.parallel cimport threads_for
from kernels.real cimport real
from kernels.scratch cimport scratch_give, scratch_take

cdef enum:
    BLOCK = 16384

cdef struct Part:
    const real* x
    Py_ssize_t length  # of a row


cdef inline void join_block(
    const Part* parts, Py_ssize_t arrays, Py_ssize_t length, real* y, Py_ssize_t start, Py_ssize_t stop
) noexcept nogil:
    """y[start:stop], whose rows have `length` numbers"""
    cdef Py_ssize_t row = start // length, array, first, end
    cdef Py_ssize_t place = row * length
    while place < stop:
        for array in range(arrays):
            first, end = max(place, start), min(place + parts[array].length, stop)
            if first < end:
                copy(parts[array].x + row * parts[array].length + first - place, y + first, end - first)
            place += parts[array].length
        row += 1


def concatenate(list xs not None, numpy.ndarray y not None):
    """y[:, start:stop] = each of `xs`, matrices with as many rows"""
    cdef real* target = results_of(y, 2)
    cdef Py_ssize_t length = y.shape[1], size = y.shape[0] * length, arrays = len(xs), array, start
    cdef numpy.ndarray x
    if size == 0:
        return
    cdef Part* parts = <Part*>scratch_take(arrays * sizeof(Part))
    if parts == NULL:
        raise MemoryError("No memory for the addresses of some arrays.")
    try:
        for array in range(arrays):
            x = <numpy.ndarray?>xs[array]
            parts[array] = Part(numbers_of(x, 2), x.shape[1])
        for start in prange(0, size, BLOCK, nogil=True, schedule="static", num_threads=threads_for(size)):
            join_block(parts, arrays, length, target, start, min(start + BLOCK, size))
    finally:
        scratch_give(parts)
