# Sums and maxima of a row of numbers, and sums over many rows, column by column.
#
# Design:
# a) A row is reduced to LANES partial results, which are vectors to GCC, and then the lanes and the rest. Over many rows each
#    column has a partial result of its own, so no trick is needed.
# b) Sums over rows add up GROUP rows in the number type, and the groups in double: that is quick, and the error does not grow
#    with the number of rows.
from libc.math cimport INFINITY
from libc.string cimport memset

from kernels.real cimport real

cdef enum:
    LANES = 32
    GROUP = 64


cdef inline real largest(const real* x, Py_ssize_t count) noexcept nogil:
    """The largest number, whatever NaN may be among them."""
    cdef real lanes[LANES]
    cdef real result = -INFINITY
    cdef Py_ssize_t blocks = count // LANES, block, i
    cdef int lane
    if blocks > 0:
        for lane in range(LANES):
            lanes[lane] = -INFINITY
        for block in range(blocks):
            for lane in range(LANES):
                i = block * LANES + lane
                lanes[lane] = x[i] if x[i] > lanes[lane] else lanes[lane]
        for lane in range(LANES):
            result = lanes[lane] if lanes[lane] > result else result
    for i in range(blocks * LANES, count):
        result = x[i] if x[i] > result else result
    return result


cdef inline real total(const real* x, Py_ssize_t count) noexcept nogil:
    cdef real lanes[LANES]
    cdef real result = 0
    cdef Py_ssize_t blocks = count // LANES, block, i
    cdef int lane
    if blocks > 0:
        for lane in range(LANES):
            lanes[lane] = 0
        for block in range(blocks):
            for lane in range(LANES):
                lanes[lane] += x[block * LANES + lane]
        for lane in range(LANES):
            result += lanes[lane]
    for i in range(blocks * LANES, count):
        result += x[i]
    return result


# Adds a row of c numbers to `sums`. A kernel may want two sums for each column, and use a second row and a center.
ctypedef void (*AddRow)(const real* a, const real* b, const real* center, real* sums, Py_ssize_t c) noexcept nogil

cdef struct Summation:
    AddRow add
    const real* a       # (rows, c)
    const real* b       # (rows, c)
    const real* center  # (c)
    Py_ssize_t rows, c
    Py_ssize_t width    # of sums: c or 2 c


cdef inline void add_row(const real* a, const real* b, const real* center, real* sums, Py_ssize_t c) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(c):
        sums[j] += a[j]


cdef inline void sum_over_rows(
    const Summation* job, Py_ssize_t first, Py_ssize_t end, real* sums, double* totals
) noexcept nogil:
    """totals = the sums over the rows from `first` to `end`. `sums` is scratch memory; both hold `width` numbers."""
    cdef Py_ssize_t row, j
    memset(totals, 0, job.width * sizeof(double))
    memset(sums, 0, job.width * sizeof(real))
    for row in range(first, end):
        job.add(job.a + row * job.c, job.b + row * job.c, job.center, sums, job.c)
        if (row - first + 1) % GROUP == 0 or row + 1 == end:
            for j in range(job.width):
                totals[j] += sums[j]
                sums[j] = 0
