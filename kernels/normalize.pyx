# Rows shifted and scaled to a mean of 0 and a variance of 1 (layer normalization), or only scaled to a mean square of 1.
#
# Design:
# a) x, y, d_x and d_y are matrices (rows, c), contiguous; y may be x, and d_x may be d_y. gamma, beta and their gradients
#    have a number for each column, mean and scale one for each row: scale is 1 / sqrt(variance + epsilon).
# b) Statistics take one pass over memory, in chunks of CHUNK numbers: a chunk's mean and its squares around that mean,
#    while it lies in the first-level cache, are put together with those before in double (Chan, Golub and LeVeque 1983).
#    Nothing cancels.
# c) ROWS_AT_ONCE rows are worked on together, pass by pass, since the additions of a single row wait for one another. The
#    rows behind them are asked for meanwhile, unless all rows are near. Where there are as many, they share each vector of
#    gamma and beta; fewer at the end are worked on one by one.
# d) The backward pass first adds to d_gamma and d_beta, in strips of columns that have sums of their own, then computes d_x
#    while the rows are in cache. A task has GROUP rows at most, and tasks are added up in double: errors do not grow.
# e) Rows are divided into tasks by the shape only. Each has sums of its own, which are added in the order of the tasks:
#    results are the same for any number of threads.
# f) Without centering, means are 0, and the gradient has one term less.
from cython.parallel cimport prange
from libc.math cimport sqrt
from libc.string cimport memset

from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.prefetch cimport prefetch_for_reading
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.reductions cimport GROUP, LANES, STRIP, add_half, sum_of_lanes, total, total_of_products
from kernels.scratch cimport scratch_give, scratch_take

cdef enum:
    CHUNK = 1024
    ROWS_AT_ONCE = 8
    LINE = 16               # numbers in a line of the cache, of two lines for float64
    BLOCK = 8192            # numbers in a task of the forward pass
    GRADIENT_BLOCK = 32768  # numbers in a task of the backward pass
    FEWEST_ROWS = 4         # in a task of the backward pass
    OPERATIONS = 4          # for a number
    NEAR = 1 << 19          # numbers of a matrix that may still lie in the second-level cache

cdef struct Rows:
    const real* x
    const real* d_y       # backward only, like d_x
    real* y_or_d_x
    const real* gamma     # c numbers each; beta is used forward only
    const real* beta
    real* mean            # a number for each row
    real* scale
    Py_ssize_t rows, c
    double epsilon
    bint centered


cdef real* given_or(const real[::1] vector, real default, real* copy, Py_ssize_t c) noexcept:
    """The numbers of a vector, or c times the default in `copy` if there is none."""
    cdef Py_ssize_t j
    for j in range(c):
        copy[j] = default if vector is None else vector[j]
    return copy


cdef inline void ask_for_rows(const Rows* job, const real* numbers, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    """Asks for some rows, or the beginning of a long one, while those before are being computed."""
    cdef Py_ssize_t start = first * job.c, stop = min(first + ROWS_AT_ONCE, end) * job.c
    stop = min(stop, start + <Py_ssize_t>BLOCK)
    if job.rows * job.c <= NEAR:
        return
    while start < stop:
        prefetch_for_reading(numbers + start)
        start += LINE


cdef void* take(size_t bytes) except NULL:
    """Scratch memory."""
    cdef void* memory = scratch_take(bytes)
    if memory == NULL:
        raise MemoryError(f"No memory for {bytes} bytes of intermediate results.")
    return memory


# Forward --------------------------------------------------------------------------------------------------------------


cdef inline vec load(const real* source) noexcept nogil:
    return (<const vec*>source)[0]


cdef inline void store(real* target, vec v) noexcept nogil:
    (<vec*>target)[0] = v


cdef inline real sum_of_vector(vec v) noexcept nogil:
    cdef real[VL] lanes
    store(lanes, v)
    add_half(lanes, VL // 2)
    add_half(lanes, VL // 4)
    add_half(lanes, VL // 8)
    add_half(lanes, VL // 16)
    return lanes[0]


cdef inline void total_of_rows(const real* x, Py_ssize_t c, Py_ssize_t count, real* totals) noexcept nogil:
    """The sums of ROWS_AT_ONCE rows, of `count` numbers each."""
    cdef vec[ROWS_AT_ONCE] sums
    cdef Py_ssize_t block, j
    cdef int row
    for row in range(ROWS_AT_ONCE):
        sums[row] = ZERO_VECTOR
    for block in range(count // VL):
        for row in range(ROWS_AT_ONCE):
            sums[row] += load(x + row * c + block * VL)
    for row in range(ROWS_AT_ONCE):
        totals[row] = sum_of_vector(sums[row])
        for j in range(count // VL * VL, count):
            totals[row] += x[row * c + j]


cdef inline void squares_of_rows(
    const real* x, const real* center, Py_ssize_t c, Py_ssize_t count, real* totals
) noexcept nogil:
    """The sums of squares around a center each, of ROWS_AT_ONCE rows."""
    cdef vec[ROWS_AT_ONCE] sums
    cdef Py_ssize_t block, j
    cdef vec distance
    cdef int row
    for row in range(ROWS_AT_ONCE):
        sums[row] = ZERO_VECTOR
    for block in range(count // VL):
        for row in range(ROWS_AT_ONCE):
            distance = load(x + row * c + block * VL) - center[row]
            sums[row] += distance * distance
    for row in range(ROWS_AT_ONCE):
        totals[row] = sum_of_vector(sums[row])
        for j in range(count // VL * VL, count):
            totals[row] += (x[row * c + j] - center[row]) * (x[row * c + j] - center[row])


cdef inline void sum_up(const Rows* job, const real* x, Py_ssize_t rows, Py_ssize_t count, real* totals) noexcept nogil:
    cdef Py_ssize_t row
    if rows == ROWS_AT_ONCE:
        total_of_rows(x, job.c, count, totals)
        return
    for row in range(rows):
        totals[row] = total(x + row * job.c, count)


cdef inline void sum_up_squares(
    const Rows* job, const real* x, const real* center, Py_ssize_t rows, Py_ssize_t count, real* totals
) noexcept nogil:
    cdef Py_ssize_t row
    if rows == ROWS_AT_ONCE:
        squares_of_rows(x, center, job.c, count, totals)
        return
    for row in range(rows):
        totals[row] = total_of_products(x + row * job.c, center[row], x + row * job.c, center[row], count)


cdef inline void find_statistics(const Rows* job, Py_ssize_t first, Py_ssize_t rows) noexcept nogil:
    """The mean and the scale of some rows"""
    cdef double[ROWS_AT_ONCE] mean, squares
    cdef real[ROWS_AT_ONCE] center, totals
    cdef Py_ssize_t start = 0, count, row
    cdef const real* x
    for row in range(rows):
        mean[row] = squares[row] = center[row] = 0
    while start < job.c:
        count = min(job.c - start, <Py_ssize_t>CHUNK)
        x = job.x + first * job.c + start
        if job.centered:
            sum_up(job, x, rows, count, totals)
            for row in range(rows):
                center[row] = totals[row] / <real>count
                squares[row] += (center[row] - mean[row]) ** 2 * start * count / (start + count)
                mean[row] += (center[row] - mean[row]) * count / (start + count)
        sum_up_squares(job, x, center, rows, count, totals)
        for row in range(rows):
            squares[row] += totals[row]
        start += count
    for row in range(rows):
        job.mean[first + row] = <real>mean[row]
        job.scale[first + row] = <real>(1 / sqrt(squares[row] / job.c + job.epsilon))


cdef inline void normalize_some(const Rows* job, Py_ssize_t first, Py_ssize_t rows, Py_ssize_t start) noexcept nogil:
    """Some rows, from column `start` on"""
    cdef const real* x
    cdef real* y
    cdef real mean, scale
    cdef Py_ssize_t row, j
    for row in range(first, first + rows):
        x, y = job.x + row * job.c, job.y_or_d_x + row * job.c
        mean, scale = job.mean[row], job.scale[row]
        for j in range(start, job.c):
            y[j] = (x[j] - mean) * scale * job.gamma[j] + job.beta[j]


cdef inline void normalize_together(const Rows* job, Py_ssize_t first) noexcept nogil:
    """ROWS_AT_ONCE rows"""
    cdef const real* x = job.x + first * job.c
    cdef real* y = job.y_or_d_x + first * job.c
    cdef vec[ROWS_AT_ONCE] mean, scale  # in registers: whatever is stored to y, they stay
    cdef vec gamma, beta
    cdef Py_ssize_t c = job.c, block, j
    cdef int row
    for row in range(ROWS_AT_ONCE):
        mean[row] = ZERO_VECTOR + job.mean[first + row]
        scale[row] = ZERO_VECTOR + job.scale[first + row]
    for block in range(c // VL):
        j = block * VL
        gamma = load(job.gamma + j)
        beta = load(job.beta + j)
        for row in range(ROWS_AT_ONCE):
            store(y + row * c + j, (load(x + row * c + j) - mean[row]) * scale[row] * gamma + beta)
    normalize_some(job, first, ROWS_AT_ONCE, c // VL * VL)


cdef inline void normalize_rows(const Rows* job, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t stop
    while first < end:
        stop = min(first + ROWS_AT_ONCE, end)
        ask_for_rows(job, job.x, stop, end)
        ask_for_rows(job, job.y_or_d_x, stop, end)
        find_statistics(job, first, stop - first)
        if stop - first == ROWS_AT_ONCE:
            normalize_together(job, first)
        else:
            normalize_some(job, first, stop - first, 0)
        first = stop
    restore_denormals(state)


def normalization_forward(
    const real[:, ::1] x,
    const real[::1] gamma,
    const real[::1] beta,
    double epsilon,
    bint centered,
    real[::1] mean,
    real[::1] scale,
    real[:, ::1] y,
):
    """y = (x - mean) * scale * gamma + beta, and the mean and scale of each row. gamma and beta may be None."""
    cdef Py_ssize_t rows = x.shape[0], c = x.shape[1], task
    if rows * c == 0:
        return
    cdef Py_ssize_t size = max(BLOCK // c, <Py_ssize_t>1)
    cdef real* vectors = <real*>take(2 * c * sizeof(real))
    cdef Rows job = Rows(
        &x[0, 0], NULL, &y[0, 0], given_or(gamma, 1, vectors, c), given_or(beta, 0, vectors + c, c), &mean[0], &scale[0],
        rows, c, epsilon, centered,
    )
    cdef Py_ssize_t tasks = (rows + size - 1) // size
    for task in prange(tasks, nogil=True, schedule="static", num_threads=threads_for(rows * c * OPERATIONS)):
        normalize_rows(&job, task * size, min((task + 1) * size, rows))
    scratch_give(vectors)


# Backward -------------------------------------------------------------------------------------------------------------


cdef inline void add_strip(
    const Rows* job, Py_ssize_t first, Py_ssize_t end, Py_ssize_t column, Py_ssize_t size, real* sums
) noexcept nogil:
    """Adds to the sums of d_y * normalized x, and behind them to those of d_y, for some rows and columns."""
    cdef const real* x
    cdef const real* d_y
    cdef real[STRIP] d_gamma, d_beta
    cdef real mean, scale
    cdef Py_ssize_t row, j
    for j in range(size):
        d_gamma[j] = sums[column + j]
        d_beta[j] = sums[job.c + column + j]
    for row in range(first, end):
        x, d_y = job.x + row * job.c + column, job.d_y + row * job.c + column
        mean, scale = job.mean[row], job.scale[row]
        for j in range(size):
            d_gamma[j] += d_y[j] * ((x[j] - mean) * scale)
            d_beta[j] += d_y[j]
    for j in range(size):
        sums[column + j] = d_gamma[j]
        sums[job.c + column + j] = d_beta[j]


cdef inline void sum_block(
    const real* x, const real* d_y, const real* gamma, real mean, int count, real* sums
) noexcept nogil:
    cdef int lane
    cdef real weighted
    for lane in range(count):
        weighted = d_y[lane] * gamma[lane]
        sums[lane] += weighted
        sums[LANES + lane] += weighted * (x[lane] - mean)


cdef inline void sum_row(const Rows* job, Py_ssize_t row, real* shift, real* slope) noexcept nogil:
    """The two numbers per row that its gradient needs"""
    cdef const real* x = job.x + row * job.c
    cdef const real* d_y = job.d_y + row * job.c
    cdef real mean = job.mean[row], scale = job.scale[row]
    cdef real[2 * LANES] sums
    cdef Py_ssize_t j
    memset(sums, 0, sizeof(sums))
    for j in range(job.c // LANES):
        sum_block(x + j * LANES, d_y + j * LANES, job.gamma + j * LANES, mean, LANES, sums)
    j = job.c // LANES * LANES
    sum_block(x + j, d_y + j, job.gamma + j, mean, <int>(job.c - j), sums)
    shift[0] = sum_of_lanes(sums) / <real>job.c if job.centered else <real>0
    slope[0] = sum_of_lanes(sums + LANES) * scale * scale / <real>job.c


cdef inline void find_gradient_row(const Rows* job, Py_ssize_t row, real shift, real slope) noexcept nogil:
    """d_x of a row"""
    cdef const real* x = job.x + row * job.c
    cdef const real* d_y = job.d_y + row * job.c
    cdef const real* gamma = job.gamma
    cdef real* d_x = job.y_or_d_x + row * job.c
    cdef real mean = job.mean[row], scale = job.scale[row]
    cdef Py_ssize_t c = job.c, j
    for j in range(c):
        d_x[j] = (d_y[j] * gamma[j] - shift - (x[j] - mean) * slope) * scale


cdef inline void find_gradients_in_cache(const Rows* job, Py_ssize_t first, Py_ssize_t end, real* sums) noexcept nogil:
    """d_x of a few rows; what they add to the gradients of gamma and beta is added to the sums."""
    cdef real[ROWS_AT_ONCE] shift, slope
    cdef Py_ssize_t strip, column, row
    for strip in range((job.c + STRIP - 1) // STRIP):
        column = strip * STRIP
        if job.c - column >= STRIP:
            add_strip(job, first, end, column, STRIP, sums)
        else:
            add_strip(job, first, end, column, job.c - column, sums)
    for row in range(first, end):
        sum_row(job, row, &shift[row - first], &slope[row - first])
    for row in range(first, end):
        find_gradient_row(job, row, shift[row - first], slope[row - first])


cdef inline void find_gradients(const Rows* job, Py_ssize_t first, Py_ssize_t end, real* sums) noexcept nogil:
    """d_x of some rows, and the sums for gamma and beta"""
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t stop
    memset(sums, 0, 2 * job.c * sizeof(real))
    while first < end:
        stop = min(first + ROWS_AT_ONCE, end)
        ask_for_rows(job, job.x, stop, end)
        ask_for_rows(job, job.d_y, stop, end)
        find_gradients_in_cache(job, first, stop, sums)
        first = stop
    restore_denormals(state)


def normalization_backward(
    const real[:, ::1] x,
    const real[::1] gamma,
    real[::1] mean,
    real[::1] scale,
    bint centered,
    const real[:, ::1] d_y,
    real[:, ::1] d_x,
    real[::1] d_gamma,
    real[::1] d_beta,
):
    """d_x, d_gamma and d_beta = the gradients of `normalization_forward`, from its mean and scale. gamma may be None."""
    cdef Py_ssize_t rows = x.shape[0], c = x.shape[1], task, j
    d_gamma[:] = 0
    d_beta[:] = 0
    if rows * c == 0:
        return
    cdef Py_ssize_t size = min(max(GRADIENT_BLOCK // c, <Py_ssize_t>FEWEST_ROWS), <Py_ssize_t>GROUP)
    cdef Py_ssize_t tasks = (rows + size - 1) // size
    cdef double* totals = <double*>take(2 * c * sizeof(double) + (2 * tasks + 1) * c * sizeof(real))
    cdef real* sums = <real*>(totals + 2 * c)
    cdef Rows job = Rows(
        &x[0, 0], &d_y[0, 0], &d_x[0, 0], given_or(gamma, 1, sums + 2 * tasks * c, c), NULL, &mean[0], &scale[0],
        rows, c, 0, centered,
    )
    for task in prange(tasks, nogil=True, schedule="static", num_threads=threads_for(rows * c * OPERATIONS)):
        find_gradients(&job, task * size, min((task + 1) * size, rows), sums + 2 * task * c)
    memset(totals, 0, 2 * c * sizeof(double))
    for task in range(tasks):
        for j in range(2 * c):
            totals[j] += sums[2 * task * c + j]
    for j in range(c):
        d_gamma[j] = <real>totals[j]
        d_beta[j] = <real>totals[c + j]
    scratch_give(totals)
