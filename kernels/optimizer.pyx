# One step of an optimizer: new weights from old ones and their gradients.
#
# Design:
# a) A call updates all variables, block by block (`optimizer_blocks.pxd`).
# b) Each number is read once and written once: a step is limited by memory, not by arithmetic. Weight decay is part of it.
# c) The rules and the order of operations are Keras's. Names are those of papers: weights w, gradients g, their mean m, the
#    mean of their squares v, and letters of its own where a rule keeps something else.
# d) GCC makes vectors of the plain loops, and one loop for each answer to "is this array NULL?". Differences like 1 - beta are
#    settings, or are taken before the loop: in C, `1.0 - x` is double.
# e) Sums of squares are added up block by block, and then the blocks in their order.
cimport numpy
from cython.parallel cimport prange

from kernels.arrays cimport ANY, count_of, is_as_expected, kind_of_real, numbers_of
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.optimizer_blocks cimport BLOCK, Block, count_blocks, update
from kernels.parallel cimport threads_for
from kernels.real cimport real
from kernels.real_math cimport real_abs, real_pow, real_sqrt
from kernels.scratch cimport scratch_give, scratch_take

cdef enum:
    LANES = 64  # sums that are kept side by side, so that they make vectors and need not wait for each other


def are_like(list gradients, list values):
    """Whether gradients and values are contiguous arrays of this number type, and of the same shapes."""
    cdef int kind = kind_of_real()
    cdef Py_ssize_t place
    for place in range(len(values)):
        if not isinstance(gradients[place], numpy.ndarray) or not is_as_expected(gradients[place], kind, ANY):
            return False
        if not is_as_expected(values[place], kind, ANY) or not numpy.PyArray_SAMESHAPE(gradients[place], values[place]):
            return False
    return True


# Steps along the gradient ---------------------------------------------------------------------------------------------


cdef void sgd(const Block* block, const real* settings) noexcept nogil:
    cdef real* w = block.w
    cdef const real* g = block.g
    cdef real* m = block.slots[0]
    cdef real rate = settings[0], momentum = settings[1], decay = block.decay
    cdef bint nesterov = settings[2] != 0
    cdef Py_ssize_t i
    for i in range(block.size):
        if m == NULL:
            w[i] = w[i] * decay - g[i] * rate
        else:
            m[i] = m[i] * momentum - g[i] * rate
            w[i] = w[i] * decay + (m[i] * momentum - g[i] * rate if nesterov else m[i])


def sgd_update(list w, list g, list m, double rate, double momentum, bint nesterov, list decay=None):
    """Updates w, and m unless it is None."""
    update(sgd, w, g, (m,), (rate, momentum, nesterov), decay)


cdef void lion(const Block* block, const real* settings) noexcept nogil:
    cdef real* w = block.w
    cdef const real* g = block.g
    cdef real* m = block.slots[0]
    cdef real rate = settings[0], beta_1 = settings[1], one_minus_beta_1 = settings[2]
    cdef real beta_2 = settings[3], one_minus_beta_2 = settings[4], decay = block.decay, mean, sign
    cdef Py_ssize_t i
    for i in range(block.size):
        mean = m[i] * beta_1 + g[i] * one_minus_beta_1
        # 0 and NaN are their own signs.
        sign = 1 if mean > 0 else mean
        sign = -1 if mean < 0 else sign
        w[i] = w[i] * decay - rate * sign
        m[i] = m[i] * beta_2 + g[i] * one_minus_beta_2


def lion_update(list w, list g, list m, double rate, double beta_1, double beta_2, list decay=None):
    """Updates w and the mean gradient m."""
    update(lion, w, g, (m,), (rate, beta_1, 1 - beta_1, beta_2, 1 - beta_2), decay)


# Steps divided by sums of squares -------------------------------------------------------------------------------------


cdef void rmsprop(const Block* block, const real* settings) noexcept nogil:
    cdef real* w = block.w
    cdef const real* g = block.g
    cdef real* v = block.slots[0]
    cdef real* m = block.slots[1]
    cdef real* a = block.slots[2]
    cdef real rate = settings[0], rho = settings[1], one_minus_rho = settings[2], momentum = settings[3]
    cdef real epsilon = settings[4], decay = block.decay
    cdef real variance, step
    cdef Py_ssize_t i
    for i in range(block.size):
        variance = v[i] = rho * v[i] + one_minus_rho * (g[i] * g[i])
        if a != NULL:
            a[i] = rho * a[i] + one_minus_rho * g[i]
            variance = variance - a[i] * a[i]
        step = rate * g[i] / real_sqrt(variance + epsilon)
        if m != NULL:
            step = m[i] = momentum * m[i] + step
        w[i] = w[i] * decay - step


def rmsprop_update(
    list w, list g, list v, list m, list a, double rate, double rho, double momentum, double epsilon, list decay=None
):
    """Updates w and the mean square v, and unless they are None, the momentum m and the mean gradient a."""
    update(rmsprop, w, g, (v, m, a), (rate, rho, 1 - rho, momentum, epsilon), decay)


cdef void adagrad(const Block* block, const real* settings) noexcept nogil:
    cdef real* w = block.w
    cdef const real* g = block.g
    cdef real* s = block.slots[0]
    cdef real rate = settings[0], epsilon = settings[1], decay = block.decay
    cdef Py_ssize_t i
    for i in range(block.size):
        s[i] += g[i] * g[i]
        w[i] = w[i] * decay - rate * g[i] / real_sqrt(s[i] + epsilon)


def adagrad_update(list w, list g, list s, double rate, double epsilon, list decay=None):
    """Updates w and the sum of squares s."""
    update(adagrad, w, g, (s,), (rate, epsilon), decay)


cdef void adadelta(const Block* block, const real* settings) noexcept nogil:
    cdef real* w = block.w
    cdef const real* g = block.g
    cdef real* v = block.slots[0]
    cdef real* d = block.slots[1]
    cdef real rate = settings[0], rho = settings[1], one_minus_rho = settings[2], epsilon = settings[3]
    cdef real decay = block.decay, step
    cdef Py_ssize_t i
    for i in range(block.size):
        v[i] = rho * v[i] + one_minus_rho * (g[i] * g[i])
        step = real_sqrt(d[i] + epsilon) * g[i] / real_sqrt(v[i] + epsilon)
        d[i] = rho * d[i] + one_minus_rho * (step * step)
        w[i] = w[i] * decay - rate * step


def adadelta_update(list w, list g, list v, list d, double rate, double rho, double epsilon, list decay=None):
    """Updates w, the mean square v of gradients, and the mean square d of steps."""
    update(adadelta, w, g, (v, d), (rate, rho, 1 - rho, epsilon), decay)


cdef inline real power_of(real x, real power, bint is_root) noexcept nogil:
    return real_sqrt(x) if is_root else real_pow(x, power)


cdef inline void ftrl_with(const Block* block, const real* settings, bint is_root) noexcept nogil:
    cdef real* w = block.w
    cdef const real* g = block.g
    cdef real* s = block.slots[0]
    cdef real* z = block.slots[1]
    cdef real inverse_rate = 1 / settings[0], power = settings[1], l1 = settings[2], twice_l2 = settings[3]
    cdef real twice_shrinkage = settings[4], weight, total, scale, cut_off
    cdef Py_ssize_t i
    for i in range(block.size):
        weight = w[i] * block.decay
        total = s[i] + g[i] * g[i]
        scale = power_of(total, power, is_root)
        z[i] += g[i] + twice_shrinkage * weight - (scale - power_of(s[i], power, is_root)) * inverse_rate * weight
        s[i] = total
        cut_off = l1 if z[i] > l1 else z[i]
        cut_off = -l1 if z[i] < -l1 else cut_off
        w[i] = (cut_off - z[i]) / (scale * inverse_rate + twice_l2)


cdef void ftrl(const Block* block, const real* settings) noexcept nogil:
    # As two functions: a loop that may call `pow` is no loop of vectors.
    if settings[1] == 0.5:
        ftrl_with(block, settings, True)
    else:
        ftrl_with(block, settings, False)


def ftrl_update(
    list w, list g, list s, list z, double rate, double power, double l1, double l2, double shrinkage, list decay=None
):
    """Updates w, the sum of squares s, and the linear term z."""
    update(ftrl, w, g, (s, z), (rate, power, l1, 2 * l2, 2 * shrinkage), decay)


# Adam and its relatives -----------------------------------------------------------------------------------------------


cdef void adam(const Block* block, const real* settings) noexcept nogil:
    cdef real* w = block.w
    cdef const real* g = block.g
    cdef real* m = block.slots[0]
    cdef real* v = block.slots[1]
    cdef real* v_max = block.slots[2]
    cdef real rate = settings[0], one_minus_beta_1 = settings[1], one_minus_beta_2 = settings[2], epsilon = settings[3]
    cdef real decay = block.decay, variance
    cdef Py_ssize_t i
    for i in range(block.size):
        m[i] += (g[i] - m[i]) * one_minus_beta_1
        v[i] += (g[i] * g[i] - v[i]) * one_minus_beta_2
        variance = v[i]
        if v_max != NULL:
            # In this order, NaN wins.
            variance = v_max[i] = v_max[i] if v_max[i] > variance else variance
        w[i] = w[i] * decay - m[i] * rate / (real_sqrt(variance) + epsilon)


def adam_update(
    list w, list g, list m, list v, list v_max, double rate, double beta_1, double beta_2, double epsilon, list decay=None
):
    """Updates w, the mean gradient m, the mean square v, and its maximum v_max unless that is None.

    `rate` has the correction for the first steps in it.
    """
    update(adam, w, g, (m, v, v_max), (rate, 1 - beta_1, 1 - beta_2, epsilon), decay)


def bias_corrected_rate(double learning_rate, double iterations, double beta_1, double beta_2):
    """Returns the learning rate, with the correction for averages that began at 0."""
    # In the variables' number type: in the first steps the rounding of 1 - beta_2 ** step shows in the weights.
    cdef real one = 1, step = <real>(iterations + 1)
    return <real>learning_rate * real_sqrt(one - real_pow(<real>beta_2, step)) / (one - real_pow(<real>beta_1, step))


cdef void adamax(const Block* block, const real* settings) noexcept nogil:
    cdef real* w = block.w
    cdef const real* g = block.g
    cdef real* m = block.slots[0]
    cdef real* u = block.slots[1]
    cdef real rate = settings[0], one_minus_beta_1 = settings[1], beta_2 = settings[2], epsilon = settings[3]
    cdef real decay = block.decay, size, norm
    cdef Py_ssize_t i
    for i in range(block.size):
        m[i] += (g[i] - m[i]) * one_minus_beta_1
        size, norm = real_abs(g[i]), beta_2 * u[i]
        # NaN wins, on either side.
        size = norm if norm > size else size
        size = norm if norm != norm else size
        u[i] = size
        w[i] = w[i] * decay - rate * m[i] / (size + epsilon)


def adamax_update(
    list w, list g, list m, list u, double rate, double beta_1, double beta_2, double epsilon, list decay=None
):
    """Updates w, the mean gradient m, and the largest gradient u. `rate` has the correction for the first steps in it."""
    update(adamax, w, g, (m, u), (rate, 1 - beta_1, beta_2, epsilon), decay)


cdef void nadam(const Block* block, const real* settings) noexcept nogil:
    cdef real* w = block.w
    cdef const real* g = block.g
    cdef real* m = block.slots[0]
    cdef real* v = block.slots[1]
    cdef real m_rate = settings[0], g_rate = settings[1], one_minus_beta_1 = settings[2], one_minus_beta_2 = settings[3]
    cdef real correction = 1 / settings[4], epsilon = settings[5], decay = block.decay
    cdef Py_ssize_t i
    for i in range(block.size):
        m[i] += (g[i] - m[i]) * one_minus_beta_1
        v[i] += (g[i] * g[i] - v[i]) * one_minus_beta_2
        w[i] = w[i] * decay - (m_rate * m[i] + g_rate * g[i]) / (real_sqrt(v[i] * correction) + epsilon)


def nadam_update(
    list w,
    list g,
    list m,
    list v,
    double m_rate,
    double g_rate,
    double beta_1,
    double beta_2,
    double correction,
    double epsilon,
    list decay=None,
):
    """Updates w, the mean gradient m, and the mean square v. A step goes along m and g, at a rate for each."""
    update(nadam, w, g, (m, v), (m_rate, g_rate, 1 - beta_1, 1 - beta_2, correction, epsilon), decay)


cdef void schedule_free(const Block* block, const real* settings) noexcept nogil:
    cdef real* w = block.w
    cdef const real* g = block.g
    cdef real* z = block.slots[0]
    cdef real* v = block.slots[1]
    cdef real rate = settings[0], beta_1 = settings[1], one_minus_beta_1 = settings[2], one_minus_beta_2 = settings[3]
    cdef real correction = 1 / settings[4], epsilon = settings[5], share = settings[6]
    cdef real inverse = 1 / settings[1], decay = block.decay, average
    cdef Py_ssize_t i
    for i in range(block.size):
        v[i] += (g[i] * g[i] - v[i]) * one_minus_beta_2
        average = (w[i] * decay - one_minus_beta_1 * z[i]) * inverse
        z[i] -= rate * g[i] / (real_sqrt(v[i] * correction) + epsilon)
        average += share * (z[i] - average)
        w[i] = one_minus_beta_1 * z[i] + beta_1 * average


def schedule_free_update(
    list w,
    list g,
    list z,
    list v,
    double rate,
    double beta_1,
    double beta_2,
    double correction,
    double epsilon,
    double share,
    list decay=None,
):
    """Updates w, the weights z that steps are added to, and the mean square v.

    w lies between z and the average of all z so far, which is found from both, and to which z adds its share.
    """
    update(schedule_free, w, g, (z, v), (rate, beta_1, 1 - beta_1, 1 - beta_2, correction, epsilon, share), decay)


cdef void lamb(const Block* block, const real* settings) noexcept nogil:
    cdef real* step = block.w
    cdef const real* g = block.g
    cdef real* m = block.slots[0]
    cdef real* v = block.slots[1]
    cdef real one_minus_beta_1 = settings[0], one_minus_beta_2 = settings[1]
    cdef real m_correction = 1 / settings[2], v_correction = 1 / settings[3], epsilon = settings[4]
    cdef Py_ssize_t i
    for i in range(block.size):
        m[i] += (g[i] - m[i]) * one_minus_beta_1
        v[i] += (g[i] * g[i] - v[i]) * one_minus_beta_2
        step[i] = m[i] * m_correction / (real_sqrt(v[i] * v_correction) + epsilon)


def lamb_direction(
    list step,
    list g,
    list m,
    list v,
    double beta_1,
    double beta_2,
    double m_correction,
    double v_correction,
    double epsilon,
):
    """Updates the mean gradient m and the mean square v, and writes where a step goes. How far, follows from its norm."""
    update(lamb, step, g, (m, v), (1 - beta_1, 1 - beta_2, m_correction, v_correction, epsilon), None)


# Averages and norms ---------------------------------------------------------------------------------------------------


cdef void average(const Block* block, const real* settings) noexcept nogil:
    cdef real* mean = block.w
    cdef const real* w = block.g
    cdef real momentum = settings[0], one_minus_momentum = settings[1]
    cdef Py_ssize_t i
    for i in range(block.size):
        mean[i] = momentum * mean[i] + one_minus_momentum * w[i]


def average_update(list mean, list w, double momentum):
    """Moves means towards w."""
    cdef real rounded = momentum  # before it is subtracted from 1, as in Keras
    update(average, mean, w, (), (rounded, 1 - rounded), None)


cdef double sum_of_squares_block(const real* x, Py_ssize_t size) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef real lanes[LANES]
    cdef double total = 0
    cdef Py_ssize_t i, lane, start = 0
    for lane in range(LANES):
        lanes[lane] = 0
    while start + LANES <= size:
        for lane in range(LANES):
            lanes[lane] += x[start + lane] * x[start + lane]
        start += LANES
    for i in range(start, size):
        total += x[i] * x[i]
    for lane in range(LANES):
        total += lanes[lane]
    restore_denormals(state)
    return total


def sum_of_squares(numpy.ndarray x not None):
    """Returns the sum of the squares of all numbers of an array, as a double."""
    cdef Py_ssize_t n = count_of(x), block
    cdef const real* first = numbers_of(x, ANY)
    cdef double total = 0
    cdef double* sums = <double*>scratch_take(count_blocks(n) * sizeof(double))
    if sums == NULL:
        raise MemoryError()
    for block in prange(count_blocks(n), nogil=True, schedule="static", num_threads=threads_for(n * 2)):
        sums[block] = sum_of_squares_block(first + block * BLOCK, min(<Py_ssize_t>BLOCK, n - block * BLOCK))
    for block in range(count_blocks(n)):
        total += sums[block]
    scratch_give(sums)
    return total
