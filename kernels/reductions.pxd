# Sums and maxima of a row of numbers, and sums over many rows, column by column.
#
# Design:
# a) A row is reduced to LANES partial results, which are vectors to GCC, with the rest of the row in the first lanes. Lanes
#    are then reduced by halves: one after the other, each would wait for the one before. Over many rows each column has
#    a partial result of its own, so no trick is needed.
# b) Sums over rows add up GROUP rows in the number type, and the groups in double: that is quick, and the error does
#    not grow with the number of rows. Sums of STRIP columns are in an array of their own meanwhile, so that GCC need not
#    fear that they lie in the rows.
from libc.math cimport INFINITY
from libc.string cimport memset

from kernels.real cimport real

cdef enum:
    LANES = 32
    HALVES = 5  # 2^5 lanes
    GROUP = 64
    STRIP = 64
    WIDE = 64  # numbers that fill a few vectors


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


cdef inline void add_half(real* lanes, int half) noexcept nogil:
    cdef int lane
    for lane in range(half):
        lanes[lane] += lanes[half + lane]


cdef inline real sum_of_lanes(real* lanes) noexcept nogil:
    # By halves whose length GCC knows: in a loop over them, lanes would go through memory one by one.
    add_half(lanes, LANES // 2)
    add_half(lanes, LANES // 4)
    add_half(lanes, LANES // 8)
    add_half(lanes, LANES // 16)
    return lanes[0] + lanes[1]


cdef inline real total(const real* x, Py_ssize_t count) noexcept nogil:
    cdef real lanes[LANES]
    cdef Py_ssize_t blocks = count // LANES, block
    cdef int lane
    for lane in range(LANES):
        lanes[lane] = 0
    for block in range(blocks):
        for lane in range(LANES):
            lanes[lane] += x[block * LANES + lane]
    for lane in range(<int>(count - blocks * LANES)):
        lanes[lane] += x[blocks * LANES + lane]
    return sum_of_lanes(lanes)


cdef inline real total_of_products(
    const real* a, real center_a, const real* b, real center_b, Py_ssize_t count
) noexcept nogil:
    """The sum of (a - center_a) * (b - center_b)"""
    cdef real lanes[LANES]
    cdef Py_ssize_t blocks = count // LANES, block, i
    cdef int lane
    for lane in range(LANES):
        lanes[lane] = 0
    for block in range(blocks):
        for lane in range(LANES):
            i = block * LANES + lane
            lanes[lane] += (a[i] - center_a) * (b[i] - center_b)
    for lane in range(<int>(count - blocks * LANES)):
        i = blocks * LANES + lane
        lanes[lane] += (a[i] - center_a) * (b[i] - center_b)
    return sum_of_lanes(lanes)


cdef inline Py_ssize_t repeats_for(Py_ssize_t rows, Py_ssize_t c) noexcept nogil:
    """How many neighbouring rows of c numbers are taken as one, so that few columns fill the vectors as well."""
    cdef Py_ssize_t repeats = 1
    while rows > 0 and 2 * repeats * c <= WIDE and rows % (2 * repeats) == 0:
        repeats *= 2
    return repeats


cdef struct Summation:
    # Adds some columns, at most STRIP, of the rows from `first` to `end` to the sums. `sums` are those of all columns.
    void (*add_columns)(
        const Summation* job, Py_ssize_t first, Py_ssize_t end, Py_ssize_t column, Py_ssize_t size, real* sums
    ) noexcept nogil
    # Computes rows of `a` just before they are added up. May be NULL.
    void (*prepare)(const Summation* job, Py_ssize_t first, Py_ssize_t end) noexcept nogil
    real* a             # (rows, width), only read unless `prepare` writes to it
    const real* b       # (rows, width), if a second matrix is used
    const real* c       # (rows, width), if `prepare` needs one
    const real* center  # (width), if it is used
    const real* scale   # (width), as the next one, if `prepare` needs them
    const real* shift
    Py_ssize_t rows, width
    Py_ssize_t sums     # for each column: 1 or 2
    int code            # of an activation, for `prepare`


cdef inline void add_numbers(
    const Summation* job, Py_ssize_t first, Py_ssize_t end, Py_ssize_t column, Py_ssize_t size, real* sums
) noexcept nogil:
    cdef const real* a
    cdef real total[STRIP]
    cdef Py_ssize_t row, j
    for j in range(size):
        total[j] = sums[column + j]
    for row in range(first, end):
        a = job.a + row * job.width + column
        for j in range(size):
            total[j] += a[j]
    for j in range(size):
        sums[column + j] = total[j]


cdef inline void add_deviations(
    const Summation* job, Py_ssize_t first, Py_ssize_t end, Py_ssize_t column, Py_ssize_t size, real* sums
) noexcept nogil:
    cdef const real* x
    cdef real[STRIP] center, deviations, squares
    cdef Py_ssize_t row, j
    for j in range(size):
        center[j] = job.center[column + j]
        deviations[j] = sums[column + j]
        squares[j] = sums[job.width + column + j]
    for row in range(first, end):
        x = job.a + row * job.width + column
        for j in range(size):
            deviations[j] += x[j] - center[j]
            squares[j] += (x[j] - center[j]) * (x[j] - center[j])
    for j in range(size):
        sums[column + j] = deviations[j]
        sums[job.width + column + j] = squares[j]


cdef inline void add_gradients(
    const Summation* job, Py_ssize_t first, Py_ssize_t end, Py_ssize_t column, Py_ssize_t size, real* sums
) noexcept nogil:
    cdef const real* d_y
    cdef const real* x
    cdef real[STRIP] center, d_beta, d_gamma
    cdef Py_ssize_t row, j
    for j in range(size):
        center[j] = job.center[column + j]
        d_beta[j] = sums[column + j]
        d_gamma[j] = sums[job.width + column + j]
    for row in range(first, end):
        d_y = job.a + row * job.width + column
        x = job.b + row * job.width + column
        for j in range(size):
            d_beta[j] += d_y[j]
            d_gamma[j] += d_y[j] * (x[j] - center[j])
    for j in range(size):
        sums[column + j] = d_beta[j]
        sums[job.width + column + j] = d_gamma[j]


cdef inline void sum_over_rows(
    const Summation* job, Py_ssize_t first, Py_ssize_t end, real* sums, double* totals
) noexcept nogil:
    """totals = the sums over the rows from `first` to `end`. `sums` is scratch memory for as many numbers."""
    cdef Py_ssize_t columns = job.sums * job.width, stop, strip, column, j
    memset(totals, 0, columns * sizeof(double))
    while first < end:
        stop = min(first + GROUP, end)
        if job.prepare != NULL:
            job.prepare(job, first, stop)
        memset(sums, 0, columns * sizeof(real))
        for strip in range((job.width + STRIP - 1) // STRIP):
            column = strip * STRIP
            job.add_columns(job, first, stop, column, min(<Py_ssize_t>STRIP, job.width - column), sums)
        for j in range(columns):
            totals[j] += sums[j]
        first = stop
