# Sums over many rows, column by column.
#
# Design:
# a) GROUP rows are added up in the number type, and the groups in double: that is quick, and the error does not grow with the
#    number of rows.
# b) ROWS rows are added at a time, a vector of columns after the other, so that sums are read and written once for all of them.
#    Their order is that of the rows. Every loop is written once, and gets what it adds as an argument.
# c) The prefetchers of some CPUs follow a matrix only where lines are read one behind the other: with rows side by side, main
#    memory came at a third of its speed. There the lines of the rows that come next are asked for, in their order, but for
#    small matrices: from L2, that takes a tenth of the time.
# d) The last columns may not fill a vector. The last row may have fewer columns (wide_rows.pxd).
from libc.string cimport memset

from convlayers._native.runtime cimport prefetchers_follow_rows
from kernels.lanes cimport load_rest, store_lanes
from kernels.prefetch cimport LINE, ask_for_lines
from kernels.real cimport VL, real, vec

cdef enum:
    GROUP = 64
    ROWS = 4
    AHEAD = 2048  # numbers
    NEAR = 1 << 19  # numbers that are likely to be in a cache from which they come soon

cdef inline bint ask_for_sources(double numbers) noexcept nogil:
    """Whether a loop over so many numbers of a matrix asks for them ahead of time."""
    return numbers > NEAR and not prefetchers_follow_rows()


cdef struct Summation:
    # Adds the rows from `first` to `end` to the sums of all columns.
    void (*add_rows)(const Summation* job, Py_ssize_t first, Py_ssize_t end, real* sums) noexcept nogil
    # Computes rows of `a` just before they are added up. May be NULL.
    void (*prepare)(const Summation* job, Py_ssize_t first, Py_ssize_t end) noexcept nogil
    real* a             # (rows, width), only read unless `prepare` writes to it
    const real* b       # (rows, width), if a second matrix is used
    const real* c       # (rows, width), if `prepare` needs one
    const real* center  # (width), if it is used
    const real* scale   # (width), as the next one, if `prepare` needs them
    const real* shift
    Py_ssize_t rows, width
    Py_ssize_t last     # numbers in the last row, which may have fewer columns
    Py_ssize_t sums     # for each column: 1 or 2
    bint ask            # for lines ahead of time
    int code            # of an activation, for `prepare`

# Adds up to a vector of columns of some rows to their sums. The first number is number `at` of the matrices.
ctypedef void (*Add)(
    const Summation* job, Py_ssize_t at, int rows, Py_ssize_t column, Py_ssize_t count, real* sums
) noexcept nogil


cdef inline vec load_numbers(const real* numbers, Py_ssize_t at, Py_ssize_t count) noexcept nogil:
    return (<const vec*>(numbers + at))[0] if count == VL else load_rest(numbers, at, count)


cdef inline void add_some_rows(
    Add add, const Summation* job, Py_ssize_t row, int rows, Py_ssize_t width, int matrices, real* sums
) noexcept nogil:
    cdef Py_ssize_t at = row * job.width, ahead = at + AHEAD, column = 0
    while column + VL <= width:
        if job.ask:
            ask_for_lines(job.a + ahead, 0, rows * VL // LINE)
        if job.ask and matrices == 2:
            ask_for_lines(job.b + ahead, 0, rows * VL // LINE)
        add(job, at + column, rows, column, VL, sums)
        column += VL
        ahead += rows * VL
    if column < width:
        add(job, at + column, rows, column, width - column, sums)


cdef inline void add_in_order(
    Add add, const Summation* job, Py_ssize_t first, Py_ssize_t end, int matrices, real* sums
) noexcept nogil:
    cdef bint short = end == job.rows and job.last < job.width
    end -= short
    while first + ROWS <= end:
        add_some_rows(add, job, first, ROWS, job.width, matrices, sums)
        first += ROWS
    while first < end:
        add_some_rows(add, job, first, 1, job.width, matrices, sums)
        first += 1
    if short:
        add_some_rows(add, job, end, 1, job.last, matrices, sums)


cdef inline Py_ssize_t numbers_in(const Summation* job, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    """Those of the rows from `first` to `end`."""
    return (end - first) * job.width - (job.width - job.last if end == job.rows else 0)


# What is added up -------------------------------------------------------------------------------------------------------


cdef inline void add_numbers_of_vector(
    const Summation* job, Py_ssize_t at, int rows, Py_ssize_t column, Py_ssize_t count, real* sums
) noexcept nogil:
    cdef vec total = load_numbers(sums, column, count)
    cdef int i
    for i in range(rows):
        total += load_numbers(job.a, at + i * job.width, count)
    store_lanes(sums + column, total, count)


cdef inline void add_numbers(const Summation* job, Py_ssize_t first, Py_ssize_t end, real* sums) noexcept nogil:
    add_in_order(add_numbers_of_vector, job, first, end, 1, sums)


cdef inline void add_deviations_of_vector(
    const Summation* job, Py_ssize_t at, int rows, Py_ssize_t column, Py_ssize_t count, real* sums
) noexcept nogil:
    cdef vec center = load_numbers(job.center, column, count)
    cdef vec deviations = load_numbers(sums, column, count)
    cdef vec squares = load_numbers(sums, job.width + column, count)
    cdef vec deviation
    cdef int i
    for i in range(rows):
        deviation = load_numbers(job.a, at + i * job.width, count) - center
        deviations += deviation
        squares += deviation * deviation
    store_lanes(sums + column, deviations, count)
    store_lanes(sums + job.width + column, squares, count)


cdef inline void add_deviations(const Summation* job, Py_ssize_t first, Py_ssize_t end, real* sums) noexcept nogil:
    add_in_order(add_deviations_of_vector, job, first, end, 1, sums)


cdef inline void add_gradients_of_vector(
    const Summation* job, Py_ssize_t at, int rows, Py_ssize_t column, Py_ssize_t count, real* sums
) noexcept nogil:
    cdef vec center = load_numbers(job.center, column, count)
    cdef vec d_beta = load_numbers(sums, column, count)
    cdef vec d_gamma = load_numbers(sums, job.width + column, count)
    cdef vec d_y
    cdef int i
    for i in range(rows):
        d_y = load_numbers(job.a, at + i * job.width, count)
        d_beta += d_y
        d_gamma += d_y * (load_numbers(job.b, at + i * job.width, count) - center)
    store_lanes(sums + column, d_beta, count)
    store_lanes(sums + job.width + column, d_gamma, count)


cdef inline void add_gradients(const Summation* job, Py_ssize_t first, Py_ssize_t end, real* sums) noexcept nogil:
    add_in_order(add_gradients_of_vector, job, first, end, 2, sums)


cdef inline void sum_over_rows(
    const Summation* job, Py_ssize_t first, Py_ssize_t end, real* sums, double* totals
) noexcept nogil:
    """totals = the sums over the rows from `first` to `end`. `sums` is scratch memory for as many numbers."""
    cdef Py_ssize_t columns = job.sums * job.width, stop, j
    memset(totals, 0, columns * sizeof(double))
    while first < end:
        stop = min(first + GROUP, end)
        if job.prepare != NULL:
            job.prepare(job, first, stop)
        memset(sums, 0, columns * sizeof(real))
        job.add_rows(job, first, stop, sums)
        for j in range(columns):
            totals[j] += sums[j]
        first = stop
