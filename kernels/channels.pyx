# Statistics over all pixels for each channel, and arithmetic with a few numbers per channel: bias gradients, moments,
# batch normalization, slopes of rectifiers.
#
# Design:
# a) x, y, d_x and d_y are matrices (rows, c): channels last, so that everything else is a row. y may be x, and d_x may
#    be d_y. Large results that take no such place go around the caches (around.pxd).
# b) A few channels would not fill the vectors. So neighbouring rows are taken as one row of `width` numbers (wide_rows.pxd),
#    and what belongs to a channel is repeated as often.
# c) Sums divide the rows into at most TASKS tasks, by the shape only. Each task adds up its rows (column_sums.pxd), then
#    the tasks are added in their order: results are the same for any number of threads.
# d) Variance takes one pass: the mean square of x - center, less the square of its mean. The center is the mean of the
#    first rows, so the two do not nearly cancel.
# e) What is the same for all rows is computed in double, once per channel: the coefficients of one multiplication and
#    addition. So batch normalization reads x once for the moments and once to normalize; its gradient reads x and d_y
#    once for the sums, which are d_gamma and d_beta, and once for d_x. What an activation behind it was given is not kept:
#    on the way back it is computed again from x, which is read for the sums anyway.
# f) The gradient for a bias is a sum over images of five axes. Where an activation came after the bias, its gradient is
#    computed on the way, GROUP rows at a time: they are added up while they lie in cache.
cimport numpy
from cython.parallel cimport prange
from libc.math cimport isfinite, sqrt
from libc.string cimport memset

from kernels.affine cimport (
    Affine, length_of_coefficients, load, map_all_rows, map_in_order, normalize_columns, normalize_gradient_columns,
    repeat_coefficients, scale_shift_columns
)
from kernels.arrays cimport numbers_of, results_of
from kernels.column_sums cimport (
    GROUP, Summation, add_deviations, add_gradients, add_in_order, add_numbers, ask_for_sources, load_numbers, numbers_in,
    sum_over_rows
)
from kernels.elementwise cimport (
    CHUNK, LINEAR, activation_gradient, activation_gradient_at, apply_activation
)
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.lanes cimport store_lanes
from kernels.masks cimport choose, larger_or_nan
from kernels.parallel cimport threads_for
from kernels.real cimport ZERO_VECTOR, real, vec
from kernels.scratch cimport scratch_give, scratch_take
from kernels.wide_rows cimport WideRows, repeat, wide_rows

cdef enum:
    TASKS = 64


cdef inline Py_ssize_t pixels_of(numpy.ndarray images) noexcept:
    return images.shape[0] * images.shape[1] * images.shape[2] * images.shape[3]


cdef void* take(size_t bytes) except NULL:
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


cdef int sum_columns(const Summation* job, Py_ssize_t c, double* totals) except -1:
    """totals = the sums over all rows: c of them, or two times c. A row holds every channel `repeats` times."""
    if c == 0:
        return 0
    cdef Py_ssize_t repeats = job.width // c
    cdef Py_ssize_t size = max((job.rows + TASKS - 1) // TASKS, <Py_ssize_t>GROUP)
    cdef Py_ssize_t tasks = (job.rows + size - 1) // size
    cdef Py_ssize_t columns = job.sums * job.width
    cdef Py_ssize_t task, part, which, j
    cdef double* parts = <double*>take(tasks * columns * (sizeof(double) + sizeof(real)))
    cdef real* sums = <real*>(parts + tasks * columns)
    for task in prange(tasks, nogil=True, schedule="static", num_threads=threads_for(2 * job.rows * columns)):
        sum_task(job, task * size, min((task + 1) * size, job.rows), sums + task * columns, parts + task * columns)
    memset(totals, 0, job.sums * c * sizeof(double))
    for part in range(tasks * job.sums * repeats):
        which = part // repeats % job.sums
        for j in range(c):
            totals[which * c + j] += parts[part * c + j]
    scratch_give(parts)
    return 0


cdef Summation make_summation(const real* x, Py_ssize_t rows, Py_ssize_t c) noexcept:
    """The sum of each column; rows are taken together as said above."""
    cdef Summation job
    cdef WideRows shape = wide_rows(rows, c)
    job.add_rows, job.prepare, job.sums = add_numbers, NULL, 1
    job.a, job.rows, job.width, job.last = <real*>x, shape.rows, shape.width, shape.last
    job.ask = ask_for_sources(<double>rows * c)
    return job


def moments(numpy.ndarray x not None, numpy.ndarray mean not None, numpy.ndarray variance not None):
    """mean and variance = those of each column, the variance with the number of rows as divisor"""
    cdef const real* source = numbers_of(x, 2)
    cdef real* means = results_of(mean, 1)
    cdef real* variances = results_of(variance, 1)
    cdef Py_ssize_t rows = x.shape[0], c = x.shape[1], first = min(rows, <Py_ssize_t>GROUP), j
    cdef Summation beginning = make_summation(source, first, c), job = make_summation(source, rows, c)
    cdef double* totals = <double*>take(2 * c * sizeof(double) + job.width * sizeof(real))
    cdef real* center = <real*>(totals + 2 * c)
    cdef double deviation, square
    sum_columns(&beginning, c, totals)
    for j in range(c):
        center[j] = <real>(totals[j] / first)
        if not isfinite(center[j]):
            center[j] = 0
    repeat(center, c, job.width)
    job.add_rows, job.center, job.sums = add_deviations, center, 2
    sum_columns(&job, c, totals)
    for j in range(c):
        deviation = totals[j] / rows
        square = totals[c + j] / rows - deviation * deviation
        means[j] = <real>(center[j] + deviation)
        variances[j] = <real>(0 if square < 0 else square)
    scratch_give(totals)


# Bias -----------------------------------------------------------------------------------------------------------------


cdef int sum_pixels(Summation job, real* sums, Py_ssize_t c) except -1:
    """sums = what a job adds up, for each column"""
    cdef Py_ssize_t j
    cdef double* totals = <double*>take(c * sizeof(double))
    sum_columns(&job, c, totals)
    for j in range(c):
        sums[j] = <real>totals[j]
    scratch_give(totals)
    return 0


def bias_backward(numpy.ndarray d_y not None, numpy.ndarray d_bias not None):
    """d_bias = the sum over all pixels for each channel"""
    cdef Summation job = make_summation(numbers_of(d_y, 5), pixels_of(d_y), d_y.shape[4])
    sum_pixels(job, results_of(d_bias, 1), d_y.shape[4])


cdef void compute_gradient_before_activation(const Summation* job, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    cdef Py_ssize_t start = first * job.width
    activation_gradient(job.code, job.b + start, job.c + start, job.a + start, numbers_in(job, first, end))


def bias_activation_backward(
    int code, numpy.ndarray y not None, numpy.ndarray d_y not None, numpy.ndarray d_x not None,
    numpy.ndarray d_bias not None,
):
    """d_x = d_y * the derivative of the activation, which follows from y; d_bias = its sum for each channel"""
    cdef Summation job = make_summation(results_of(d_x, 5), pixels_of(d_x), d_x.shape[4])
    job.prepare, job.code = compute_gradient_before_activation, code
    job.b, job.c = numbers_of(y, 5), numbers_of(d_y, 5)
    sum_pixels(job, results_of(d_bias, 1), d_x.shape[4])


# One multiplication and addition per number ---------------------------------------------------------------------------


cdef Affine make_affine(Py_ssize_t rows, Py_ssize_t c) except *:
    """The description, with scratch memory for the coefficients, which begins at `scale`."""
    cdef WideRows shape = wide_rows(rows, c)
    cdef Py_ssize_t length = length_of_coefficients(shape.width)
    cdef real* memory = <real*>take(4 * length * sizeof(real))
    return Affine(
        NULL, NULL, LINEAR, False, False, False, shape.rows, shape.width, shape.last,
        memory, memory + length, memory + 2 * length, memory + 3 * length,
    )


def scale_shift(
    numpy.ndarray x not None, numpy.ndarray scale not None, numpy.ndarray shift not None, numpy.ndarray y not None
):
    """y = x * scale + shift"""
    cdef const real* source = numbers_of(x, 2)
    cdef const real* scales = numbers_of(scale, 1)
    cdef const real* shifts = numbers_of(shift, 1)
    cdef real* target = results_of(y, 2)
    cdef Affine job = make_affine(x.shape[0], x.shape[1])
    cdef Py_ssize_t c = x.shape[1], j
    job.map_columns = scale_shift_columns
    for j in range(c):
        job.scale[j] = scales[j]
        job.shift[j] = shifts[j]
    repeat_coefficients(&job, c)
    with nogil:
        map_all_rows(&job, source, source, target)
    scratch_give(job.scale)


# Batch normalization --------------------------------------------------------------------------------------------------


cdef void activate(const Affine* job, real* results, Py_ssize_t count) noexcept nogil:
    apply_activation(job.code, results, count)


cdef Affine make_normalization(
    Py_ssize_t rows, Py_ssize_t c, const real* mean, const real* variance, const real* gamma, const real* beta, double epsilon
) except *:
    cdef Affine job = make_affine(rows, c)
    cdef Py_ssize_t j
    job.map_columns = normalize_columns
    for j in range(c):
        job.center[j] = mean[j]
        job.scale[j] = <real>((1 if gamma == NULL else gamma[j]) / sqrt(variance[j] + epsilon))
        job.shift[j] = 0 if beta == NULL else beta[j]
    repeat_coefficients(&job, c)
    return job


def batch_normalization_forward(
    numpy.ndarray x not None, numpy.ndarray mean not None, numpy.ndarray variance not None, numpy.ndarray gamma,
    numpy.ndarray beta, double epsilon, numpy.ndarray y not None, int activation=LINEAR,
):
    """y = activation((x - mean) / sqrt(variance + epsilon) * gamma + beta). gamma and beta may be None."""
    cdef const real* source = numbers_of(x, 2)
    cdef real* target = results_of(y, 2)
    cdef Affine job = make_normalization(
        x.shape[0], x.shape[1], numbers_of(mean, 1), numbers_of(variance, 1), numbers_of(gamma, 1), numbers_of(beta, 1), epsilon
    )
    if activation != LINEAR:
        job.finish, job.code = activate, activation
    with nogil:
        map_all_rows(&job, source, source, target)
    scratch_give(job.scale)


cdef void compute_gradient_before_normalized(const Summation* job, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    cdef real normalized[CHUNK]
    cdef Py_ssize_t row, width, column, start, size, j
    for row in range(first, end):
        column, width = 0, numbers_in(job, row, row + 1)
        while column < width:
            size = min(<Py_ssize_t>CHUNK, width - column)
            start = row * job.width + column
            for j in range(size):
                normalized[j] = (job.b[start + j] - job.center[column + j]) * job.scale[column + j] + job.shift[column + j]
            activation_gradient_at(job.code, normalized, job.c + start, job.a + start, size)
            column += size


def batch_normalization_backward_parameters(
    numpy.ndarray x not None, numpy.ndarray mean not None, numpy.ndarray variance not None, numpy.ndarray gamma,
    numpy.ndarray beta, double epsilon, numpy.ndarray d_y not None, numpy.ndarray d_gamma not None,
    numpy.ndarray d_beta not None, int activation=LINEAR, numpy.ndarray d_normalized=None,
):
    """d_gamma and d_beta = the gradients for gamma and beta; that for x needs them, too.

    It also needs d_normalized = d_y * the derivative of the activation, if there is one. It may be d_y.
    """
    cdef const real* variances = numbers_of(variance, 1)
    cdef real* sums_of_products = results_of(d_gamma, 1)
    cdef real* sums_of_gradients = results_of(d_beta, 1)
    cdef Summation job = make_summation(numbers_of(d_y, 2), x.shape[0], x.shape[1])
    job.add_rows, job.b, job.sums = add_gradients, numbers_of(x, 2), 2
    if activation != LINEAR:
        job.prepare, job.code = compute_gradient_before_normalized, activation
        job.c, job.a = job.a, results_of(d_normalized, 2)
    cdef Py_ssize_t rows = x.shape[0], c = x.shape[1], j
    cdef Affine forward = make_normalization(
        rows, c, numbers_of(mean, 1), variances, numbers_of(gamma, 1), numbers_of(beta, 1), epsilon
    )
    cdef double* totals = <double*>take(2 * c * sizeof(double))
    job.center, job.scale, job.shift = forward.center, forward.scale, forward.shift
    sum_columns(&job, c, totals)
    scratch_give(forward.scale)
    for j in range(c):
        sums_of_gradients[j] = <real>totals[j]
        sums_of_products[j] = <real>(totals[c + j] / sqrt(variances[j] + epsilon))
    scratch_give(totals)


def batch_normalization_backward_input(
    numpy.ndarray x not None, numpy.ndarray mean not None, numpy.ndarray variance not None, numpy.ndarray gamma,
    double epsilon, numpy.ndarray d_y not None, numpy.ndarray d_gamma not None, numpy.ndarray d_beta not None,
    numpy.ndarray d_x not None,
):
    """d_x = the gradient for x, where mean and variance are the moments of x. gamma may be None."""
    cdef const real* inputs = numbers_of(x, 2)
    cdef const real* means = numbers_of(mean, 1)
    cdef const real* variances = numbers_of(variance, 1)
    cdef const real* scales = numbers_of(gamma, 1)
    cdef const real* gradients = numbers_of(d_y, 2)
    cdef const real* sums_of_products = numbers_of(d_gamma, 1)
    cdef const real* sums_of_gradients = numbers_of(d_beta, 1)
    cdef real* target = results_of(d_x, 2)
    cdef Affine job = make_affine(x.shape[0], x.shape[1])
    cdef Py_ssize_t rows = x.shape[0], c = x.shape[1], j
    cdef double deviation, scale
    job.map_columns = normalize_gradient_columns
    for j in range(c):
        deviation = sqrt(variances[j] + epsilon)
        scale = (1 if scales == NULL else scales[j]) / deviation
        job.center[j] = means[j]
        job.scale[j] = <real>scale
        job.slope[j] = <real>(-scale / deviation * sums_of_products[j] / rows)
        job.shift[j] = <real>(-scale * sums_of_gradients[j] / rows)
    repeat_coefficients(&job, c)
    with nogil:
        map_all_rows(&job, gradients, inputs, target)
    scratch_give(job.scale)


# Rectifiers with a slope for each column ------------------------------------------------------------------------------


cdef inline vec rectify_vector(const Affine* job, vec source, vec x, Py_ssize_t column) noexcept nogil:
    return choose(larger_or_nan(source, ZERO_VECTOR), source, source * load(job.slope + column))


cdef void rectify_columns(
    const Affine* job, Py_ssize_t rows, Py_ssize_t column, Py_ssize_t size, const real* source, const real* x, real* target
) noexcept nogil:
    map_in_order(rectify_vector, job, rows, column, size, 1, source, x, target)


cdef inline vec rectify_gradient_vector(const Affine* job, vec d_y, vec x, Py_ssize_t column) noexcept nogil:
    cdef vec below = choose(larger_or_nan(ZERO_VECTOR, x), d_y * load(job.slope + column), ZERO_VECTOR)
    return choose(larger_or_nan(ZERO_VECTOR, -x), d_y, below)


cdef void rectify_gradient_columns(
    const Affine* job, Py_ssize_t rows, Py_ssize_t column, Py_ssize_t size, const real* d_y, const real* x, real* d_x
) noexcept nogil:
    map_in_order(rectify_gradient_vector, job, rows, column, size, 2, d_y, x, d_x)


cdef inline void add_slope_gradients_of_vector(
    const Summation* job, Py_ssize_t at, int rows, Py_ssize_t column, Py_ssize_t count, real* sums
) noexcept nogil:
    cdef vec total = load_numbers(sums, column, count)
    cdef vec x
    cdef int i
    for i in range(rows):
        x = load_numbers(job.b, at + i * job.width, count)
        total += load_numbers(job.a, at + i * job.width, count) * choose(larger_or_nan(ZERO_VECTOR, x), x, ZERO_VECTOR)
    store_lanes(sums + column, total, count)


cdef void add_slope_gradients(const Summation* job, Py_ssize_t first, Py_ssize_t end, real* sums) noexcept nogil:
    add_in_order(add_slope_gradients_of_vector, job, first, end, 2, sums)


cdef Affine make_rectifier(Py_ssize_t rows, numpy.ndarray slopes) except *:
    cdef const real* slope = numbers_of(slopes, 1)
    cdef Py_ssize_t c = slopes.shape[0], j
    cdef Affine job = make_affine(rows, c)
    for j in range(c):
        job.slope[j] = slope[j]
    repeat_coefficients(&job, c)
    return job


def prelu_forward(numpy.ndarray x not None, numpy.ndarray slopes not None, numpy.ndarray y not None):
    """y = x, or x * slope where x is negative"""
    cdef const real* source = numbers_of(x, 2)
    cdef real* target = results_of(y, 2)
    cdef Affine job = make_rectifier(x.shape[0], slopes)
    job.map_columns = rectify_columns
    with nogil:
        map_all_rows(&job, source, source, target)
    scratch_give(job.scale)


def prelu_backward(
    numpy.ndarray x not None, numpy.ndarray slopes not None, numpy.ndarray d_y not None, numpy.ndarray d_x not None,
    numpy.ndarray d_slopes not None,
):
    """d_x and d_slopes = the gradients of `prelu_forward`, 0 where x is 0"""
    cdef const real* inputs = numbers_of(x, 2)
    cdef const real* gradients = numbers_of(d_y, 2)
    cdef real* target = results_of(d_x, 2)
    cdef Summation sums = make_summation(gradients, x.shape[0], x.shape[1])
    sums.add_rows, sums.b = add_slope_gradients, inputs
    sum_pixels(sums, results_of(d_slopes, 1), x.shape[1])
    cdef Affine job = make_rectifier(x.shape[0], slopes)
    job.map_columns = rectify_gradient_columns
    with nogil:
        map_all_rows(&job, gradients, inputs, target)
    scratch_give(job.scale)
