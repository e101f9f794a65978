# Maximum and average pooling over windows, and over everything (global).
#
# Design:
# a) x is (n, id, ih, iw, c) and y is (n, od, oh, ow, c), both contiguous, channels last. Windows are clipped at the border: what
#    is outside is neither a maximum nor counted for an average.
# b) Forward works in two steps for each row of outputs. The input rows that its windows cover are combined into one, `column`;
#    then, for each output, neighbouring pixels of that one. So loops run over whole rows or all channels of a pixel, plain
#    loops that GCC makes vectors of, and a window of kh x kw costs kh + kw steps, not kh * kw.
# c) The gradient of an average goes the same way, from the outputs whose windows cover an input.
# d) The gradient of a maximum goes to the first number of the window, in the order of memory, that is the maximum. It is found
#    again from x and y: no array of positions exists. A gradient that has been given away is replaced by 0, so that it is
#    given once.
# e) Parallel: forward and average over rows of the result. The gradient of a maximum over bands of input planes; windows that
#    cover two bands are visited for both, and each time only what belongs to the band is kept. Every sum has one order,
#    whatever the bands are, so results are the same for any number of threads.
# f) Two dimensions come as (n, 1, h, w, c). They are read as (n, h, 1, w, c), the same in memory, so that a plane is a row.
# g) NaN passes: a window that has one gives NaN.
from cython.parallel cimport prange, threadid
from libc.math cimport INFINITY
from libc.string cimport memcpy, memset

from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.real cimport real
from kernels.scratch cimport scratch_give, scratch_take

cdef struct Axis:
    Py_ssize_t inputs, outputs, pool, stride, pad

cdef struct Pooling:
    Py_ssize_t n, c
    Axis d, h, w


cdef Pooling describe(const real[:, :, :, :, ::1] x, const real[:, :, :, :, ::1] y, tuple pool, tuple strides, tuple pads) except *:
    cdef Axis d = Axis(x.shape[1], y.shape[1], pool[0], strides[0], pads[0])
    cdef Axis h = Axis(x.shape[2], y.shape[2], pool[1], strides[1], pads[1])
    cdef Axis w = Axis(x.shape[3], y.shape[3], pool[2], strides[2], pads[2])
    if d.inputs == 1 and d.outputs == 1:
        d, h = h, d
    return Pooling(x.shape[0], x.shape[4], d, h, w)


# Where windows are: the inputs of output o are from first_input to end_input, the outputs of input i likewise.


cdef inline Py_ssize_t first_input(const Axis* axis, Py_ssize_t o) noexcept nogil:
    return max(o * axis.stride - axis.pad, <Py_ssize_t>0)


cdef inline Py_ssize_t end_input(const Axis* axis, Py_ssize_t o) noexcept nogil:
    return min(o * axis.stride - axis.pad + axis.pool, axis.inputs)


cdef inline Py_ssize_t first_output(const Axis* axis, Py_ssize_t i) noexcept nogil:
    return max(i + axis.pad - axis.pool + axis.stride, <Py_ssize_t>0) // axis.stride


cdef inline Py_ssize_t end_output(const Axis* axis, Py_ssize_t i) noexcept nogil:
    return min((i + axis.pad) // axis.stride + 1, axis.outputs)


cdef inline Py_ssize_t covered(const Axis* axis, Py_ssize_t o) noexcept nogil:
    """How many inputs the window of output o covers."""
    return end_input(axis, o) - first_input(axis, o)


# Loops over neighbours in memory


cdef inline void fill(real* values, real value, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        values[i] = value


cdef void take_larger(real* into, const real* values, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        into[i] = values[i] if (values[i] > into[i]) | (values[i] != values[i]) else into[i]


cdef void add(real* into, const real* values, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        into[i] += values[i]


cdef inline void add_quotients(real* into, const real* values, Py_ssize_t divisor, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        into[i] += values[i] / <real>divisor


cdef inline void divide(real* values, Py_ssize_t divisor, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        values[i] /= <real>divisor


# Rows of results ------------------------------------------------------------------------------------------------------

# Computes a row of `target`, that of image n and place (d, h), from all of `source`.
ctypedef void (*ComputeRow)(
    const Pooling* job, const real* source, Py_ssize_t n, Py_ssize_t d, Py_ssize_t h, real* target, real* column
) noexcept nogil


cdef inline void row_task(
    ComputeRow compute, const Pooling* job, const real* source, Py_ssize_t n, Py_ssize_t d, Py_ssize_t h, real* target, real* column
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    compute(job, source, n, d, h, target, column)
    restore_denormals(state)


cdef int compute_rows(
    ComputeRow compute, const Pooling* job, const real* source, real* target, Py_ssize_t depth, Py_ssize_t height, Py_ssize_t width
) except -1:
    """Computes all rows of target (n, depth, height, width, c)."""
    cdef Py_ssize_t longest = max(job.w.inputs, job.w.outputs) * job.c
    cdef Py_ssize_t rows = job.n * depth * height, row
    cdef int threads = threads_for(rows * longest * <double>(job.d.pool * job.h.pool + job.w.pool))
    cdef real* columns = <real*>scratch_take(threads * longest * sizeof(real))
    if columns == NULL:
        raise MemoryError("No memory for a row of each thread.")
    for row in prange(rows, nogil=True, schedule="static", num_threads=threads):
        row_task(
            compute,
            job,
            source,
            row // (depth * height),
            row // height % depth,
            row % height,
            target + row * width * job.c,
            columns + threadid() * longest,
        )
    scratch_give(columns)
    return 0


# Forward --------------------------------------------------------------------------------------------------------------

ctypedef void (*Combine)(real* into, const real* values, Py_ssize_t count) noexcept nogil


cdef inline void combine_windows(
    Combine combine, real start, const Pooling* job, const real* x, Py_ssize_t n, Py_ssize_t od, Py_ssize_t oh, real* y, real* column
) noexcept nogil:
    cdef Py_ssize_t c = job.c, row = job.w.inputs * c
    cdef Py_ssize_t id, ih, iw, ow
    fill(column, start, row)
    for id in range(first_input(&job.d, od), end_input(&job.d, od)):
        for ih in range(first_input(&job.h, oh), end_input(&job.h, oh)):
            combine(column, x + ((n * job.d.inputs + id) * job.h.inputs + ih) * row, row)
    for ow in range(job.w.outputs):
        fill(y + ow * c, start, c)
        for iw in range(first_input(&job.w, ow), end_input(&job.w, ow)):
            combine(y + ow * c, column + iw * c, c)


cdef void max_pool_row(
    const Pooling* job, const real* x, Py_ssize_t n, Py_ssize_t od, Py_ssize_t oh, real* y, real* column
) noexcept nogil:
    combine_windows(take_larger, -INFINITY, job, x, n, od, oh, y, column)


cdef void average_pool_row(
    const Pooling* job, const real* x, Py_ssize_t n, Py_ssize_t od, Py_ssize_t oh, real* y, real* column
) noexcept nogil:
    cdef Py_ssize_t rows = covered(&job.d, od) * covered(&job.h, oh), ow
    combine_windows(add, 0, job, x, n, od, oh, y, column)
    for ow in range(job.w.outputs):
        divide(y + ow * job.c, rows * covered(&job.w, ow), job.c)


def max_pool_forward(
    const real[:, :, :, :, ::1] x, real[:, :, :, :, ::1] y, tuple pool, tuple strides, tuple pads
):
    """y = the largest number of each window"""
    cdef Pooling job = describe(x, y, pool, strides, pads)
    if y.size > 0:
        compute_rows(max_pool_row, &job, &x[0, 0, 0, 0, 0], &y[0, 0, 0, 0, 0], job.d.outputs, job.h.outputs, job.w.outputs)


def average_pool_forward(
    const real[:, :, :, :, ::1] x, real[:, :, :, :, ::1] y, tuple pool, tuple strides, tuple pads
):
    """y = the mean of each window"""
    cdef Pooling job = describe(x, y, pool, strides, pads)
    if y.size > 0:
        compute_rows(average_pool_row, &job, &x[0, 0, 0, 0, 0], &y[0, 0, 0, 0, 0], job.d.outputs, job.h.outputs, job.w.outputs)


# The gradient of an average -------------------------------------------------------------------------------------------


cdef void average_gradient_row(
    const Pooling* job, const real* d_y, Py_ssize_t n, Py_ssize_t id, Py_ssize_t ih, real* d_x, real* column
) noexcept nogil:
    cdef Py_ssize_t c = job.c, row = job.w.outputs * c
    cdef Py_ssize_t od, oh, iw, ow
    fill(column, 0, row)
    for od in range(first_output(&job.d, id), end_output(&job.d, id)):
        for oh in range(first_output(&job.h, ih), end_output(&job.h, ih)):
            add_quotients(
                column,
                d_y + ((n * job.d.outputs + od) * job.h.outputs + oh) * row,
                covered(&job.d, od) * covered(&job.h, oh),
                row,
            )
    for iw in range(job.w.inputs):
        fill(d_x + iw * c, 0, c)
        for ow in range(first_output(&job.w, iw), end_output(&job.w, iw)):
            add_quotients(d_x + iw * c, column + ow * c, covered(&job.w, ow), c)


def average_pool_backward(
    const real[:, :, :, :, ::1] d_y, real[:, :, :, :, ::1] d_x, tuple pool, tuple strides, tuple pads
):
    """d_x = the gradient for x"""
    cdef Pooling job = describe(d_x, d_y, pool, strides, pads)
    if d_x.size > 0:
        compute_rows(average_gradient_row, &job, &d_y[0, 0, 0, 0, 0], &d_x[0, 0, 0, 0, 0], job.d.inputs, job.h.inputs, job.w.inputs)


# The gradient of a maximum --------------------------------------------------------------------------------------------


cdef inline void give_gradient(const real* x, const real* y, real* gradient, real* d_x, Py_ssize_t c) noexcept nogil:
    """Adds the gradient to d_x, and takes it away, where x is the maximum y."""
    cdef Py_ssize_t j
    cdef bint found
    for j in range(c):
        found = (x[j] == y[j]) | (x[j] != x[j])
        d_x[j] += gradient[j] if found else <real>0
        gradient[j] = <real>0 if found else gradient[j]


cdef inline void max_gradient_window(
    const Pooling* job,
    const real* x,
    const real* y,
    const real* d_y,
    real* d_x,
    Py_ssize_t od,
    Py_ssize_t oh,
    Py_ssize_t ow,
    Py_ssize_t first,
    Py_ssize_t end,
    real* gradient,
    real* elsewhere,
) noexcept nogil:
    """Gives the gradient of one output to the planes from `first` to `end`, and to `elsewhere` what belongs to those before."""
    cdef Py_ssize_t c = job.c
    cdef Py_ssize_t output = ((od * job.h.outputs + oh) * job.w.outputs + ow) * c
    cdef Py_ssize_t id, ih, iw, place
    memcpy(gradient, d_y + output, c * sizeof(real))
    for id in range(first_input(&job.d, od), min(end_input(&job.d, od), end)):
        for ih in range(first_input(&job.h, oh), end_input(&job.h, oh)):
            for iw in range(first_input(&job.w, ow), end_input(&job.w, ow)):
                place = ((id * job.h.inputs + ih) * job.w.inputs + iw) * c
                give_gradient(x + place, y + output, gradient, d_x + place if id >= first else elsewhere, c)


cdef inline void max_gradient_band(
    const Pooling* job,
    const real* x,
    const real* y,
    const real* d_y,
    real* d_x,
    Py_ssize_t first,
    Py_ssize_t end,
    real* gradient,
) noexcept nogil:
    """d_x of the planes from `first` to `end` of an image"""
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t plane = job.h.inputs * job.w.inputs * job.c
    cdef Py_ssize_t clear = first, od, oh, ow  # planes before `clear` hold numbers already
    for od in range(first_output(&job.d, first), end_output(&job.d, end - 1)):
        while clear < min(end_input(&job.d, od), end):
            memset(d_x + clear * plane, 0, plane * sizeof(real))
            clear += 1
        for oh in range(job.h.outputs):
            for ow in range(job.w.outputs):
                max_gradient_window(job, x, y, d_y, d_x, od, oh, ow, first, end, gradient, gradient + job.c)
    memset(d_x + clear * plane, 0, (end - clear) * plane * sizeof(real))
    restore_denormals(state)


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
    cdef Py_ssize_t inputs = job.d.inputs * job.h.inputs * job.w.inputs * job.c
    cdef Py_ssize_t outputs = job.d.outputs * job.h.outputs * job.w.outputs * job.c
    cdef int threads = threads_for(2.0 * job.n * outputs * job.d.pool * job.h.pool * job.w.pool)
    cdef Py_ssize_t bands, band, n, task
    cdef real* gradients
    if inputs == 0 or job.n == 0:
        return
    bands = min((threads + job.n - 1) // job.n, job.d.inputs)
    gradients = <real*>scratch_take(threads * 2 * job.c * sizeof(real))
    if gradients == NULL:
        raise MemoryError("No memory for the gradients of a pixel.")
    for task in prange(job.n * bands, nogil=True, schedule="static", num_threads=threads):
        n = task // bands
        band = task % bands
        max_gradient_band(
            &job,
            &x[n, 0, 0, 0, 0],
            &y[0, 0, 0, 0, 0] + n * outputs,
            &d_y[0, 0, 0, 0, 0] + n * outputs,
            &d_x[n, 0, 0, 0, 0],
            job.d.inputs * band // bands,
            job.d.inputs * (band + 1) // bands,
            gradients + threadid() * 2 * job.c,
        )
    scratch_give(gradients)
