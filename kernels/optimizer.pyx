# One step of an optimizer: new weights from old ones and their gradients.
#
# Design:
# a) Weights w, gradients g and what the optimizer remembers (m, v ...) are flat arrays of one length. Each number is
#    read once and written once: a step is limited by memory, not by arithmetic. An optional array is None, here NULL.
# b) The rules and the order of operations are Keras's. Settings come as double and are rounded to the number type once.
# c) Threads share blocks of BLOCK numbers. A new number depends on those at its own place only, so the division of the
#    work cannot be seen in the result. `sum_of_squares` adds up each block alone, and then the blocks in their order.
# d) GCC makes vectors of the plain loops, and one loop for each answer to "is this array NULL?".
from cython.parallel cimport prange

from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.real cimport real
from kernels.scratch cimport scratch_give, scratch_take

cdef extern from *:
    """
    #include <math.h>
    #ifdef CONVLAYERS_FLOAT64
    #define real_sqrt sqrt
    #else
    #define real_sqrt sqrtf
    #endif
    """
    real real_sqrt(real x) noexcept nogil

cdef enum:
    BLOCK = 4096
    LANES = 64  # sums that are kept side by side, so that they make vectors and need not wait for each other
    OPERATIONS = 4  # per number: few, since a step waits for memory


cdef inline Py_ssize_t count_blocks(Py_ssize_t n) noexcept nogil:
    return (n + BLOCK - 1) // BLOCK


cdef inline real* data_of(real[::1] x) noexcept nogil:
    return NULL if x is None else &x[0]


# Stochastic gradient descent ------------------------------------------------------------------------------------------


cdef inline void sgd_block(
    real* w, const real* g, real* m, Py_ssize_t start, Py_ssize_t stop, real rate, real momentum, bint nesterov
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef Py_ssize_t i
    for i in range(start, stop):
        if m == NULL:
            w[i] -= g[i] * rate
        else:
            m[i] = m[i] * momentum - g[i] * rate
            w[i] += m[i] * momentum - g[i] * rate if nesterov else m[i]
    restore_denormals(state)


def sgd_update(real[::1] w, const real[::1] g, real[::1] m, double rate, double momentum, bint nesterov):
    """Updates w, and m unless it is None."""
    cdef Py_ssize_t n = w.shape[0], block
    cdef real* m_data = data_of(m)
    for block in prange(count_blocks(n), nogil=True, schedule="static", num_threads=threads_for(n * OPERATIONS)):
        sgd_block(&w[0], &g[0], m_data, block * BLOCK, min(n, (block + 1) * BLOCK), rate, momentum, nesterov)


# RMSprop --------------------------------------------------------------------------------------------------------------


cdef inline void rmsprop_block(
    real* w,
    const real* g,
    real* v,
    real* m,
    real* a,
    Py_ssize_t start,
    Py_ssize_t stop,
    real rate,
    real rho,
    real one_minus_rho,
    real momentum,
    real epsilon,
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef real variance, step
    cdef Py_ssize_t i
    for i in range(start, stop):
        variance = v[i] = rho * v[i] + one_minus_rho * (g[i] * g[i])
        if a != NULL:
            a[i] = rho * a[i] + one_minus_rho * g[i]
            variance = variance - a[i] * a[i]
        step = rate * g[i] / real_sqrt(variance + epsilon)
        if m != NULL:
            step = m[i] = momentum * m[i] + step
        w[i] -= step
    restore_denormals(state)


def rmsprop_update(
    real[::1] w,
    const real[::1] g,
    real[::1] v,
    real[::1] m,
    real[::1] a,
    double rate,
    double rho,
    double momentum,
    double epsilon,
):
    """Updates w and the mean square v, and unless they are None, the momentum m and the mean gradient a."""
    cdef Py_ssize_t n = w.shape[0], block
    cdef real* m_data = data_of(m)
    cdef real* a_data = data_of(a)
    for block in prange(count_blocks(n), nogil=True, schedule="static", num_threads=threads_for(n * OPERATIONS)):
        rmsprop_block(
            &w[0],
            &g[0],
            &v[0],
            m_data,
            a_data,
            block * BLOCK,
            min(n, (block + 1) * BLOCK),
            rate,
            rho,
            1 - rho,
            momentum,
            epsilon,
        )


# Adam -----------------------------------------------------------------------------------------------------------------


cdef inline void adam_block(
    real* w,
    const real* g,
    real* m,
    real* v,
    real* v_max,
    Py_ssize_t start,
    Py_ssize_t stop,
    real rate,
    real one_minus_beta_1,
    real one_minus_beta_2,
    real epsilon,
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef real variance
    cdef Py_ssize_t i
    for i in range(start, stop):
        m[i] += (g[i] - m[i]) * one_minus_beta_1
        v[i] += (g[i] * g[i] - v[i]) * one_minus_beta_2
        variance = v[i]
        if v_max != NULL:
            # In this order, NaN wins.
            variance = v_max[i] = v_max[i] if v_max[i] > variance else variance
        w[i] -= m[i] * rate / (real_sqrt(variance) + epsilon)
    restore_denormals(state)


def adam_update(
    real[::1] w,
    const real[::1] g,
    real[::1] m,
    real[::1] v,
    real[::1] v_max,
    double rate,
    double beta_1,
    double beta_2,
    double epsilon,
):
    """Updates w, the mean gradient m, the mean square v, and its maximum v_max unless that is None.

    `rate` has the correction for the first steps in it.
    """
    cdef Py_ssize_t n = w.shape[0], block
    cdef real* v_max_data = data_of(v_max)
    for block in prange(count_blocks(n), nogil=True, schedule="static", num_threads=threads_for(n * OPERATIONS)):
        adam_block(
            &w[0],
            &g[0],
            &m[0],
            &v[0],
            v_max_data,
            block * BLOCK,
            min(n, (block + 1) * BLOCK),
            rate,
            1 - beta_1,
            1 - beta_2,
            epsilon,
        )


# Norm -----------------------------------------------------------------------------------------------------------------


cdef inline double sum_of_squares_block(const real* x, Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef real lanes[LANES]
    cdef double total = 0
    cdef Py_ssize_t i, lane
    for lane in range(LANES):
        lanes[lane] = 0
    while start + LANES <= stop:
        for lane in range(LANES):
            lanes[lane] += x[start + lane] * x[start + lane]
        start += LANES
    for i in range(start, stop):
        total += x[i] * x[i]
    for lane in range(LANES):
        total += lanes[lane]
    restore_denormals(state)
    return total


def sum_of_squares(const real[::1] x):
    """Returns the sum of the squares of all numbers, as a double."""
    cdef Py_ssize_t n = x.shape[0], block
    cdef double total = 0
    cdef double* sums = <double*>scratch_take(count_blocks(n) * sizeof(double))
    if sums == NULL:
        raise MemoryError()
    for block in prange(count_blocks(n), nogil=True, schedule="static", num_threads=threads_for(n * 2)):
        sums[block] = sum_of_squares_block(&x[0], block * BLOCK, min(n, (block + 1) * BLOCK))
    for block in range(count_blocks(n)):
        total += sums[block]
    scratch_give(sums)
    return total
