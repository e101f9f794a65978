# How far rows of probabilities are from being certain of one class.
#
# Design:
# a) x and d_x are matrices (rows, c). All else has a number for each row; `classes` says which column is the right one.
# b) Rows need not add up to 1: a probability is divided by the sum of its row. Then it is kept within epsilon of 0 and 1, where
#    it has no gradient.
# c) Nothing is kept for the way back. It reads x again, in the only pass over x and d_x that there is.
# d) Tasks are some rows each, by the shape only: results are the same for any number of threads.
cimport numpy
from cython.parallel cimport prange
from libc.math cimport log

from kernels.arrays cimport numbers_of, results_of
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.real cimport real
from kernels.reductions cimport total

cdef enum:
    TASK = 4096  # numbers

cdef struct Rows:
    const real* x
    const Py_ssize_t* classes
    const real* d_y   # backward only
    real* y_or_d_x
    Py_ssize_t rows, c
    real least, most  # of a probability

ctypedef void (*Compute)(const Rows* job, Py_ssize_t row) noexcept nogil


cdef inline real within(real p, real least, real most) noexcept nogil:
    """NaN stays NaN."""
    return least if p < least else most if p > most else p


cdef void forward_row(const Rows* job, Py_ssize_t row) noexcept nogil:
    cdef const real* x = job.x + row * job.c
    job.y_or_d_x[row] = <real>-log(within(x[job.classes[row]] / total(x, job.c), job.least, job.most))


cdef void backward_row(const Rows* job, Py_ssize_t row) noexcept nogil:
    """Each number of a row is in the sum, and that of the right class is above it."""
    cdef const real* x = job.x + row * job.c
    cdef real* d_x = job.y_or_d_x + row * job.c
    cdef real whole = total(x, job.c)
    cdef real share = x[job.classes[row]] / whole
    cdef real p = within(share, job.least, job.most)
    cdef real slope = job.d_y[row] * (p == share) / (p * whole)
    cdef Py_ssize_t i
    for i in range(job.c):
        d_x[i] = slope * share
    d_x[job.classes[row]] -= slope


cdef inline void run_task(const Rows* job, Compute compute, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t row
    for row in range(first, end):
        compute(job, row)
    restore_denormals(state)


cdef Rows make_job(numpy.ndarray x, const Py_ssize_t[::1] classes, double epsilon) except *:
    cdef Rows job
    job.x, job.rows, job.c = numbers_of(x, 2), x.shape[0], x.shape[1]
    job.classes = &classes[0] if job.rows > 0 else NULL
    job.least, job.most = <real>epsilon, <real>(1 - epsilon)
    return job


cdef void run(const Rows* job, Compute compute) noexcept:
    cdef Py_ssize_t size = max(TASK // max(job.c, <Py_ssize_t>1), <Py_ssize_t>1)
    cdef Py_ssize_t tasks = (job.rows + size - 1) // size, task
    for task in prange(tasks, nogil=True, schedule="static", num_threads=threads_for(job.rows * job.c)):
        run_task(job, compute, task * size, min((task + 1) * size, job.rows))


def crossentropy_forward(
    numpy.ndarray x not None, const Py_ssize_t[::1] classes, double epsilon, numpy.ndarray y not None
):
    """y = -log(the probability of the right class)"""
    cdef Rows job = make_job(x, classes, epsilon)
    job.y_or_d_x = results_of(y, 1)
    run(&job, forward_row)


def crossentropy_backward(
    numpy.ndarray x not None,
    const Py_ssize_t[::1] classes,
    double epsilon,
    numpy.ndarray d_y not None,
    numpy.ndarray d_x not None,
):
    """d_x = the gradient for x"""
    cdef Rows job = make_job(x, classes, epsilon)
    job.d_y, job.y_or_d_x = numbers_of(d_y, 1), results_of(d_x, 2)
    run(&job, backward_row)


def are_classes(const Py_ssize_t[::1] labels, Py_ssize_t c):
    """Whether all labels are from 0 to c - 1"""
    cdef Py_ssize_t i
    for i in range(labels.shape[0]):
        if not 0 <= labels[i] < c:
            return False
    return True
