# Sums and maxima of a row of numbers, and sums over many rows, column by column.
#
# Design:
# a) A row is reduced to LANES partial results, which are vectors to GCC, with the rest of the row in the first lanes. Lanes
#    are then reduced by halves: one after the other, each would wait for the one before. Over many rows each column has
#    a partial result of its own, so no trick is needed.
# b) Sums over rows add up GROUP rows in the number type, and the groups in double: that is quick, and the error does
#    not grow with the number of rows.
from libc.math cimport INFINITY
from libc.string cimport memset

from kernels.real cimport real

cdef enum:
    LANES = 32
    HALVES = 5  # 2^5 lanes
    GROUP = 64


cdef inline real largest(const real* x, Py_ssize_t count) noexcept nogil:
    """The largest number, whatever NaN may be among them."""
    cdef real lanes[LANES]
    cdef Py_ssize_t blocks = count // LANES, block, i
    cdef int lane, half
    for lane in range(LANES):
        lanes[lane] = -INFINITY
    for block in range(blocks):
        for lane in range(LANES):
            i = block * LANES + lane
            lanes[lane] = x[i] if x[i] > lanes[lane] else lanes[lane]
    for lane in range(<int>(count - blocks * LANES)):
        i = blocks * LANES + lane
        lanes[lane] = x[i] if x[i] > lanes[lane] else lanes[lane]
    for half in range(HALVES):
        for lane in range(LANES >> (half + 1)):
            i = lane + (LANES >> (half + 1))
            lanes[lane] = lanes[i] if lanes[i] > lanes[lane] else lanes[lane]
    return lanes[0]


cdef inline real total(const real* x, Py_ssize_t count) noexcept nogil:
    cdef real lanes[LANES]
    cdef Py_ssize_t blocks = count // LANES, block
    cdef int lane, half
    for lane in range(LANES):
        lanes[lane] = 0
    for block in range(blocks):
        for lane in range(LANES):
            lanes[lane] += x[block * LANES + lane]
    for lane in range(<int>(count - blocks * LANES)):
        lanes[lane] += x[blocks * LANES + lane]
    for half in range(HALVES):
        for lane in range(LANES >> (half + 1)):
            lanes[lane] += lanes[lane + (LANES >> (half + 1))]
    return lanes[0]


cdef struct Summation:
    # Adds the rows from `first` to `end`, at most GROUP of them, to the sums of their columns.
    void (*add_rows)(const Summation* job, Py_ssize_t first, Py_ssize_t end, real* sums) noexcept nogil
    const real* a       # (rows, width)
    const real* b       # (rows, width), if add_rows uses a second matrix
    const real* center  # (width), if it uses one
    Py_ssize_t rows, width
    Py_ssize_t sums     # for each column: 1 or 2
    int code            # of an activation, if it uses one
    real* target        # (rows, width), if it also writes a matrix


cdef inline void add_matrix(const real* a, Py_ssize_t rows, Py_ssize_t width, real* sums) noexcept nogil:
    cdef Py_ssize_t row, j
    for row in range(rows):
        for j in range(width):
            sums[j] += a[row * width + j]


cdef inline void add_rows(const Summation* job, Py_ssize_t first, Py_ssize_t end, real* sums) noexcept nogil:
    add_matrix(job.a + first * job.width, end - first, job.width, sums)


cdef inline void sum_over_rows(
    const Summation* job, Py_ssize_t first, Py_ssize_t end, real* sums, double* totals
) noexcept nogil:
    """totals = the sums over the rows from `first` to `end`. `sums` is scratch memory for as many numbers."""
    cdef Py_ssize_t columns = job.sums * job.width, j
    memset(totals, 0, columns * sizeof(double))
    while first < end:
        memset(sums, 0, columns * sizeof(real))
        job.add_rows(job, first, min(first + GROUP, end), sums)
        for j in range(columns):
            totals[j] += sums[j]
        first += GROUP
