# Maximum and average pooling over windows.
#
# Design:
# a) x is (n, id, ih, iw, c) and y is (n, od, oh, ow, c), both contiguous, channels last. Windows move in steps, or divide the
#    inputs evenly: pooling.pxd has tables of them. What is outside of the input is never a maximum, and counts for an
#    average only if it is asked for.
# b) Results are computed row by row (pool_rows.pxd). Rows behind which nothing is computed later are worked on in scratch memory,
#    with room for a vector behind.
# c) Images of one channel are planes. They are pooled along their rows (plane_rows.pxd). For short windows that are not
#    alike, places, and gradients, several are put together to images of as many channels as fill a vector (pool_planes.pxd).
# d) While a gradient is wanted, forward notes where each maximum is (max_places.pxd), which takes a quarter of the bytes of y.
#    The gradient is computed from that (pool_gradient.pxd). To find it again from x and y takes twice the memory traffic.
# e) The gradient of an average goes the way of the average, from the outputs whose windows cover an input. Where windows lie
#    apart, it is written as that of a maximum.
# f) Parallel: rows of the result, some of them at a time. Every sum has one order: results are the same for any number of
#    threads.
# g) Two dimensions come as (n, 1, h, w, c). They are read as (n, h, 1, w, c), the same in memory, so that a plane is a
#    row.
# h) NaN passes: a window that has one gives NaN.
cimport numpy
from cython.parallel cimport parallel, prange, threadid
from libc.string cimport memcpy

from kernels.arrays cimport count_of, numbers_of, results_of
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.max_places cimport index_row, max_and_place_row
from kernels.parallel cimport threads_for
from kernels.plane_rows cimport (
    ComputeBand, PlaneRows, average_of_band, bytes_of_row_tables, bytes_of_rows, describe_rows, fill_row_tables,
    has_plane_rows, max_of_band
)
from kernels.pool_gradient cimport even_gradient_row, max_gradient_row
from kernels.pool_planes cimport Bands, ComputeRow, blocks_of, bytes_of_band, compute_band, divide_into_bands
from kernels.pool_rows cimport average_gradient_row, average_row, max_row
from kernels.pooling cimport Line, Pooling, Row, choose_ways, describe, row_size
from kernels.prefetch cimport end_stores_around
from kernels.real cimport VL, real
from kernels.scratch cimport scratch_give, scratch_take

cdef enum:
    ROWS = 16  # of results are one task, at most

cdef struct Results:
    real* numbers
    Py_ssize_t d, h, length  # rows in each plane, and numbers in a row
    bint forward             # whether they are outputs


cdef inline void compute_some_rows(
    ComputeRow compute, bint adds, const Pooling* job, const real* source, const Results* results,
    Py_ssize_t first, Py_ssize_t end, char* scratch,
) noexcept nogil:
    cdef unsigned long long state = flush_denormals() if adds else 0
    cdef real* column = <real*>(scratch + lines_size(job))
    cdef real* target
    cdef Py_ssize_t i, d = results.d, h = results.h
    for i in range(first, end):
        target = results.numbers + i * results.length
        if job.c >= VL or (end - i - 1) * results.length >= VL:  # what a vector reaches into is computed later, here
            compute(job, source, Row(i // (d * h), i // h % d, i % h, target, column, <Line*>scratch))
        else:
            compute(job, source, Row(i // (d * h), i // h % d, i % h, column + row_size(job), column, <Line*>scratch))
            memcpy(target, column + row_size(job), results.length * sizeof(real))
    if adds:
        restore_denormals(state)


cdef int compute_rows(ComputeRow compute, bint adds, const Pooling* job, const real* source, Results results) except -1:
    cdef Py_ssize_t rows = job.n * results.d * results.h, size = scratch_size(job), task
    cdef int threads = threads_for(rows * row_size(job) * <double>(job.d.taps * job.h.taps + job.w.taps))
    cdef Py_ssize_t some = max(min(rows // (8 * threads), <Py_ssize_t>ROWS), <Py_ssize_t>1)
    cdef char* scratch
    if job.c == 0:  # no numbers, and nowhere to copy from or to
        return 0
    scratch = <char*>scratch_take(threads * size)
    if scratch == NULL:
        raise MemoryError("No memory for a few rows of each thread.")
    with nogil, parallel(num_threads=threads):
        for task in prange((rows + some - 1) // some, schedule="static"):
            compute_some_rows(
                compute, adds, job, source, &results, task * some, min((task + 1) * some, rows), scratch + threadid() * size
            )
        end_stores_around()
    scratch_give(scratch)
    return 0


cdef inline Pooling describe_arrays(numpy.ndarray x, numpy.ndarray y, tuple windows, const real* results) except *:
    cdef Pooling job = describe(<const Py_ssize_t*>x.shape, <const Py_ssize_t*>y.shape, windows)
    choose_ways(&job, <double>count_of(x) + count_of(y), results)
    return job


cdef inline Results outputs_of(const Pooling* job, real* y) noexcept:
    return Results(y, job.d.outputs, job.h.outputs, job.w.outputs * job.c, True)


cdef inline Results inputs_of(const Pooling* job, real* d_x) noexcept:
    return Results(d_x, job.d.inputs, job.h.inputs, job.w.inputs * job.c, False)


cdef inline Py_ssize_t lines_size(const Pooling* job) noexcept nogil:
    return max(job.d.taps * job.h.taps, job.d.most * job.h.most) * sizeof(Line)


cdef inline Py_ssize_t scratch_size(const Pooling* job) noexcept nogil:
    cdef Py_ssize_t size = lines_size(job) + 2 * row_size(job) * sizeof(real)
    return (size + 63) // 64 * 64


cdef int compute_blocks(
    ComputeRow compute, bint adds, const Pooling* job, const real* source, Results results, Py_ssize_t blocks
) except -1:
    """So many blocks of planes."""
    cdef Bands bands = divide_into_bands(job, results.forward)
    cdef Py_ssize_t lines = (lines_size(job) + 63) // 64 * 64, size = bytes_of_band(job, &bands, lines), task
    cdef int threads = threads_for(<double>blocks * VL * (bands.sources + bands.results))
    cdef char* scratch = <char*>scratch_take(threads * size)
    if scratch == NULL:
        raise MemoryError("No memory for some rows of a few planes for each thread.")
    with nogil, parallel(num_threads=threads):
        for task in prange(blocks * bands.count, schedule="static"):
            compute_band(
                compute, adds, job, &bands, source, results.numbers, task // bands.count, task % bands.count,
                scratch + threadid() * size, lines,
            )
    scratch_give(scratch)
    return 0


cdef int compute_all(ComputeRow compute, bint adds, const Pooling* job, const real* source, Results results) except -1:
    """`adds`: results are sums. The largest of some numbers is one of them, however small, and flushes none to zero."""
    cdef Pooling rest = job[0]
    cdef Py_ssize_t done = blocks_of(job) * VL
    cdef Py_ssize_t inputs = job.d.inputs * job.h.inputs * job.w.inputs, outputs = job.d.outputs * job.h.outputs * job.w.outputs
    if done > 0:
        compute_blocks(compute, adds, job, source, results, done // VL)
    rest.n -= done
    rest.places += done * outputs * job.place_size
    source += done * (inputs if results.forward else outputs)
    results.numbers += done * (outputs if results.forward else inputs)
    if rest.n > 0:
        compute_rows(compute, adds, &rest, source, results)
    return 0


cdef int compute_planes(ComputeBand compute, const Pooling* job, const real* x, real* y) except -1:
    """Outputs, along the rows of planes."""
    cdef PlaneRows rows
    cdef Py_ssize_t tables, size, bands, task
    cdef int threads = threads_for(job.n * (job.d.inputs * job.h.inputs * <double>job.w.inputs))
    cdef char* scratch
    if job.n * job.d.outputs * job.h.outputs * job.w.outputs == 0:
        return 0
    rows = describe_rows(job, y)
    tables = (bytes_of_row_tables(&rows) + 63) // 64 * 64
    size = bytes_of_rows(&rows, job)
    bands = (rows.count + rows.some - 1) // rows.some
    scratch = <char*>scratch_take(tables + threads * size)
    if scratch == NULL:
        raise MemoryError("No memory for some rows of planes for each thread.")
    fill_row_tables(&rows, job, scratch)
    with nogil, parallel(num_threads=threads):
        for task in prange(bands, schedule="static"):
            compute(job, &rows, x, y, task, <real*>(scratch + tables + threadid() * size))
        end_stores_around()
    scratch_give(scratch)
    return 0


# For Python -------------------------------------------------------------------------------------------------------------


def max_pool_forward(numpy.ndarray x not None, numpy.ndarray y not None, tuple windows):
    """y = the largest number of each window"""
    cdef const real* source = numbers_of(x, 5)
    cdef real* target = results_of(y, 5)
    cdef Pooling job = describe_arrays(x, y, windows, target)
    try:
        if has_plane_rows(&job):
            compute_planes(max_of_band, &job, source, target)
        else:
            compute_all(max_row, False, &job, source, outputs_of(&job, target))
    finally:
        scratch_give(job.tables)


def average_pool_forward(numpy.ndarray x not None, numpy.ndarray y not None, tuple windows):
    """y = the mean of each window"""
    cdef const real* source = numbers_of(x, 5)
    cdef real* target = results_of(y, 5)
    cdef Pooling job = describe_arrays(x, y, windows, target)
    try:
        if has_plane_rows(&job):
            compute_planes(average_of_band, &job, source, target)
        else:
            compute_all(average_row, True, &job, source, outputs_of(&job, target))
    finally:
        scratch_give(job.tables)


def average_pool_backward(numpy.ndarray d_y not None, numpy.ndarray d_x not None, tuple windows):
    """d_x = the gradient for x"""
    cdef const real* source = numbers_of(d_y, 5)
    cdef real* target = results_of(d_x, 5)
    cdef Pooling job = describe_arrays(d_x, d_y, windows, target)
    try:
        compute_all(
            even_gradient_row if job.apart else average_gradient_row, True, &job, source, inputs_of(&job, target)
        )
    finally:
        scratch_give(job.tables)


def max_pool_with_places(
    numpy.ndarray x not None, numpy.ndarray y not None, unsigned char[::1] places, int place_size, tuple windows
):
    """y = the largest number of each window, places = where it is, in so many bytes each, and room for a vector behind"""
    cdef const real* source = numbers_of(x, 5)
    cdef real* target = results_of(y, 5)
    cdef Pooling job = describe_arrays(x, y, windows, target)
    job.places, job.place_size = &places[0], place_size
    try:
        compute_all(max_and_place_row, False, &job, source, outputs_of(&job, target))
    finally:
        scratch_give(job.tables)


def max_pool_backward(
    unsigned char[::1] places, int place_size, numpy.ndarray d_y not None, numpy.ndarray d_x not None, tuple windows
):
    """d_x = the gradient for x"""
    cdef const real* source = numbers_of(d_y, 5)
    cdef real* target = results_of(d_x, 5)
    cdef Pooling job = describe_arrays(d_x, d_y, windows, target)
    job.places, job.place_size = &places[0], place_size
    try:
        compute_all(max_gradient_row, True, &job, source, inputs_of(&job, target))
    finally:
        scratch_give(job.tables)


def max_pool_indices(
    unsigned char[::1] places, int place_size, const real[:, :, :, :, ::1] x, long long[:, :, :, :, ::1] indices, tuple windows
):
    """indices = which pixel of its image is at each place; -1 for a window without pixels"""
    cdef Pooling job = describe(x.shape, indices.shape, windows)
    cdef Py_ssize_t d = job.d.outputs, h = job.h.outputs, length = job.w.outputs * job.c, rows = job.n * d * h, row
    cdef int threads = threads_for(8.0 * rows * length)
    job.places, job.place_size = &places[0], place_size
    if rows * length > 0:
        for row in prange(rows, nogil=True, schedule="static", num_threads=threads):
            index_row(&job, row // h % d, row % h, row * length, &indices[0, 0, 0, 0, 0] + row * length)
    scratch_give(job.tables)
