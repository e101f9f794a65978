# Maximum and average pooling over windows.
#
# Design:
# a) x is (n, id, ih, iw, c) and y is (n, od, oh, ow, c), both contiguous, channels last. Windows move in steps, or divide the
#    inputs evenly: pooling.pxd has tables of them. What is outside of the input is never a maximum, and counts for an
#    average only if it is asked for.
# b) Forward works row by row of outputs. Where windows have few taps, those of each are combined in registers. Else the input
#    rows that the windows cover are combined into one, `column`, and then, for each output, neighbouring pixels of that
#    one: a window of kh x kw costs kh + kw steps, not kh * kw. Pixels of many channels are combined where the result is, one tap
#    after the other, in all lines at once. The CPU asks for a line ahead of time while it is read from one end to the other;
#    two pixels of it at once, in one page of memory, it does not follow: from memory, that takes twice as long.
# c) The numbers of a vector are neighbouring channels of a pixel. Where channels do not fill the last vector it overlaps
#    the one before: what both compute is the same. With fewer channels than a vector has numbers, it reaches into the
#    next pixels, which are computed later. Rows behind which nothing is computed later are worked on in scratch memory, with
#    room for a vector behind. With half as many channels or less, a vector has several pixels (pixel_groups.pxd).
# d) While a gradient is wanted, forward notes where each maximum is (max_places.pxd), which takes a quarter of the bytes of y.
#    The gradient is computed from that (pool_gradient.pxd). To find it again from x and y takes twice the memory traffic.
# e) The gradient of an average goes the way of b), from the outputs whose windows cover an input. Where windows lie apart, it
#    is written as that of a maximum.
# f) Parallel: rows of the result, some of them at a time. Every sum has one order: results are the same for any number of
#    threads.
# g) Where all arrays are more than the caches keep, pixels that are whole lines go around them (around.pxd), straight from the
#    registers, and windows that are combined one by one ask for what comes next, in CPUs whose prefetchers do not follow two rows.
# h) Two dimensions come as (n, 1, h, w, c). They are read as (n, h, 1, w, c), the same in memory, so that a plane is a
#    row.
# i) NaN passes: a window that has one gives NaN.
cimport numpy
from cython.parallel cimport parallel, prange, threadid
from libc.math cimport INFINITY
from libc.string cimport memcpy

from kernels.arrays cimport count_of, numbers_of, results_of
from kernels.combine cimport MANY_CHANNELS, Combine, combine_lines, combine_spans, fill, larger_of_two, sum_of_two
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.max_places cimport index_row, max_and_place_row
from kernels.parallel cimport threads_for
from kernels.pool_gradient cimport even_gradient_row, max_gradient_row
from kernels.pooling cimport (
    AHEAD, VECTORS, Line, Pooling, Row, choose_ways, describe, input_row, lines_below, load, row_size, store,
    vector_at, vectors_for
)
from kernels.prefetch cimport end_stores_around, prefetch_for_reading, store_around
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.scratch cimport scratch_give, scratch_take

cdef enum:
    ROWS = 16  # of results are one task, at most


cdef inline void copy_scaled(real* into, const real* values, real scale, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        into[i] = values[i] * scale


cdef inline void add_scaled(real* into, const real* values, real scale, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        into[i] += values[i] * scale


cdef inline void multiply(real* values, real scale, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        values[i] *= scale


# Rows of results ------------------------------------------------------------------------------------------------------

ctypedef void (*ComputeRow)(const Pooling* job, const real* source, Row row) noexcept nogil


cdef struct Results:
    real* numbers
    Py_ssize_t d, h, length  # rows in each plane, and numbers in a row

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
    """`adds`: results are sums. The largest of some numbers is one of them, however small, and flushes none to zero."""
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
    return Results(y, job.d.outputs, job.h.outputs, job.w.outputs * job.c)


cdef inline Results inputs_of(const Pooling* job, real* d_x) noexcept:
    return Results(d_x, job.d.inputs, job.h.inputs, job.w.inputs * job.c)


cdef inline Py_ssize_t lines_size(const Pooling* job) noexcept nogil:
    return max(job.d.taps * job.h.taps, job.d.most * job.h.most) * sizeof(Line)


cdef inline Py_ssize_t scratch_size(const Pooling* job) noexcept nogil:
    cdef Py_ssize_t size = lines_size(job) + 2 * row_size(job) * sizeof(real)
    return (size + 63) // 64 * 64


# Forward --------------------------------------------------------------------------------------------------------------


cdef inline const real* combine_columns(
    Combine combine, const Pooling* job, const real* x, const Row* row, Py_ssize_t count
) noexcept nogil:
    """Combines the rows of inputs that the windows cover. Returns where the result is; NULL for no rows."""
    cdef Py_ssize_t length = job.w.inputs * job.c
    cdef const real* first
    if count == 0:
        return NULL
    first = row.lines[0].numbers
    if count == 1 and (job.c >= VL or first + length + VL <= x + input_row(job, job.n, 0, 0)):
        return first
    if count == 1:
        return <const real*>memcpy(row.column, first, length * sizeof(real))
    combine_lines(combine, first, row.lines + 1, count - 1, 0, length, 1, row.column)
    return row.column


cdef inline void combine_taps(
    Combine combine, real nothing, const Pooling* job, const Line* lines, Py_ssize_t count,
    Py_ssize_t ow, Py_ssize_t channel, real factor, real* results, bint far, int vectors,
) noexcept nogil:
    """What all taps of a window are together, and `nothing`, times `factor`: some vectors of channels.

    `far`, a constant to the compiler as `vectors`, is whether all of this is in main memory.
    """
    cdef Py_ssize_t first = job.w.window.first[ow] * job.c, i, _tap
    cdef Py_ssize_t at[VECTORS]
    cdef const real* x
    cdef vec total[VECTORS]
    cdef int j
    for j in range(vectors):
        at[j] = vector_at(channel + j * VL, job.c)
        total[j] = ZERO_VECTOR + nothing
    for i in range(count):
        x = lines[i].numbers + first
        for _tap in range(job.w.window.count[ow]):
            for j in range(vectors):
                if far and job.ask_for_sources:
                    prefetch_for_reading(x + at[j] + AHEAD)
                total[j] = combine(total[j], load(x + at[j]))
            x += job.w.window.step * job.c
    for j in range(vectors):
        if far and job.around:
            store_around(results + ow * job.c + at[j], total[j] * factor)
        else:
            store(results + ow * job.c + at[j], total[j] * factor)


cdef inline void combine_each_window(
    Combine combine, real nothing, const Pooling* shared, Row row, Py_ssize_t count, bint averaged, bint far
) noexcept nogil:
    cdef Pooling job = shared[0]  # a copy that no store can reach
    cdef Py_ssize_t rows = job.d.size[row.d] * job.h.size[row.h], ow, channel
    cdef real factor = 1
    cdef int vectors
    for ow in range(job.w.outputs):
        if averaged and (ow == 0 or job.w.size[ow] != job.w.size[ow - 1]):
            factor = <real>(1.0 / (rows * job.w.size[ow]))
        channel = 0
        while channel < job.c:
            vectors = vectors_for(job.c - channel)
            if vectors == VECTORS:
                combine_taps(combine, nothing, &job, row.lines, count, ow, channel, factor, row.results, far, VECTORS)
            elif vectors == 2:
                combine_taps(combine, nothing, &job, row.lines, count, ow, channel, factor, row.results, far, 2)
            else:
                combine_taps(combine, nothing, &job, row.lines, count, ow, channel, factor, row.results, far, 1)
            channel += VECTORS * VL


cdef inline void combine_windows(
    Combine combine, real nothing, const Pooling* job, Row row, Py_ssize_t count, bint averaged
) noexcept nogil:
    """A row of outputs, window by window."""
    if job.around or job.ask_for_sources:
        combine_each_window(combine, nothing, job, row, count, averaged, True)
    else:
        combine_each_window(combine, nothing, job, row, count, averaged, False)


cdef inline void combine_wide_pixels(
    Combine combine, real nothing, const Pooling* job, const Row* row, Py_ssize_t count, bint averaged
) noexcept nogil:
    """A row of outputs, pixel by pixel of the inputs: that of all lines at once, with what those before it are together."""
    cdef Py_ssize_t rows = job.d.size[row.d] * job.h.size[row.h], c = job.c, ow, tap, taps, distance
    cdef real* result = row.results
    cdef real factor = 1
    cdef bint begins
    for ow in range(job.w.outputs):
        taps = job.w.window.count[ow] if count > 0 else 0
        distance = job.w.window.first[ow] * c
        if averaged and (ow == 0 or job.w.size[ow] != job.w.size[ow - 1]):
            factor = <real>(1.0 / (rows * job.w.size[ow]))
        if taps == 0:
            fill(result, nothing, c)
        for tap in range(taps):
            begins = tap == 0  # with the first line
            combine_lines(
                combine, row.lines[0].numbers + distance if begins else result, row.lines + begins, count - begins,
                distance, c, factor if tap == taps - 1 else 1, result,
            )
            distance += job.w.window.step * c
        result += c


cdef inline bint has_own_windows(const Pooling* job, Py_ssize_t few) noexcept nogil:
    """Whether it is less work to combine each by itself: it has few taps, or shares them with one neighbour at most."""
    return job.c >= VL and (
        job.d.taps * job.h.taps * job.w.taps <= few or (job.c >= MANY_CHANNELS and job.w.most <= 2)
    )


cdef inline bint has_wide_pixels(const Pooling* job) noexcept nogil:
    """Whether each is better read from its beginning to its end than in blocks, together with its neighbours."""
    return job.c > 2 * VECTORS * VL


cdef void max_row(const Pooling* job, const real* x, Row row) noexcept nogil:
    cdef Py_ssize_t count = lines_below(job, x, &row)
    cdef const real* column
    if has_own_windows(job, 8) and has_wide_pixels(job):
        combine_wide_pixels(larger_of_two, -INFINITY, job, &row, count, False)
    elif has_own_windows(job, 8):
        combine_windows(larger_of_two, -INFINITY, job, row, count, False)
    else:
        column = combine_columns(larger_of_two, job, x, &row, count)
        combine_spans(larger_of_two, -INFINITY, &job.w.window, &job.of_outputs, column, job.w.outputs, job.c, row.results)


cdef inline void divide_by_sizes(const Pooling* job, Py_ssize_t rows, real* outputs) noexcept nogil:
    """Divides each pixel of a row of outputs by the size of its window: so many rows, and some columns."""
    cdef Py_ssize_t* size = job.w.size
    cdef Py_ssize_t ow = 0, end
    while ow < job.w.outputs:  # neighbours whose windows are as large are divided together
        end = ow + 1
        while end < job.w.outputs and size[end] == size[ow]:
            end += 1
        multiply(outputs + ow * job.c, <real>(1.0 / (rows * size[ow])), (end - ow) * job.c)
        ow = end


cdef void average_row(const Pooling* job, const real* x, Row row) noexcept nogil:
    cdef Py_ssize_t count = lines_below(job, x, &row)
    cdef const real* column
    # An addition takes less time than a comparison.
    cdef bint own_windows = has_own_windows(job, 16 if job.c >= VECTORS * VL else 8)
    if own_windows and has_wide_pixels(job):
        combine_wide_pixels(sum_of_two, 0, job, &row, count, True)
    elif own_windows:
        combine_windows(sum_of_two, 0, job, row, count, True)
    else:
        column = combine_columns(sum_of_two, job, x, &row, count)
        combine_spans(sum_of_two, 0, &job.w.window, &job.of_outputs, column, job.w.outputs, job.c, row.results)
        divide_by_sizes(job, job.d.size[row.d] * job.h.size[row.h], row.results)


def max_pool_forward(numpy.ndarray x not None, numpy.ndarray y not None, tuple windows):
    """y = the largest number of each window"""
    cdef const real* source = numbers_of(x, 5)
    cdef real* target = results_of(y, 5)
    cdef Pooling job = describe_arrays(x, y, windows, target)
    try:
        compute_rows(max_row, False, &job, source, outputs_of(&job, target))
    finally:
        scratch_give(job.tables)


def average_pool_forward(numpy.ndarray x not None, numpy.ndarray y not None, tuple windows):
    """y = the mean of each window"""
    cdef const real* source = numbers_of(x, 5)
    cdef real* target = results_of(y, 5)
    cdef Pooling job = describe_arrays(x, y, windows, target)
    try:
        compute_rows(average_row, True, &job, source, outputs_of(&job, target))
    finally:
        scratch_give(job.tables)


# The gradient of an average -------------------------------------------------------------------------------------------


cdef void average_gradient_row(const Pooling* job, const real* d_y, Row row) noexcept nogil:
    cdef Py_ssize_t length = job.w.outputs * job.c
    cdef Py_ssize_t d, h, od, oh
    cdef real* column = NULL
    cdef const real* source
    cdef real scale
    for d in range(job.d.covering.count[row.d]):
        od = job.d.covering.first[row.d] + d * job.d.covering.step
        for h in range(job.h.covering.count[row.h]):
            oh = job.h.covering.first[row.h] + h * job.h.covering.step
            source = d_y + ((row.n * job.d.outputs + od) * job.h.outputs + oh) * length
            scale = <real>(1.0 / (job.d.size[od] * job.h.size[oh]))
            (copy_scaled if column == NULL else add_scaled)(row.column, source, scale, length)
            column = row.column
    if column != NULL:
        divide_by_sizes(job, 1, column)
    combine_spans(sum_of_two, 0, &job.w.covering, &job.of_inputs, column, job.w.inputs, job.c, row.results)


def average_pool_backward(numpy.ndarray d_y not None, numpy.ndarray d_x not None, tuple windows):
    """d_x = the gradient for x"""
    cdef const real* source = numbers_of(d_y, 5)
    cdef real* target = results_of(d_x, 5)
    cdef Pooling job = describe_arrays(d_x, d_y, windows, target)
    try:
        compute_rows(
            even_gradient_row if job.apart else average_gradient_row, True, &job, source, inputs_of(&job, target)
        )
    finally:
        scratch_give(job.tables)


# The maximum, where it is, and its gradient ----------------------------------------------------------------------------


def max_pool_with_places(
    numpy.ndarray x not None, numpy.ndarray y not None, unsigned char[::1] places, int place_size, tuple windows
):
    """y = the largest number of each window, places = where it is, in so many bytes each, and room for a vector behind"""
    cdef const real* source = numbers_of(x, 5)
    cdef real* target = results_of(y, 5)
    cdef Pooling job = describe_arrays(x, y, windows, target)
    job.places, job.place_size = &places[0], place_size
    try:
        compute_rows(max_and_place_row, False, &job, source, outputs_of(&job, target))
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
        compute_rows(max_gradient_row, True, &job, source, inputs_of(&job, target))
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
