# One multiplication and addition per number, with coefficients for each column of a matrix.
#
# Design:
# a) Numbers are a function of those of one or two matrices, each of its own place. `target` may be one of the two.
# b) Coefficients are computed in double by whoever fills them in, once for all rows.
# c) ROWS rows are computed at a time, so that coefficients are read once for all of them. As in column_sums.pxd, the lines that
#    come next are asked for in their order.
# d) A block of results, some rows or a part of one, is finished while it is in L1, and then may go around the caches.
from kernels.around cimport BLOCK, carry_around
from kernels.column_sums cimport AHEAD, ROWS
from kernels.lanes cimport load_rest, store_lanes
from kernels.prefetch cimport LINE, ask_for_lines
from kernels.real cimport VL, real, vec

cdef struct Affine:
    # Computes some columns of some rows; the arrays begin with the first of these numbers.
    void (*map_columns)(
        const Affine* job, Py_ssize_t rows, Py_ssize_t column, Py_ssize_t size, const real* source, const real* x, real* target
    ) noexcept nogil
    # Changes results that were just computed. May be NULL.
    void (*finish)(const Affine* job, real* results, Py_ssize_t count) noexcept nogil
    int code      # of an activation, for `finish`
    Py_ssize_t rows, width
    real* scale   # width numbers each
    real* shift
    real* center
    real* slope

# What becomes of up to a vector of numbers. Behind the last column, coefficients fill a vector.
ctypedef vec (*Map)(const Affine* job, vec source, vec x, Py_ssize_t column) noexcept nogil


cdef inline Py_ssize_t length_of_coefficients(Py_ssize_t width) noexcept nogil:
    return (width + VL - 1) // VL * VL


cdef inline vec load(const real* numbers) noexcept nogil:
    return (<const vec*>numbers)[0]


cdef inline void map_some_rows(
    Map map, const Affine* given, int rows, Py_ssize_t first, Py_ssize_t size, int matrices, const real* source, const real* x,
    real* target
) noexcept nogil:
    cdef Affine job = given[0]  # a copy that no store can reach
    cdef Py_ssize_t j = 0, at, ahead = AHEAD
    cdef int i
    while j + VL <= size:
        ask_for_lines(source + ahead, 0, rows * VL // LINE)
        if matrices == 2:
            ask_for_lines(x + ahead, 0, rows * VL // LINE)
        for i in range(rows):
            at = i * job.width + j
            (<vec*>(target + at))[0] = map(&job, load(source + at), load(x + at), first + j)
        j += VL
        ahead += rows * VL
    if j < size:
        for i in range(rows):
            at = i * job.width + j
            store_lanes(target + at, map(&job, load_rest(source, at, size - j), load_rest(x, at, size - j), first + j), size - j)


cdef inline void map_in_order(
    Map map, const Affine* job, Py_ssize_t rows, Py_ssize_t first, Py_ssize_t size, int matrices, const real* source,
    const real* x, real* target
) noexcept nogil:
    cdef Py_ssize_t row = 0, at
    while row < rows:
        at = row * job.width
        if row + ROWS <= rows:
            map_some_rows(map, job, ROWS, first, size, matrices, source + at, x + at, target + at)
            row += ROWS
        else:
            map_some_rows(map, job, 1, first, size, matrices, source + at, x + at, target + at)
            row += 1


cdef inline vec scale_shift_vector(const Affine* job, vec source, vec x, Py_ssize_t column) noexcept nogil:
    return source * load(job.scale + column) + load(job.shift + column)


cdef inline void scale_shift_columns(
    const Affine* job, Py_ssize_t rows, Py_ssize_t column, Py_ssize_t size, const real* source, const real* x, real* target
) noexcept nogil:
    map_in_order(scale_shift_vector, job, rows, column, size, 1, source, x, target)


cdef inline vec normalize_vector(const Affine* job, vec source, vec x, Py_ssize_t column) noexcept nogil:
    cdef vec deviation = source - load(job.center + column)
    return deviation * load(job.scale + column) + load(job.shift + column)


cdef inline void normalize_columns(
    const Affine* job, Py_ssize_t rows, Py_ssize_t column, Py_ssize_t size, const real* source, const real* x, real* target
) noexcept nogil:
    map_in_order(normalize_vector, job, rows, column, size, 1, source, x, target)


cdef inline vec normalize_gradient_vector(const Affine* job, vec d_y, vec x, Py_ssize_t column) noexcept nogil:
    cdef vec deviation = x - load(job.center + column)
    cdef vec of_moments = deviation * load(job.slope + column) + load(job.shift + column)
    return d_y * load(job.scale + column) + of_moments


cdef inline void normalize_gradient_columns(
    const Affine* job, Py_ssize_t rows, Py_ssize_t column, Py_ssize_t size, const real* d_y, const real* x, real* d_x
) noexcept nogil:
    map_in_order(normalize_gradient_vector, job, rows, column, size, 2, d_y, x, d_x)


cdef inline void map_block(
    const Affine* job, Py_ssize_t rows, Py_ssize_t column, Py_ssize_t size, const real* source, const real* x, real* target,
    bint around
) noexcept nogil:
    cdef real[BLOCK] block
    cdef real* results = &block[0] if around else target
    job.map_columns(job, rows, column, size, source, x, results)
    if job.finish != NULL:
        job.finish(job, results, rows * size)
    if around:
        carry_around(block, target, rows * size)


cdef inline void map_rows(
    const Affine* job, Py_ssize_t first, Py_ssize_t end, const real* source, const real* x, real* target, bint around
) noexcept nogil:
    """The rows from `first` to `end` of target. The arrays are whole matrices."""
    cdef Py_ssize_t width = job.width, rows, size, column, at
    while first < end:
        rows = min(max(BLOCK // max(width, <Py_ssize_t>1), <Py_ssize_t>1), end - first)
        column = 0
        while column < width:
            size = min(<Py_ssize_t>BLOCK, width - column)
            at = first * width + column
            map_block(job, rows, column, size, source + at, x + at, target + at, around)
            column += size
        first += rows
