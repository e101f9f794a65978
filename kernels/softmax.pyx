# Softmax of each row, and its logarithm.
#
# Design:
# a) x, y, d_x and d_y are matrices (rows, c). y may be x, and d_x may be d_y.
# b) A task is about TASK numbers, or one row if that is more: it stays in the first-level cache from pass to pass. The
#    exponentials of all rows of a task are taken in one loop, so short rows fill the vectors too.
# c) The largest number of a row is subtracted first: no exponential overflows, and the sum is at least 1.
# d) Tasks depend on the shape only, and a row is the work of one of them: results are the same for any number of
#    threads.
from cython.parallel cimport prange
from libc.math cimport log
from libc.string cimport memmove

from kernels.elementwise cimport apply
from kernels.exponential cimport exponential
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.real cimport real
from kernels.reductions cimport largest, total

cdef enum:
    TASK = 4096
    CHUNK = 256
    OPERATIONS = 24  # for a number: what an exponential and the passes cost

# Works on some rows of c numbers, in place: forward finds x in `values`, backward finds d_y there.
ctypedef void (*Rows)(const real* y, real* values, Py_ssize_t rows, Py_ssize_t c) noexcept nogil


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
    apply(exponential, values, rows * c)
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


cdef inline double total_of_exponentials(const real* x, Py_ssize_t count) noexcept nogil:
    cdef real chunk[CHUNK]
    cdef double result = 0
    cdef Py_ssize_t start = 0, size, i
    while start < count:
        size = min(<Py_ssize_t>CHUNK, count - start)
        for i in range(size):
            chunk[i] = exponential(x[start + i])
        result += total(chunk, size)
        start += size
    return result


cdef void log_softmax_rows(const real* y, real* values, Py_ssize_t rows, Py_ssize_t c) noexcept nogil:
    cdef Py_ssize_t row, i
    cdef real shift
    subtract_largest(values, rows, c)
    for row in range(rows):
        shift = <real>log(total_of_exponentials(values + row * c, c))
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


cdef inline void run_task(
    Rows compute, const real* y, const real* source, real* target, Py_ssize_t rows, Py_ssize_t c
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    if target != source:
        memmove(target, source, rows * c * sizeof(real))
    compute(y, target, rows, c)
    restore_denormals(state)


cdef inline void run_tasks(
    Rows compute, const real* y, const real* source, real* target, Py_ssize_t rows, Py_ssize_t c
) noexcept nogil:
    cdef Py_ssize_t size = max(TASK // c, <Py_ssize_t>1)
    cdef Py_ssize_t task, tasks = (rows + size - 1) // size
    cdef Py_ssize_t start
    for task in prange(tasks, schedule="static", num_threads=threads_for(rows * c * OPERATIONS)):
        start = task * size
        run_task(compute, y + start * c, source + start * c, target + start * c, min(size, rows - start), c)


def softmax_forward(const real[:, ::1] x, real[:, ::1] y):
    if x.shape[0] * x.shape[1] > 0:
        with nogil:
            run_tasks(softmax_rows, &x[0, 0], &x[0, 0], &y[0, 0], x.shape[0], x.shape[1])


def softmax_backward(const real[:, ::1] y, const real[:, ::1] d_y, real[:, ::1] d_x):
    if y.shape[0] * y.shape[1] > 0:
        with nogil:
            run_tasks(softmax_gradient_rows, &y[0, 0], &d_y[0, 0], &d_x[0, 0], y.shape[0], y.shape[1])


def log_softmax_forward(const real[:, ::1] x, real[:, ::1] y):
    if x.shape[0] * x.shape[1] > 0:
        with nogil:
            run_tasks(log_softmax_rows, &x[0, 0], &x[0, 0], &y[0, 0], x.shape[0], x.shape[1])


def log_softmax_backward(const real[:, ::1] y, const real[:, ::1] d_y, real[:, ::1] d_x):
    if y.shape[0] * y.shape[1] > 0:
        with nogil:
            run_tasks(log_softmax_gradient_rows, &y[0, 0], &d_y[0, 0], &d_x[0, 0], y.shape[0], y.shape[1])
