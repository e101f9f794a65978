# Maximum and average pooling over windows.
#
# Design:
# a) x is (n, id, ih, iw, c) and y is (n, od, oh, ow, c), both contiguous, channels last. Windows move in steps, or divide the
#    inputs evenly: pooling.pxd has tables of them. What is outside of the input is never a maximum, and counts for an
#    average only if it is asked for.
# b) Forward works in two steps for each row of outputs. The input rows that its windows cover are combined into one,
#    `column`; then, for each output, neighbouring pixels of that one. So a window of kh x kw costs kh + kw steps, not
#    kh * kw.
# c) The numbers of a vector are neighbouring channels of a pixel. Where channels do not fill the last vector it overlaps
#    the one before: what both compute is the same. With fewer channels than a vector has numbers, it reaches into the
#    next pixels, which are computed later: rows are then worked on in scratch memory, with room for a vector behind.
# d) The gradient of an average goes the same way, from the outputs whose windows cover an input. That of a maximum is in
#    max_gradient.pxd, and where a maximum is in max_indices.pxd.
# e) Parallel: forward and average over rows of the result, the gradient of a maximum over bands of input planes. Every
#    sum has one order: results are the same for any number of threads.
# f) Two dimensions come as (n, 1, h, w, c). They are read as (n, h, 1, w, c), the same in memory, so that a plane is a
#    row.
# g) NaN passes: a window that has one gives NaN.
from cython.parallel cimport prange, threadid
from libc.math cimport INFINITY
from libc.string cimport memcpy

from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.masks cimport choose, larger_or_nan
from kernels.max_gradient cimport max_gradient_task
from kernels.max_indices cimport max_and_index_row
from kernels.parallel cimport threads_for
from kernels.pooling cimport Pooling, Spans, describe, load, row_size, store
from kernels.real cimport VL, real, vec
from kernels.scratch cimport scratch_give, scratch_take


cdef inline real* data_of(const real[:, :, :, :, ::1] x) noexcept nogil:
    if x.shape[0] * x.shape[1] * x.shape[2] * x.shape[3] * x.shape[4] > 0:
        return <real*>&x[0, 0, 0, 0, 0]
    return NULL


# Neighbours in memory


cdef inline vec larger_of_two(vec a, vec b) noexcept nogil:
    return choose(larger_or_nan(b, a), b, a)


cdef inline vec sum_of_two(vec a, vec b) noexcept nogil:
    return a + b


cdef inline void fill(real* values, real value, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        values[i] = value


cdef void larger_of(real* into, const real* a, const real* b, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        into[i] = b[i] if (b[i] > a[i]) | (b[i] != b[i]) else a[i]


cdef void sum_of(real* into, const real* a, const real* b, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        into[i] = a[i] + b[i]


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

cdef struct Row:  # of results: that of image n and place (d, h)
    Py_ssize_t n, d, h
    real* results
    real* column  # scratch memory for a row, and a vector behind

ctypedef void (*ComputeRow)(const Pooling* job, const real* source, Row row) noexcept nogil


cdef inline void row_task(
    ComputeRow compute, const Pooling* job, const real* source, Row row, Py_ssize_t count
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef real* results = row.results
    if job.c >= VL:
        compute(job, source, row)
    else:
        row.results = row.column + row_size(job)
        compute(job, source, row)
        memcpy(results, row.results, count * sizeof(real))
    restore_denormals(state)


cdef int compute_rows(
    ComputeRow compute, const Pooling* job, const real* source, real* target, Py_ssize_t d, Py_ssize_t h, Py_ssize_t w
) except -1:
    """Computes all rows of target (n, d, h, w, c)."""
    cdef Py_ssize_t rows = job.n * d * h, size = row_size(job), i
    cdef int threads = threads_for(rows * size * <double>(job.d.taps * job.h.taps + job.w.taps))
    cdef real* scratch
    if job.c == 0:  # no numbers, and nowhere to copy from or to
        return 0
    scratch = take_rows(2 * threads, job)
    for i in prange(rows, nogil=True, schedule="static", num_threads=threads):
        row_task(
            compute,
            job,
            source,
            Row(i // (d * h), i // h % d, i % h, target + i * w * job.c, scratch + threadid() * 2 * size),
            w * job.c,
        )
    scratch_give(scratch)
    return 0


cdef real* take_rows(Py_ssize_t count, const Pooling* job) except NULL:
    cdef real* rows = <real*>scratch_take(count * row_size(job) * sizeof(real))
    if rows == NULL:
        raise MemoryError("No memory for a few rows of each thread.")
    return rows


# Neighbouring pixels of a row -----------------------------------------------------------------------------------------

ctypedef vec (*Combine)(vec a, vec b) noexcept nogil


cdef inline void combine_channels(
    Combine combine, const real* pixels, Py_ssize_t count, Py_ssize_t distance, real* result
) noexcept nogil:
    cdef vec total = load(pixels)
    cdef Py_ssize_t pixel
    for pixel in range(1, count):
        total = combine(total, load(pixels + pixel * distance))
    store(result, total)


cdef inline void combine_pixels(
    Combine combine, const real* pixels, Py_ssize_t count, Py_ssize_t distance, Py_ssize_t c, real* result
) noexcept nogil:
    """result = what `count` pixels, one or more, are together"""
    cdef Py_ssize_t block
    for block in range(c // VL):
        combine_channels(combine, pixels + block * VL, count, distance, result + block * VL)
    if c % VL > 0:
        block = max(c - VL, <Py_ssize_t>0)
        combine_channels(combine, pixels + block, count, distance, result + block)


cdef inline void combine_spans(
    Combine combine, real nothing, Spans spans, const real* pixels, Py_ssize_t count, Py_ssize_t c, real* results
) noexcept nogil:
    """Each of `count` results is what its span of pixels is together; `nothing` for a span without any."""
    cdef Py_ssize_t distance = spans.step * c, i
    for i in range(count):
        if pixels == NULL or spans.count[i] == 0:
            fill(results + i * c, nothing, c)
        elif spans.count[i] == 1:  # as most spans of a gradient
            memcpy(results + i * c, pixels + spans.first[i] * c, c * sizeof(real))
        else:
            combine_pixels(combine, pixels + spans.first[i] * c, spans.count[i], distance, c, results + i * c)


# Forward --------------------------------------------------------------------------------------------------------------

ctypedef void (*CombineRows)(real* into, const real* a, const real* b, Py_ssize_t count) noexcept nogil


cdef inline const real* combine_rows(CombineRows combine, const Pooling* job, const real* x, Row row) noexcept nogil:
    """Combines the rows of inputs that the windows cover. Returns where the result is; NULL for no rows."""
    cdef Py_ssize_t length = job.w.inputs * job.c
    cdef Py_ssize_t d, h, id, ih
    cdef const real* source
    cdef const real* column = NULL
    for d in range(job.d.window.count[row.d]):
        id = job.d.window.first[row.d] + d * job.d.window.step
        for h in range(job.h.window.count[row.h]):
            ih = job.h.window.first[row.h] + h * job.h.window.step
            source = x + ((row.n * job.d.inputs + id) * job.h.inputs + ih) * length
            if column != NULL:
                combine(row.column, column, source, length)
                column = row.column
            elif job.c < VL:
                column = <const real*>memcpy(row.column, source, length * sizeof(real))
            else:
                column = source
    return column


cdef void max_row(const Pooling* job, const real* x, Row row) noexcept nogil:
    cdef const real* column = combine_rows(larger_of, job, x, row)
    combine_spans(larger_of_two, -INFINITY, job.w.window, column, job.w.outputs, job.c, row.results)


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
    cdef const real* column = combine_rows(sum_of, job, x, row)
    combine_spans(sum_of_two, 0, job.w.window, column, job.w.outputs, job.c, row.results)
    divide_by_sizes(job, job.d.size[row.d] * job.h.size[row.h], row.results)


def max_pool_forward(const real[:, :, :, :, ::1] x, real[:, :, :, :, ::1] y, tuple windows):
    """y = the largest number of each window"""
    cdef Pooling job = describe(x, y, windows)
    try:
        compute_rows(max_row, &job, data_of(x), data_of(y), job.d.outputs, job.h.outputs, job.w.outputs)
    finally:
        scratch_give(job.tables)


def average_pool_forward(const real[:, :, :, :, ::1] x, real[:, :, :, :, ::1] y, tuple windows):
    """y = the mean of each window"""
    cdef Pooling job = describe(x, y, windows)
    try:
        compute_rows(average_row, &job, data_of(x), data_of(y), job.d.outputs, job.h.outputs, job.w.outputs)
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
    combine_spans(sum_of_two, 0, job.w.covering, column, job.w.inputs, job.c, row.results)


def average_pool_backward(const real[:, :, :, :, ::1] d_y, real[:, :, :, :, ::1] d_x, tuple windows):
    """d_x = the gradient for x"""
    cdef Pooling job = describe(d_x, d_y, windows)
    try:
        compute_rows(average_gradient_row, &job, data_of(d_y), data_of(d_x), job.d.inputs, job.h.inputs, job.w.inputs)
    finally:
        scratch_give(job.tables)


# The gradient of a maximum --------------------------------------------------------------------------------------------


cdef int compute_max_gradient(
    const Pooling* job, const real* x, const real* y, const real* d_y, real* d_x
) except -1:
    cdef double work = <double>job.n * job.d.outputs * job.h.outputs * job.w.outputs * job.c
    cdef int threads = threads_for(4 * work * job.d.taps * job.h.taps * job.w.taps)
    cdef Py_ssize_t bands = min((threads + job.n - 1) // max(job.n, <Py_ssize_t>1), job.d.inputs)
    cdef Py_ssize_t task, band
    cdef real* scratch
    if job.c == 0:  # no numbers, and nowhere to copy from or to
        return 0
    scratch = take_rows(4 * threads, job)
    for task in prange(job.n * bands, nogil=True, schedule="static", num_threads=threads):
        band = task % bands
        max_gradient_task(
            job,
            x,
            y,
            d_y,
            d_x,
            task // bands,
            job.d.inputs * band // bands,
            job.d.inputs * (band + 1) // bands,
            scratch + threadid() * 4 * row_size(job),
        )
    scratch_give(scratch)
    return 0


def max_pool_backward(
    const real[:, :, :, :, ::1] x,
    const real[:, :, :, :, ::1] y,
    const real[:, :, :, :, ::1] d_y,
    real[:, :, :, :, ::1] d_x,
    tuple windows,
):
    """d_x = the gradient for x"""
    cdef Pooling job = describe(x, y, windows)
    try:
        compute_max_gradient(&job, data_of(x), data_of(y), data_of(d_y), data_of(d_x))
    finally:
        scratch_give(job.tables)


# The maximum and where it is ------------------------------------------------------------------------------------------


def max_pool_with_indices(
    const real[:, :, :, :, ::1] x, real[:, :, :, :, ::1] y, long long[:, :, :, :, ::1] indices, tuple windows
):
    """y = the largest number of each window, indices = the first pixel that has it; -1 for a window without pixels"""
    cdef Pooling job = describe(x, y, windows)
    cdef Py_ssize_t inputs = job.d.inputs * job.h.inputs * job.w.inputs * job.c, outputs = job.w.outputs * job.c
    cdef Py_ssize_t d = job.d.outputs, h = job.h.outputs, row
    cdef double work = <double>job.n * d * h * outputs * job.d.taps * job.h.taps * job.w.taps
    if y.size > 0:
        for row in prange(job.n * d * h, nogil=True, schedule="static", num_threads=threads_for(work)):
            max_and_index_row(
                &job,
                data_of(x) + row // (d * h) * inputs,
                data_of(y) + row * outputs,
                &indices[0, 0, 0, 0, 0] + row * outputs,
                row // h % d,
                row % h,
            )
    scratch_give(job.tables)
