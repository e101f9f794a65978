# Maximum and average pooling over windows.
#
# Design:
# a) x is (n, id, ih, iw, c) and y is (n, od, oh, ow, c), both contiguous, channels last. Windows are clipped at the
#    border: what is outside is neither a maximum nor counted for an average.
# b) Forward works in two steps for each row of outputs. The input rows that its windows cover are combined into one,
#    `column`; then, for each output, neighbouring pixels of that one. So loops run over whole rows or all channels of a
#    pixel, plain loops that GCC makes vectors of, and a window of kh x kw costs kh + kw steps, not kh * kw.
# c) The gradient of an average goes the same way, from the outputs whose windows cover an input.
# d) The gradient of a maximum goes to the first number of the window, in the order of memory, that is the maximum. It
#    is found again from x and y: no array of positions exists. A gradient that has been given away is replaced by 0, so
#    that it is given once.
# e) Parallel: forward and average over rows of the result. The gradient of a maximum over bands of input planes;
#    windows that cover two bands are visited for both, and each time only what belongs to the band is kept. Every sum
#    has one order, whatever the bands are, so results are the same for any number of threads.
# f) Two dimensions come as (n, 1, h, w, c). They are read as (n, h, 1, w, c), the same in memory, so that a plane is a
#    row.
# g) NaN passes: a window that has one gives NaN.
from cython.parallel cimport prange, threadid
from libc.math cimport INFINITY
from libc.string cimport memcpy, memset

from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.real cimport real
from kernels.scratch cimport scratch_give, scratch_take

cdef enum:
    SEGMENT = 512  # numbers of a row whose gradients are given at a time

cdef struct Axis:
    Py_ssize_t inputs, outputs, pool, stride, pad

cdef struct Pooling:
    Py_ssize_t n, c
    Axis d, h, w


cdef Pooling describe(
    const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] y, tuple pool, tuple strides, tuple pads
) except *:
    cdef Axis d = Axis(x.shape[1], y.shape[1], pool[0], strides[0], pads[0])
    cdef Axis h = Axis(x.shape[2], y.shape[2], pool[1], strides[1], pads[1])
    cdef Axis w = Axis(x.shape[3], y.shape[3], pool[2], strides[2], pads[2])
    if d.inputs == 1 and d.outputs == 1:
        return Pooling(x.shape[0], x.shape[4], h, d, w)
    return Pooling(x.shape[0], x.shape[4], d, h, w)


cdef inline real* data_of(const real[:, :, :, :, ::1] x) noexcept nogil:
    if x.shape[0] * x.shape[1] * x.shape[2] * x.shape[3] * x.shape[4] > 0:
        return <real*>&x[0, 0, 0, 0, 0]
    return NULL


# Where windows are: the inputs of output o are from first_input to end_input, the outputs of input i likewise.


cdef inline Py_ssize_t first_input(const Axis* axis, Py_ssize_t o) noexcept nogil:
    return max(o * axis.stride - axis.pad, <Py_ssize_t>0)


cdef inline Py_ssize_t end_input(const Axis* axis, Py_ssize_t o) noexcept nogil:
    return min(o * axis.stride - axis.pad + axis.pool, axis.inputs)


cdef inline Py_ssize_t first_output(const Axis* axis, Py_ssize_t i) noexcept nogil:
    return max(i + axis.pad - axis.pool + axis.stride, <Py_ssize_t>0) // axis.stride


cdef inline Py_ssize_t end_output(const Axis* axis, Py_ssize_t i) noexcept nogil:
    return min((i + axis.pad) // axis.stride + 1, axis.outputs)


cdef inline Py_ssize_t first_output_of_tap(const Axis* axis, Py_ssize_t tap) noexcept nogil:
    return max(axis.pad - tap + axis.stride - 1, <Py_ssize_t>0) // axis.stride


cdef inline Py_ssize_t end_output_of_tap(const Axis* axis, Py_ssize_t tap) noexcept nogil:
    return min((axis.inputs - 1 + axis.pad - tap + axis.stride) // axis.stride, axis.outputs)


cdef inline Py_ssize_t covered(const Axis* axis, Py_ssize_t o) noexcept nogil:
    """How many inputs the window of output o covers."""
    return end_input(axis, o) - first_input(axis, o)


# Loops over neighbours in memory


cdef inline void fill(real* values, real value, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        values[i] = value


cdef void copy(real* into, const real* values, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        into[i] = values[i]


cdef void take_larger(real* into, const real* values, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        into[i] = values[i] if (values[i] > into[i]) | (values[i] != values[i]) else into[i]


cdef void add(real* into, const real* values, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        into[i] += values[i]


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
    real* column  # scratch memory for a row

ctypedef void (*ComputeRow)(const Pooling* job, const real* source, Row row) noexcept nogil


cdef inline void row_task(ComputeRow compute, const Pooling* job, const real* source, Row row) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    compute(job, source, row)
    restore_denormals(state)


cdef int compute_rows(
    ComputeRow compute, const Pooling* job, const real* source, real* target, Py_ssize_t d, Py_ssize_t h, Py_ssize_t w
) except -1:
    """Computes all rows of target (n, d, h, w, c)."""
    cdef Py_ssize_t longest = max(job.w.inputs, job.w.outputs) * job.c
    cdef Py_ssize_t rows = job.n * d * h, i
    cdef int threads = threads_for(rows * longest * <double>(job.d.pool * job.h.pool + job.w.pool))
    cdef real* columns = <real*>scratch_take(threads * longest * sizeof(real))
    if columns == NULL:
        raise MemoryError("No memory for a row of each thread.")
    for i in prange(rows, nogil=True, schedule="static", num_threads=threads):
        row_task(
            compute,
            job,
            source,
            Row(i // (d * h), i // h % d, i % h, target + i * w * job.c, columns + threadid() * longest),
        )
    scratch_give(columns)
    return 0


# Forward --------------------------------------------------------------------------------------------------------------

ctypedef void (*Combine)(real* into, const real* values, Py_ssize_t count) noexcept nogil


cdef inline void combine_windows(
    Combine combine, real empty, const Pooling* job, const real* x, Row row
) noexcept nogil:
    """Combines the inputs of each window; the result is `empty` for a window that covers none."""
    cdef Py_ssize_t c = job.c, length = job.w.inputs * c
    cdef Py_ssize_t id, ih, iw, ow, first
    cdef Py_ssize_t rows = 0
    for id in range(first_input(&job.d, row.d), end_input(&job.d, row.d)):
        for ih in range(first_input(&job.h, row.h), end_input(&job.h, row.h)):
            (combine if rows > 0 else copy)(
                row.column, x + ((row.n * job.d.inputs + id) * job.h.inputs + ih) * length, length
            )
            rows += 1
    for ow in range(job.w.outputs):
        first = first_input(&job.w, ow)
        if rows == 0 or first >= end_input(&job.w, ow):
            fill(row.results + ow * c, empty, c)
            continue
        copy(row.results + ow * c, row.column + first * c, c)
        for iw in range(first + 1, end_input(&job.w, ow)):
            combine(row.results + ow * c, row.column + iw * c, c)


cdef void max_row(const Pooling* job, const real* x, Row row) noexcept nogil:
    combine_windows(take_larger, -INFINITY, job, x, row)


cdef void average_row(const Pooling* job, const real* x, Row row) noexcept nogil:
    cdef Py_ssize_t rows = covered(&job.d, row.d) * covered(&job.h, row.h), ow
    combine_windows(add, 0, job, x, row)
    for ow in range(job.w.outputs):
        multiply(row.results + ow * job.c, <real>(1.0 / (rows * covered(&job.w, ow))), job.c)


def max_pool_forward(
    const real[:, :, :, :, ::1] x, real[:, :, :, :, ::1] y, tuple pool, tuple strides, tuple pads
):
    """y = the largest number of each window"""
    cdef Pooling job = describe(x, y, pool, strides, pads)
    compute_rows(max_row, &job, data_of(x), data_of(y), job.d.outputs, job.h.outputs, job.w.outputs)


def average_pool_forward(
    const real[:, :, :, :, ::1] x, real[:, :, :, :, ::1] y, tuple pool, tuple strides, tuple pads
):
    """y = the mean of each window"""
    cdef Pooling job = describe(x, y, pool, strides, pads)
    compute_rows(average_row, &job, data_of(x), data_of(y), job.d.outputs, job.h.outputs, job.w.outputs)


# The gradient of an average -------------------------------------------------------------------------------------------


cdef void average_gradient_row(const Pooling* job, const real* d_y, Row row) noexcept nogil:
    cdef Py_ssize_t c = job.c, length = job.w.outputs * c
    cdef Py_ssize_t od, oh, ow, iw, rows
    fill(row.column, 0, length)
    for od in range(first_output(&job.d, row.d), end_output(&job.d, row.d)):
        for oh in range(first_output(&job.h, row.h), end_output(&job.h, row.h)):
            rows = covered(&job.d, od) * covered(&job.h, oh)
            add_scaled(
                row.column,
                d_y + ((row.n * job.d.outputs + od) * job.h.outputs + oh) * length,
                <real>(1.0 / rows),
                length,
            )
    for iw in range(job.w.inputs):
        fill(row.results + iw * c, 0, c)
        for ow in range(first_output(&job.w, iw), end_output(&job.w, iw)):
            add_scaled(row.results + iw * c, row.column + ow * c, <real>(1.0 / covered(&job.w, ow)), c)


def average_pool_backward(
    const real[:, :, :, :, ::1] d_y, real[:, :, :, :, ::1] d_x, tuple pool, tuple strides, tuple pads
):
    """d_x = the gradient for x"""
    cdef Pooling job = describe(d_x, d_y, pool, strides, pads)
    compute_rows(average_gradient_row, &job, data_of(d_y), data_of(d_x), job.d.inputs, job.h.inputs, job.w.inputs)


# The gradient of a maximum --------------------------------------------------------------------------------------------


cdef inline void give_gradient(const real* x, const real* y, real* gradient, real* d_x, Py_ssize_t c) noexcept nogil:
    """Adds the gradient to d_x, and takes it away, where x is the maximum y."""
    cdef Py_ssize_t j
    cdef bint found
    for j in range(c):
        found = (x[j] == y[j]) | (x[j] != x[j])
        d_x[j] += gradient[j] if found else <real>0
        gradient[j] = <real>0 if found else gradient[j]


cdef struct Band:
    const real* x                # of one image, like the others
    const real* y
    const real* d_y
    real* d_x
    Py_ssize_t first_d, end_d    # planes of d_x that it consists of
    Py_ssize_t segment           # outputs whose gradients are given at a time
    real* gradient               # their gradients
    real* elsewhere              # takes what belongs to planes before first_d


cdef inline void max_gradient_segment(
    const Pooling* job, const Band* band, Py_ssize_t od, Py_ssize_t oh, Py_ssize_t first_ow, Py_ssize_t end_ow
) noexcept nogil:
    """Gives away the gradients of some outputs in a row."""
    cdef Py_ssize_t c = job.c
    cdef Py_ssize_t first = ((od * job.h.outputs + oh) * job.w.outputs + first_ow) * c
    cdef Py_ssize_t id, ih, tap, ow, end, step, input, output
    memcpy(band.gradient, band.d_y + first, (end_ow - first_ow) * c * sizeof(real))
    for id in range(first_input(&job.d, od), min(end_input(&job.d, od), band.end_d)):
        for ih in range(first_input(&job.h, oh), end_input(&job.h, oh)):
            for tap in range(job.w.pool):
                ow = max(first_ow, first_output_of_tap(&job.w, tap))
                end = min(end_ow, end_output_of_tap(&job.w, tap))
                step = 1 if job.w.stride > 1 else end - ow  # without a stride, the inputs of a tap are neighbours
                while ow < end:
                    input = ((id * job.h.inputs + ih) * job.w.inputs + ow * job.w.stride - job.w.pad + tap) * c
                    output = (ow - first_ow) * c
                    give_gradient(
                        band.x + input,
                        band.y + first + output,
                        band.gradient + output,
                        band.d_x + input if id >= band.first_d else band.elsewhere,
                        step * c,
                    )
                    ow += step


cdef inline void max_gradient_band(const Pooling* job, const Band* band) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t plane = job.h.inputs * job.w.inputs * job.c
    cdef Py_ssize_t clear = band.first_d  # planes before it hold numbers already
    cdef Py_ssize_t segments = (job.w.outputs + band.segment - 1) // band.segment
    cdef Py_ssize_t od, oh, segment, end
    for od in range(first_output(&job.d, band.first_d), end_output(&job.d, band.end_d - 1)):
        end = min(end_input(&job.d, od), band.end_d)
        if end > clear:
            memset(band.d_x + clear * plane, 0, (end - clear) * plane * sizeof(real))
            clear = end
        for oh in range(job.h.outputs):
            for segment in range(segments):
                max_gradient_segment(
                    job, band, od, oh, segment * band.segment, min((segment + 1) * band.segment, job.w.outputs)
                )
    memset(band.d_x + clear * plane, 0, (band.end_d - clear) * plane * sizeof(real))
    restore_denormals(state)


cdef inline void max_gradient_task(
    const Pooling* job,
    const real* x,
    const real* y,
    const real* d_y,
    real* d_x,
    Py_ssize_t n,
    Py_ssize_t first_d,
    Py_ssize_t end_d,
    Py_ssize_t segment,
    real* scratch,
) noexcept nogil:
    cdef Py_ssize_t inputs = job.d.inputs * job.h.inputs * job.w.inputs * job.c
    cdef Py_ssize_t outputs = job.d.outputs * job.h.outputs * job.w.outputs * job.c
    cdef Band band = Band(
        x + n * inputs, y + n * outputs, d_y + n * outputs, d_x + n * inputs,
        first_d, end_d, segment, scratch, scratch + segment * job.c,
    )
    max_gradient_band(job, &band)


def max_pool_backward(
    const real[:, :, :, :, ::1] x,
    const real[:, :, :, :, ::1] y,
    const real[:, :, :, :, ::1] d_y,
    real[:, :, :, :, ::1] d_x,
    tuple pool,
    tuple strides,
    tuple pads,
):
    """d_x = the gradient for x"""
    cdef Pooling job = describe(x, y, pool, strides, pads)
    cdef double work = <double>job.n * job.d.outputs * job.h.outputs * job.w.outputs * job.c
    cdef int threads = threads_for(4 * work * job.d.pool * job.h.pool * job.w.pool)
    cdef Py_ssize_t segment = max(SEGMENT // max(job.c, <Py_ssize_t>1), <Py_ssize_t>1)
    cdef Py_ssize_t bands = min((threads + job.n - 1) // max(job.n, <Py_ssize_t>1), job.d.inputs)
    cdef Py_ssize_t task, band
    cdef real* scratch = <real*>scratch_take(threads * 2 * segment * job.c * sizeof(real))
    if scratch == NULL:
        raise MemoryError("No memory for the gradients of a few pixels.")
    for task in prange(job.n * bands, nogil=True, schedule="static", num_threads=threads):
        band = task % bands
        max_gradient_task(
            &job,
            data_of(x),
            data_of(y),
            data_of(d_y),
            data_of(d_x),
            task // bands,
            job.d.inputs * band // bands,
            job.d.inputs * (band + 1) // bands,
            segment,
            scratch + threadid() * 2 * segment * job.c,
        )
    scratch_give(scratch)
