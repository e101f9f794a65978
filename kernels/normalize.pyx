# Rows shifted and scaled to a mean of 0 and a variance of 1 (layer normalization), or only scaled, to a mean square or a norm of 1.
#
# Design:
# a) x, y, d_x and d_y are matrices (rows, c), contiguous; y may be x, and d_x may be d_y. gamma, beta and their gradients
#    have a number for each column, mean and scale one for each row: scale is 1 / sqrt(variance + epsilon). For a norm of 1, it
#    is 1 / max(norm, epsilon), which does not change with x below epsilon.
# b) Statistics take one pass over memory, in chunks of CHUNK numbers: a chunk's mean and its squares around that mean,
#    while it lies in the first-level cache, are put together with those before in double (Chan, Golub and LeVeque 1983).
#    Nothing cancels.
# c) Rows are read one behind the other, as the CPU's prefetchers expect: eight side by side took 1.4 times as long.
#    A row's sums wait for one another, so a few rows, of CHUNK numbers, have their statistics found before they are normalized:
#    the CPU begins with the next row meanwhile. Large results then go around the caches (around.pxd).
# d) The backward pass first adds ROWS_AT_ONCE rows to d_gamma and d_beta, in strips of columns that have sums of their own, then
#    computes d_x while the rows are in cache. A task has GROUP rows at most, and tasks are added up in double: errors do not grow.
# e) Rows are divided into tasks by the shape only. Each has sums of its own, which are added in the order of the tasks:
#    results are the same for any number of threads.
# f) Unless a mean of 0 is wanted, means are 0, and the gradient has one term less.
cimport numpy
from cython.parallel cimport parallel, prange
from libc.math cimport sqrt
from libc.string cimport memcpy, memset

from kernels.around cimport BLOCK, carry_around, go_around
from kernels.arrays cimport numbers_of, results_of
from kernels.column_sums cimport GROUP
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.prefetch cimport end_stores_around
from kernels.real cimport VL, ZERO_VECTOR, real, vec
from kernels.reductions cimport LANES, sum_of_lanes
from kernels.scratch cimport scratch_give, scratch_take

cdef enum:
    VARIANCE = 0
    MEAN_SQUARE = 1
    NORM = 2
    CHUNK = 1024
    SUMS = 4                # at once: each addition waits for the one before
    ROWS_AT_ONCE = 2
    SHARE = 8192            # numbers in a task of the forward pass
    GRADIENT_BLOCK = 32768  # numbers in a task of the backward pass
    FEWEST_ROWS = 4         # in a task of the backward pass
    OPERATIONS = 4          # for a number
    STRIP = 64              # columns whose sums are in an array of their own, so that GCC need not fear that they lie in rows

# What is made 1.
codes = {"variance": VARIANCE, "mean square": MEAN_SQUARE, "norm": NORM}

cdef extern from *:
    """
    #if defined(__GNUC__)
    typedef real vec_32 __attribute__((vector_size(32), aligned(sizeof(real)), may_alias));
    typedef real vec_16 __attribute__((vector_size(16), aligned(sizeof(real)), may_alias));
    /* By halves, in registers. */
    static inline real sum_of_vector(vec v) {
    #if VECTOR_BYTES == 64
        vec_32 w = ((vec_32 *)&v)[0] + ((vec_32 *)&v)[1];
    #else
        vec w = v;
    #endif
    #if VECTOR_BYTES >= 32
        vec_16 h = ((vec_16 *)&w)[0] + ((vec_16 *)&w)[1];
    #else
        vec h = w;
    #endif
    #ifdef CONVLAYERS_FLOAT64
        return h[0] + h[1];
    #else
        return (h[0] + h[2]) + (h[1] + h[3]);
    #endif
    }
    #else
    #define sum_of_vector(v) (v)
    #endif
    """
    real sum_of_vector(vec v) noexcept nogil

cdef struct Rows:
    const real* x
    const real* d_y       # backward only, like d_x
    real* y_or_d_x
    const real* gamma     # c numbers each; beta is used forward only
    const real* beta
    real* mean            # a number for each row
    real* scale
    Py_ssize_t rows, c
    int kind
    double epsilon
    bint around           # y is stored around the caches


cdef real* given_or(const real* vector, real default, real* copy, Py_ssize_t c) noexcept:
    """The numbers of a vector, or c times the default if there is none, in `copy`: it begins with a line of the cache."""
    cdef Py_ssize_t j
    if vector != NULL:
        memcpy(copy, vector, c * sizeof(real))
        return copy
    for j in range(c):
        copy[j] = default
    return copy


cdef void* take(size_t bytes) except NULL:
    """Scratch memory."""
    cdef void* memory = scratch_take(bytes)
    if memory == NULL:
        raise MemoryError(f"No memory for {bytes} bytes of intermediate results.")
    return memory


# Forward --------------------------------------------------------------------------------------------------------------


cdef inline vec load(const real* source) noexcept nogil:
    return (<const vec*>source)[0]


cdef inline real total_of_chunk(const real* x, Py_ssize_t count) noexcept nogil:
    cdef vec[SUMS] sums
    cdef real rest = 0
    cdef Py_ssize_t j = 0
    cdef int i
    for i in range(SUMS):
        sums[i] = ZERO_VECTOR
    while j + SUMS * VL <= count:
        for i in range(SUMS):
            sums[i] += load(x + j + i * VL)
        j += SUMS * VL
    while j + VL <= count:
        sums[0] += load(x + j)
        j += VL
    while j < count:
        rest += x[j]
        j += 1
    return sum_of_vector((sums[0] + sums[1]) + (sums[2] + sums[3])) + rest


cdef inline real squares_of_chunk(const real* x, real center, Py_ssize_t count) noexcept nogil:
    """The sum of squares around a center"""
    cdef vec[SUMS] sums
    cdef vec distance
    cdef real rest = 0
    cdef Py_ssize_t j = 0
    cdef int i
    for i in range(SUMS):
        sums[i] = ZERO_VECTOR
    while j + SUMS * VL <= count:
        for i in range(SUMS):
            distance = load(x + j + i * VL) - center
            sums[i] += distance * distance
        j += SUMS * VL
    while j + VL <= count:
        distance = load(x + j) - center
        sums[0] += distance * distance
        j += VL
    while j < count:
        rest += (x[j] - center) * (x[j] - center)
        j += 1
    return sum_of_vector((sums[0] + sums[1]) + (sums[2] + sums[3])) + rest


cdef inline void find_statistics(const Rows* job, Py_ssize_t row) noexcept nogil:
    """The mean and the scale of a row"""
    cdef const real* x = job.x + row * job.c
    cdef double mean = 0, squares = 0, distance
    cdef real center = 0
    cdef Py_ssize_t start = 0, count
    while start < job.c:
        count = min(job.c - start, <Py_ssize_t>CHUNK)
        if job.kind == VARIANCE:
            center = total_of_chunk(x + start, count) / <real>count
            if start == 0:
                mean = center
            else:
                distance = center - mean
                squares += distance * distance * start * count / (start + count)
                mean += distance * count / (start + count)
        squares += squares_of_chunk(x + start, center, count)
        start += count
    job.mean[row] = <real>mean
    if job.kind == NORM:
        job.scale[row] = <real>(1 / max(sqrt(squares), job.epsilon))
    else:
        job.scale[row] = <real>(1 / sqrt(squares / job.c + job.epsilon))


cdef inline void normalize_row(const Rows* job, Py_ssize_t row, Py_ssize_t column, Py_ssize_t count, real* y) noexcept nogil:
    """Some columns of a row; y begins with the first of them."""
    cdef const real* x = job.x + row * job.c + column
    cdef const real* gamma = job.gamma + column
    cdef const real* beta = job.beta + column
    cdef real mean = job.mean[row], scale = job.scale[row]
    cdef Py_ssize_t j = 0
    while j + VL <= count:
        (<vec*>(y + j))[0] = (load(x + j) - mean) * scale * load(gamma + j) + load(beta + j)
        j += VL
    while j < count:
        y[j] = (x[j] - mean) * scale * gamma[j] + beta[j]
        j += 1


cdef inline void normalize_around(const Rows* job, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    cdef real[BLOCK] block
    cdef Py_ssize_t column, count, rows, row
    while first < end:
        rows = min(max(BLOCK // job.c, <Py_ssize_t>1), end - first)
        column = 0
        while column < job.c:
            count = min(job.c - column, <Py_ssize_t>BLOCK)
            for row in range(rows):
                normalize_row(job, first + row, column, count, block + row * count)
            carry_around(block, job.y_or_d_x + first * job.c + column, rows * count)
            column += count
        first += rows


cdef inline void normalize_rows(const Rows* job, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t stop, row
    while first < end:
        stop = min(first + max(CHUNK // job.c, <Py_ssize_t>1), end)
        for row in range(first, stop):
            find_statistics(job, row)
        if job.around:
            normalize_around(job, first, stop)
        else:
            for row in range(first, stop):
                normalize_row(job, row, 0, job.c, job.y_or_d_x + row * job.c)
        first = stop
    restore_denormals(state)


def normalization_forward(
    numpy.ndarray x not None,
    numpy.ndarray gamma,
    numpy.ndarray beta,
    str kind,
    double epsilon,
    numpy.ndarray mean not None,
    numpy.ndarray scale not None,
    numpy.ndarray y not None,
):
    """y = (x - mean) * scale * gamma + beta, and the mean and scale of each row. gamma and beta may be None."""
    cdef Rows job = Rows(
        numbers_of(x, 2), NULL, results_of(y, 2), numbers_of(gamma, 1), numbers_of(beta, 1),
        results_of(mean, 1), results_of(scale, 1), x.shape[0], x.shape[1], codes[kind], epsilon, False,
    )
    cdef Py_ssize_t rows = job.rows, c = job.c, task
    if rows * c == 0:
        return
    job.around = job.y_or_d_x != job.x and go_around(2.0 * rows * c)
    cdef Py_ssize_t size = max(SHARE // c, <Py_ssize_t>1)
    cdef real* vectors = <real*>take(2 * c * sizeof(real))
    job.gamma, job.beta = given_or(job.gamma, 1, vectors, c), given_or(job.beta, 0, vectors + c, c)
    cdef Py_ssize_t tasks = (rows + size - 1) // size
    with nogil, parallel(num_threads=threads_for(rows * c * OPERATIONS)):
        for task in prange(tasks, schedule="static"):
            normalize_rows(&job, task * size, min((task + 1) * size, rows))
        end_stores_around()
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
    shift[0] = sum_of_lanes(sums) / <real>job.c if job.kind == VARIANCE else <real>0
    slope[0] = sum_of_lanes(sums + LANES) * scale * scale
    if job.kind != NORM:
        slope[0] /= <real>job.c
    elif scale >= <real>(1 / job.epsilon):
        slope[0] = 0


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
        find_gradients_in_cache(job, first, stop, sums)
        first = stop
    restore_denormals(state)


def normalization_backward(
    numpy.ndarray x not None,
    numpy.ndarray gamma,
    str kind,
    double epsilon,
    numpy.ndarray mean not None,
    numpy.ndarray scale not None,
    numpy.ndarray d_y not None,
    numpy.ndarray d_x not None,
    numpy.ndarray d_gamma not None,
    numpy.ndarray d_beta not None,
):
    """d_x, d_gamma and d_beta = the gradients of `normalization_forward`, from its mean and scale. gamma may be None."""
    cdef Rows job = Rows(
        numbers_of(x, 2), numbers_of(d_y, 2), results_of(d_x, 2), numbers_of(gamma, 1), NULL,
        results_of(mean, 1), results_of(scale, 1), x.shape[0], x.shape[1], codes[kind], epsilon, False,
    )
    cdef real* sums_of_products = results_of(d_gamma, 1)
    cdef real* sums_of_gradients = results_of(d_beta, 1)
    cdef Py_ssize_t rows = job.rows, c = job.c, task, j
    memset(sums_of_products, 0, c * sizeof(real))
    memset(sums_of_gradients, 0, c * sizeof(real))
    if rows * c == 0:
        return
    cdef Py_ssize_t size = min(max(GRADIENT_BLOCK // c, <Py_ssize_t>FEWEST_ROWS), <Py_ssize_t>GROUP)
    cdef Py_ssize_t tasks = (rows + size - 1) // size
    cdef double* totals = <double*>take(2 * c * sizeof(double) + (2 * tasks + 1) * c * sizeof(real))
    cdef real* sums = <real*>(totals + 2 * c)
    job.gamma = given_or(job.gamma, 1, sums + 2 * tasks * c, c)
    for task in prange(tasks, nogil=True, schedule="static", num_threads=threads_for(rows * c * OPERATIONS)):
        find_gradients(&job, task * size, min((task + 1) * size, rows), sums + 2 * task * c)
    memset(totals, 0, 2 * c * sizeof(double))
    for task in range(tasks):
        for j in range(2 * c):
            totals[j] += sums[2 * task * c + j]
    for j in range(c):
        sums_of_products[j] = <real>totals[j]
        sums_of_gradients[j] = <real>totals[c + j]
    scratch_give(totals)
