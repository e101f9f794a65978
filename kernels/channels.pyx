# Statistics over all pixels for each channel, and arithmetic with a few numbers per channel: bias gradients, moments, batch
# normalization.
#
# Design:
# a) x, y, d_x and d_y are matrices (rows, c): channels last, so that everything else is a row. y may be x, and d_x may be d_y.
# b) Sums divide the rows into at most TASKS tasks, by the shape only. Each task adds up its rows (reductions.pxd), then the
#    tasks are added in their order: results are the same for any number of threads.
# c) Variance takes one pass: the mean square of x - center, less the square of its mean. The center is the mean of the first
#    rows, so the two do not nearly cancel.
# d) A few channels would not fill the vectors: `rows_in_one` neighbouring rows are then taken as one long row, with the numbers
#    of each channel repeated.
# e) What is the same for all rows is computed in double, once per channel: the coefficients of one multiplication and addition.
#    So batch normalization reads x once for the moments and once to normalize; its gradient reads x and d_y once for the sums,
#    which are d_gamma and d_beta, and once for d_x.
from cython.parallel cimport prange
from libc.math cimport isfinite, sqrt
from libc.string cimport memmove, memset

from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.real cimport real
from kernels.reductions cimport GROUP, Summation, add_row, sum_over_rows
from kernels.scratch cimport scratch_give, scratch_take

cdef enum:
    TASKS = 64
    BLOCK = 4096  # numbers that stay in the first-level cache
    WIDTH = 64    # numbers that fill some vectors


cdef inline const real* data_of(const real[:, ::1] x) noexcept nogil:
    return NULL if x.shape[0] * x.shape[1] == 0 else &x[0, 0]


cdef inline Py_ssize_t rows_in_one(Py_ssize_t rows, Py_ssize_t c) noexcept nogil:
    cdef Py_ssize_t together = 1
    while 0 < 2 * together * c <= WIDTH and rows % (2 * together) == 0 and together < rows:
        together *= 2
    return together


cdef inline void* take(size_t bytes) except NULL:
    """Scratch memory."""
    cdef void* memory = scratch_take(bytes)
    if memory == NULL:
        raise MemoryError(f"No memory for {bytes} bytes of intermediate results.")
    return memory


# Sums over rows -------------------------------------------------------------------------------------------------------


cdef inline void sum_task(
    const Summation* job, Py_ssize_t first, Py_ssize_t end, real* sums, double* totals
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    sum_over_rows(job, first, end, sums, totals)
    restore_denormals(state)


cdef int sum_columns(const Summation* job, double* totals) except -1:
    """totals = the sums over all rows."""
    cdef Py_ssize_t size = max((job.rows + TASKS - 1) // TASKS, <Py_ssize_t>GROUP)
    cdef Py_ssize_t tasks = (job.rows + size - 1) // size
    cdef Py_ssize_t task, j
    cdef double* parts = <double*>take(tasks * job.width * (sizeof(double) + sizeof(real)))
    cdef real* sums = <real*>(parts + tasks * job.width)
    for task in prange(tasks, nogil=True, schedule="static", num_threads=threads_for(2 * job.rows * job.width)):
        sum_task(
            job, task * size, min((task + 1) * size, job.rows), sums + task * job.width, parts + task * job.width
        )
    memset(totals, 0, job.width * sizeof(double))
    for task in range(tasks):
        for j in range(job.width):
            totals[j] += parts[task * job.width + j]
    scratch_give(parts)
    return 0


def sum_rows(const real[:, ::1] x, real[::1] y):
    """y = the sum of each column"""
    cdef Summation job = Summation(add_row, data_of(x), data_of(x), NULL, x.shape[0], x.shape[1], x.shape[1])
    cdef double* totals = <double*>take(job.width * sizeof(double))
    cdef Py_ssize_t j
    sum_columns(&job, totals)
    for j in range(job.c):
        y[j] = <real>totals[j]
    scratch_give(totals)


cdef inline void add_deviations(const real* x, const real* b, const real* center, real* sums, Py_ssize_t c) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(c):
        sums[j] += x[j] - center[j]
        sums[c + j] += (x[j] - center[j]) * (x[j] - center[j])


def moments(const real[:, ::1] x, real[::1] mean, real[::1] variance):
    """mean and variance = those of each column, the variance with the number of rows as divisor"""
    cdef Py_ssize_t rows = x.shape[0], c = x.shape[1], j
    cdef double* totals = <double*>take(2 * c * (sizeof(double) + sizeof(real)))
    cdef real* center = <real*>(totals + 2 * c)
    cdef Summation job = Summation(add_row, data_of(x), data_of(x), center, min(rows, <Py_ssize_t>GROUP), c, c)
    cdef double deviation, square
    sum_columns(&job, totals)
    for j in range(c):
        center[j] = <real>(totals[j] / job.rows)
        if not isfinite(center[j]):
            center[j] = 0
    job.add = add_deviations
    job.rows = rows
    job.width = 2 * c
    sum_columns(&job, totals)
    for j in range(c):
        deviation = totals[j] / rows
        square = totals[c + j] / rows - deviation * deviation
        mean[j] = <real>(center[j] + deviation)
        variance[j] = <real>(0 if square < 0 else square)
    scratch_give(totals)


# One multiplication and addition per number ---------------------------------------------------------------------------

cdef struct Coefficients:  # c numbers each
    real* scale
    real* shift
    real* center
    real* slope

# Works in place; the gradient of batch normalization uses x, too.
ctypedef void (*MapRow)(real* values, const real* x, Coefficients of, Py_ssize_t c) noexcept nogil


cdef Coefficients take_coefficients(Py_ssize_t c) except *:
    """Scratch memory for all four; `scale` is its address."""
    cdef real* memory = <real*>take(4 * c * sizeof(real))
    return Coefficients(memory, memory + c, memory + 2 * c, memory + 3 * c)


cdef inline void map_task(
    MapRow map_row, const real* source, const real* x, Coefficients of, real* target, Py_ssize_t rows, Py_ssize_t c
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t row
    if target != source:
        memmove(target, source, rows * c * sizeof(real))
    for row in range(rows):
        map_row(target + row * c, x + row * c, of, c)
    restore_denormals(state)


cdef inline void map_rows(
    MapRow map_row, const real[:, ::1] source, const real[:, ::1] x, Coefficients of, real[:, ::1] target
) noexcept nogil:
    cdef Py_ssize_t rows = target.shape[0], c = target.shape[1]
    cdef Py_ssize_t size = max(BLOCK // max(c, <Py_ssize_t>1), <Py_ssize_t>1)
    cdef Py_ssize_t task, start
    if c == 0:
        return
    for task in prange((rows + size - 1) // size, schedule="static", num_threads=threads_for(2 * rows * c)):
        start = task * size
        map_task(map_row, &source[start, 0], &x[start, 0], of, &target[start, 0], min(size, rows - start), c)


cdef void scale_shift_row(real* values, const real* x, Coefficients of, Py_ssize_t c) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(c):
        values[j] = values[j] * of.scale[j] + of.shift[j]


def scale_shift(const real[:, ::1] x, const real[::1] scale, const real[::1] shift, real[:, ::1] y):
    """y = x * scale + shift"""
    cdef Coefficients of = take_coefficients(x.shape[1])
    cdef Py_ssize_t j
    for j in range(x.shape[1]):
        of.scale[j] = scale[j]
        of.shift[j] = shift[j]
    with nogil:
        map_rows(scale_shift_row, x, x, of, y)
    scratch_give(of.scale)


# Batch normalization --------------------------------------------------------------------------------------------------


cdef void normalize_row(real* values, const real* x, Coefficients of, Py_ssize_t c) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(c):
        values[j] = (values[j] - of.center[j]) * of.scale[j] + of.shift[j]


def batch_normalization_forward(
    const real[:, ::1] x,
    const real[::1] mean,
    const real[::1] variance,
    const real[::1] gamma,
    const real[::1] beta,
    double epsilon,
    real[:, ::1] y,
):
    """y = (x - mean) / sqrt(variance + epsilon) * gamma + beta. gamma and beta may be None."""
    cdef Coefficients of = take_coefficients(x.shape[1])
    cdef Py_ssize_t j
    for j in range(x.shape[1]):
        of.center[j] = mean[j]
        of.scale[j] = <real>((1 if gamma is None else gamma[j]) / sqrt(variance[j] + epsilon))
        of.shift[j] = 0 if beta is None else beta[j]
    with nogil:
        map_rows(normalize_row, x, x, of, y)
    scratch_give(of.scale)


cdef inline void add_gradients(
    const real* d_y, const real* x, const real* center, real* sums, Py_ssize_t c
) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(c):
        sums[j] += d_y[j]
        sums[c + j] += d_y[j] * (x[j] - center[j])


def batch_normalization_backward_parameters(
    const real[:, ::1] x,
    const real[::1] mean,
    const real[::1] variance,
    double epsilon,
    const real[:, ::1] d_y,
    real[::1] d_gamma,
    real[::1] d_beta,
):
    """d_gamma and d_beta = the gradients for gamma and beta, also of use where there are no such parameters"""
    cdef Py_ssize_t c = x.shape[1], j
    cdef double* totals = <double*>take(2 * c * sizeof(double))
    cdef Summation job = Summation(add_gradients, data_of(d_y), data_of(x), &mean[0], x.shape[0], c, 2 * c)
    sum_columns(&job, totals)
    for j in range(c):
        d_beta[j] = <real>totals[j]
        d_gamma[j] = <real>(totals[c + j] / sqrt(variance[j] + epsilon))
    scratch_give(totals)


cdef void normalize_gradient_row(real* values, const real* x, Coefficients of, Py_ssize_t c) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(c):
        values[j] = values[j] * of.scale[j] + (x[j] - of.center[j]) * of.slope[j] + of.shift[j]


def batch_normalization_backward_input(
    const real[:, ::1] x,
    const real[::1] mean,
    const real[::1] variance,
    const real[::1] gamma,
    double epsilon,
    const real[:, ::1] d_y,
    const real[::1] d_gamma,
    const real[::1] d_beta,
    real[:, ::1] d_x,
):
    """d_x = the gradient for x where mean and variance are the moments of x. gamma may be None."""
    cdef Coefficients of = take_coefficients(x.shape[1])
    cdef Py_ssize_t rows = x.shape[0], j
    cdef double deviation, scale
    for j in range(x.shape[1]):
        deviation = sqrt(variance[j] + epsilon)
        scale = (1 if gamma is None else gamma[j]) / deviation
        of.center[j] = mean[j]
        of.scale[j] = <real>scale
        of.slope[j] = <real>(-scale / deviation * d_gamma[j] / rows)
        of.shift[j] = <real>(-scale * d_beta[j] / rows)
    with nogil:
        map_rows(normalize_gradient_row, d_y, x, of, d_x)
    scratch_give(of.scale)
