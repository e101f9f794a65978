# Softmax of each row, and its logarithm.
#
# Design:
# a) x, y, d_x and d_y are matrices (rows, c). y may be x, and d_x may be d_y.
# b) Long rows: a task is about TASK numbers, or one row if that is more. It stays in the first-level cache from pass to
#    pass, and loops run along the rows. The exponentials of all its rows are taken in one loop.
# c) Short rows, up to SHORT numbers, would not fill vectors, and sums along them would wait for each addition. So WIDTH
#    of them at a time are transposed (transpose.pxd): each number of a vector belongs to another row. What is left of
#    the last vector holds zeros, or rows from before. Prefetchers do not follow rows that are read side by side, so the next
#    block is asked for.
# d) The largest number of a row is subtracted first: no exponential overflows, and the sum is at least 1.
# e) Tasks depend on the shape only, and a row is the work of one of them: results are the same for any number of
#    threads.
cimport numpy
from cython.parallel cimport prange
from libc.math cimport INFINITY
from libc.string cimport memcpy, memset

from kernels.arrays cimport numbers_of, results_of
from kernels.elementwise cimport apply
from kernels.exponential cimport exponential, logarithm
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.prefetch cimport LINE, ask_for_lines
from kernels.real cimport real
from kernels.reductions cimport largest, total
from kernels.transpose cimport transpose_matrix

cdef enum:
    TASK = 4096
    CHUNK = 1024
    SHORT = 128
    WIDTH = 32       # some vectors
    OPERATIONS = 16  # for a number: what an exponential and the passes cost

# Works on some rows of c numbers, in place: forward finds x in `values`, backward finds d_y there.
ctypedef void (*Rows)(const real* y, real* values, Py_ssize_t rows, Py_ssize_t c) noexcept nogil


# Long rows ------------------------------------------------------------------------------------------------------------


cdef inline void subtract_largest(real* values, Py_ssize_t rows, Py_ssize_t c) noexcept nogil:
    cdef Py_ssize_t row, i
    cdef real shift
    for row in range(rows):
        shift = largest(values + row * c, c)
        for i in range(row * c, (row + 1) * c):
            values[i] -= shift


cdef void softmax_rows(const real* y, real* values, Py_ssize_t rows, Py_ssize_t c) noexcept nogil:
    cdef Py_ssize_t row, i
    cdef real scale
    subtract_largest(values, rows, c)
    apply(exponential, values, values, rows * c)
    for row in range(rows):
        scale = <real>1 / total(values + row * c, c)
        for i in range(row * c, (row + 1) * c):
            values[i] *= scale


cdef void softmax_gradient_rows(const real* y, real* values, Py_ssize_t rows, Py_ssize_t c) noexcept nogil:
    """d_x = y (d_y - sum of y d_y)"""
    cdef Py_ssize_t row, i
    cdef real mean
    for row in range(rows):
        for i in range(row * c, (row + 1) * c):
            values[i] *= y[i]
        mean = total(values + row * c, c)
        for i in range(row * c, (row + 1) * c):
            values[i] -= y[i] * mean


cdef inline real total_of_exponentials(const real* x, Py_ssize_t count) noexcept nogil:
    cdef real chunk[CHUNK]
    cdef double result = 0
    cdef Py_ssize_t start = 0, size
    while start < count:
        size = min(<Py_ssize_t>CHUNK, count - start)
        apply(exponential, x + start, chunk, size)
        result += total(chunk, size)
        start += size
    return <real>result


cdef void log_softmax_rows(const real* y, real* values, Py_ssize_t rows, Py_ssize_t c) noexcept nogil:
    cdef Py_ssize_t row, i
    cdef real shift
    subtract_largest(values, rows, c)
    for row in range(rows):
        shift = logarithm(total_of_exponentials(values + row * c, c))
        for i in range(row * c, (row + 1) * c):
            values[i] -= shift


cdef void log_softmax_gradient_rows(const real* y, real* values, Py_ssize_t rows, Py_ssize_t c) noexcept nogil:
    """d_x = d_y - exp(y) (sum of d_y)"""
    cdef Py_ssize_t row, i
    cdef real whole
    for row in range(rows):
        whole = total(values + row * c, c)
        for i in range(row * c, (row + 1) * c):
            values[i] -= exponential(y[i]) * whole


# Short rows: the same, where a row of c numbers is a column of (c, WIDTH) ---------------------------------------------

# Works on WIDTH columns: forward finds x in `values`, backward finds d_y there.
ctypedef void (*Columns)(const real* y, real* values, Py_ssize_t c) noexcept nogil


cdef inline void find_largest(const real* values, Py_ssize_t c, real* result) noexcept nogil:
    cdef Py_ssize_t i
    cdef int j
    for j in range(WIDTH):
        result[j] = -INFINITY
    for i in range(c):
        for j in range(WIDTH):
            result[j] = values[i * WIDTH + j] if values[i * WIDTH + j] > result[j] else result[j]


cdef void softmax_columns(const real* y, real* values, Py_ssize_t c) noexcept nogil:
    cdef real shift[WIDTH]
    cdef real sums[WIDTH]
    cdef Py_ssize_t i
    cdef int j
    find_largest(values, c, shift)
    memset(sums, 0, sizeof(sums))
    for i in range(c):
        for j in range(WIDTH):
            values[i * WIDTH + j] = exponential(values[i * WIDTH + j] - shift[j])
        for j in range(WIDTH):
            sums[j] += values[i * WIDTH + j]
    for j in range(WIDTH):
        sums[j] = <real>1 / sums[j]
    for i in range(c):
        for j in range(WIDTH):
            values[i * WIDTH + j] *= sums[j]


cdef void softmax_gradient_columns(const real* y, real* values, Py_ssize_t c) noexcept nogil:
    cdef real means[WIDTH]
    cdef Py_ssize_t i
    cdef int j
    memset(means, 0, sizeof(means))
    for i in range(c):
        for j in range(WIDTH):
            means[j] += y[i * WIDTH + j] * values[i * WIDTH + j]
    for i in range(c):
        for j in range(WIDTH):
            values[i * WIDTH + j] = y[i * WIDTH + j] * (values[i * WIDTH + j] - means[j])


cdef void log_softmax_columns(const real* y, real* values, Py_ssize_t c) noexcept nogil:
    cdef real shift[WIDTH]
    cdef real sums[WIDTH]
    cdef Py_ssize_t i
    cdef int j
    find_largest(values, c, shift)
    memset(sums, 0, sizeof(sums))
    for i in range(c):
        for j in range(WIDTH):
            values[i * WIDTH + j] -= shift[j]
        for j in range(WIDTH):
            sums[j] += exponential(values[i * WIDTH + j])
    for j in range(WIDTH):
        sums[j] = logarithm(sums[j])
    for i in range(c):
        for j in range(WIDTH):
            values[i * WIDTH + j] -= sums[j]


cdef void log_softmax_gradient_columns(const real* y, real* values, Py_ssize_t c) noexcept nogil:
    cdef real sums[WIDTH]
    cdef Py_ssize_t i
    cdef int j
    memset(sums, 0, sizeof(sums))
    for i in range(c):
        for j in range(WIDTH):
            sums[j] += values[i * WIDTH + j]
    for i in range(c):
        for j in range(WIDTH):
            values[i * WIDTH + j] -= exponential(y[i * WIDTH + j]) * sums[j]


cdef inline void ask_for_block(const real* rows, Py_ssize_t c) noexcept nogil:
    ask_for_lines(rows, 0, WIDTH * c // LINE)


cdef inline void compute_short(
    Columns compute, const real* y, const real* source, real* target, Py_ssize_t rows, Py_ssize_t c
) noexcept nogil:
    cdef real columns[SHORT * WIDTH]
    cdef real columns_of_y[SHORT * WIDTH]
    cdef Py_ssize_t block, row, width
    memset(columns, 0, c * WIDTH * sizeof(real))
    if y != source:
        memset(columns_of_y, 0, c * WIDTH * sizeof(real))
    for block in range((rows + WIDTH - 1) // WIDTH):
        row = block * WIDTH
        width = min(<Py_ssize_t>WIDTH, rows - row)
        ask_for_block(source + (row + WIDTH) * c, c)
        if y != source:
            ask_for_block(y + (row + WIDTH) * c, c)
        if target != source:
            ask_for_block(target + (row + WIDTH) * c, c)
        transpose_matrix(source + row * c, c, columns, WIDTH, width, c)
        if y != source:
            transpose_matrix(y + row * c, c, columns_of_y, WIDTH, width, c)
        compute(columns_of_y, columns, c)
        transpose_matrix(columns, WIDTH, target + row * c, c, c, width)


# Both -----------------------------------------------------------------------------------------------------------------


cdef inline void run_task(
    Rows compute, Columns compute_columns, const real* y, const real* source, real* target, Py_ssize_t rows, Py_ssize_t c
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    if c <= SHORT:
        compute_short(compute_columns, y, source, target, rows, c)
    else:
        if target != source:
            memcpy(target, source, rows * c * sizeof(real))
        compute(y, target, rows, c)
    restore_denormals(state)


cdef inline void run_tasks(
    Rows compute, Columns compute_columns, const real* y, const real* source, real* target, Py_ssize_t rows, Py_ssize_t c
) noexcept nogil:
    cdef Py_ssize_t size = max(TASK // c // WIDTH * WIDTH, <Py_ssize_t>(WIDTH if c <= SHORT else 1))
    cdef Py_ssize_t task, tasks = (rows + size - 1) // size
    cdef Py_ssize_t start
    for task in prange(tasks, schedule="static", num_threads=threads_for(rows * c * OPERATIONS)):
        start = task * size
        run_task(
            compute, compute_columns, y + start * c, source + start * c, target + start * c, min(size, rows - start), c
        )


cdef int run(
    Rows compute, Columns compute_columns, numpy.ndarray y, numpy.ndarray source, numpy.ndarray target
) except -1:
    cdef const real* outputs = numbers_of(y, 2)
    cdef const real* given = numbers_of(source, 2)
    cdef real* wanted = results_of(target, 2)
    cdef Py_ssize_t rows = source.shape[0], c = source.shape[1]
    if rows * c > 0:
        with nogil:
            run_tasks(compute, compute_columns, outputs, given, wanted, rows, c)
    return 0


def softmax_forward(numpy.ndarray x not None, numpy.ndarray y not None):
    run(softmax_rows, softmax_columns, x, x, y)


def softmax_backward(numpy.ndarray y not None, numpy.ndarray d_y not None, numpy.ndarray d_x not None):
    run(softmax_gradient_rows, softmax_gradient_columns, y, d_y, d_x)


def log_softmax_forward(numpy.ndarray x not None, numpy.ndarray y not None):
    run(log_softmax_rows, log_softmax_columns, x, x, y)


def log_softmax_backward(numpy.ndarray y not None, numpy.ndarray d_y not None, numpy.ndarray d_x not None):
    run(log_softmax_gradient_rows, log_softmax_gradient_columns, y, d_y, d_x)
