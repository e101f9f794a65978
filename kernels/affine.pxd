# One multiplication and addition per number, with coefficients for each column of a matrix.
#
# Design:
# a) Numbers are a function of those of one or two matrices, each of its own place. `target` may be one of the two.
# b) Coefficients are computed in double by whoever fills them in, once for all rows.
# c) Row by row, in the order of memory: coefficients lie in L1. The lines that come next are asked for, where sums over rows do it,
#    too (column_sums.pxd). Where prefetchers bring them, those of the results are: a store waits for its line.
# d) A block of results, some rows or a part of one, is finished while it is in L1, and then may go around the caches.
from cython.parallel cimport parallel, prange

from convlayers._native.runtime cimport prefetchers_follow_rows
from kernels.around cimport BLOCK, NEAR_BLOCK, carry_around, go_around
from kernels.column_sums cimport AHEAD, ask_for_sources
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.lanes cimport load_rest, store_lanes
from kernels.parallel cimport threads_for
from kernels.prefetch cimport end_stores_around, prefetch_for_reading
from kernels.real cimport VL, real, vec
from kernels.wide_rows cimport repeat

cdef enum:
    SHARE = 4096  # numbers in a task

cdef struct Affine:
    # Computes some columns of some rows; the arrays begin with the first of these numbers.
    void (*map_columns)(
        const Affine* job, Py_ssize_t rows, Py_ssize_t column, Py_ssize_t size, const real* source, const real* x, real* target
    ) noexcept nogil
    # Changes results that were just computed. May be NULL.
    void (*finish)(const Affine* job, real* results, Py_ssize_t count) noexcept nogil
    int code      # of an activation, for `finish`
    bint around   # results go around the caches
    bint ask_for_sources, ask_for_results  # ahead of time
    Py_ssize_t rows, width
    Py_ssize_t last  # numbers in the last row, which may have fewer columns
    real* scale   # width numbers each
    real* shift
    real* center
    real* slope

# What becomes of up to a vector of numbers. Behind the last column, coefficients fill a vector.
ctypedef vec (*Map)(const Affine* job, vec source, vec x, Py_ssize_t column) noexcept nogil


cdef inline Py_ssize_t length_of_coefficients(Py_ssize_t width) noexcept nogil:
    return (width + VL - 1) // VL * VL


cdef inline void repeat_coefficients(const Affine* job, Py_ssize_t c) noexcept nogil:
    """Those of the first c columns become those of all."""
    repeat(job.scale, c, job.width)
    repeat(job.shift, c, job.width)
    repeat(job.center, c, job.width)
    repeat(job.slope, c, job.width)


cdef inline vec load(const real* numbers) noexcept nogil:
    return (<const vec*>numbers)[0]


cdef inline void choose_ways(Affine* job, double numbers, const real* source, const real* x, const real* target) noexcept nogil:
    """How memory is read and written, where a loop makes so many results of these matrices."""
    job.around = target != source and go_around(2 * numbers if x == source else 3 * numbers)
    job.ask_for_sources = ask_for_sources(numbers)
    job.ask_for_results = prefetchers_follow_rows() and target != source and not job.around


cdef inline void map_in_order(
    Map map, const Affine* given, Py_ssize_t rows, Py_ssize_t first, Py_ssize_t size, int matrices, const real* source,
    const real* x, real* target
) noexcept nogil:
    cdef Affine job = given[0]  # a copy that no store can reach
    cdef Py_ssize_t row, at, j
    for row in range(rows):
        at = row * job.width
        j = 0
        while j + VL <= size:
            if job.ask_for_sources:
                prefetch_for_reading(source + at + j + AHEAD)
            if job.ask_for_sources and matrices == 2:
                prefetch_for_reading(x + at + j + AHEAD)
            if job.ask_for_results:
                prefetch_for_reading(target + at + j + AHEAD)
            (<vec*>(target + at + j))[0] = map(&job, load(source + at + j), load(x + at + j), first + j)
            j += VL
        if j < size:
            at += j
            store_lanes(target + at, map(&job, load_rest(source, at, size - j), load_rest(x, at, size - j), first + j), size - j)


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
    const Affine* job, Py_ssize_t rows, Py_ssize_t column, Py_ssize_t size, const real* source, const real* x, real* target
) noexcept nogil:
    cdef real[BLOCK] block
    cdef real* results = &block[0] if job.around else target
    job.map_columns(job, rows, column, size, source, x, results)
    if job.finish != NULL:
        job.finish(job, results, rows * size)
    if job.around:
        carry_around(block, target, rows * size)


cdef inline void map_rows(
    const Affine* job, Py_ssize_t first, Py_ssize_t end, const real* source, const real* x, real* target
) noexcept nogil:
    """The rows from `first` to `end` of target. The arrays are whole matrices."""
    cdef Py_ssize_t most = BLOCK if job.around else NEAR_BLOCK, width = job.width, rows, columns, size, column, at
    while first < end:
        rows, columns = min(max(most // max(width, <Py_ssize_t>1), <Py_ssize_t>1), end - first), width
        if first + rows == job.rows and job.last < width:
            if rows > 1:
                rows -= 1
            else:
                columns = job.last
        column = 0
        while column < columns:
            size = min(most, columns - column)
            at = first * width + column
            map_block(job, rows, column, size, source + at, x + at, target + at)
            column += size
        first += rows


cdef inline void map_task(
    const Affine* job, Py_ssize_t first, Py_ssize_t end, const real* source, const real* x, real* target
) noexcept nogil:
    """As `map_rows`, in a thread of its own."""
    cdef unsigned long long state = flush_denormals()
    map_rows(job, first, end, source, x, target)
    restore_denormals(state)


cdef inline void map_all_rows(Affine* job, const real* source, const real* x, real* target) noexcept nogil:
    """target = what the job makes of source, and of x, which may be the same"""
    cdef Py_ssize_t size = max(SHARE // max(job.width, <Py_ssize_t>1), <Py_ssize_t>1), tasks = (job.rows + size - 1) // size, task
    cdef double numbers = <double>job.rows * job.width
    choose_ways(job, numbers, source, x, target)
    with parallel(num_threads=threads_for(2 * numbers)):
        for task in prange(tasks, schedule="static"):
            map_task(job, task * size, min((task + 1) * size, job.rows), source, x, target)
        if job.around:
            end_stores_around()
