# One step of an optimizer: new weights from old ones and their gradients.
#
# Design:
# a) A call updates all variables: weights w, gradients g and what the optimizer remembers (m, v ...) are lists of arrays.
#    Arrays at one place of the lists are C-contiguous and have as many numbers. An optional list may be None. For a kernel
#    an array is flat, whatever its shape.
# b) The arrays are cut into blocks of BLOCK numbers, which threads share. A new number depends on those at its own place
#    only, so the division of the work cannot be seen in the result.
# c) Each number is read once and written once: a step is limited by memory, not by arithmetic.
# d) The rules and the order of operations are Keras's. Settings come as double and are rounded to the number type once.
# e) GCC makes vectors of the plain loops, and one loop for each answer to "is this array NULL?".
# f) `sum_of_squares` adds up each block alone, and then the blocks in their order.
from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
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


# Blocks ---------------------------------------------------------------------------------------------------------------

cdef struct Block:
    real* w
    const real* g
    real* slots[3]  # NULL where the optimizer does not keep as many
    Py_ssize_t size

cdef struct Work:
    Block* blocks
    Py_ssize_t count, numbers


cdef real* numbers_of(array, int access, Py_ssize_t* count=NULL) except? NULL:
    """The numbers of an array, which lives as long as the list that holds it."""
    cdef Py_buffer buffer
    PyObject_GetBuffer(array, &buffer, access)
    cdef real* numbers = <real*>buffer.buf
    if count != NULL:
        count[0] = buffer.len // sizeof(real)
    PyBuffer_Release(&buffer)
    return numbers


cdef Work cut(list w, list g, tuple slots) except *:
    """All arrays as blocks, in memory that is to be given back."""
    cdef Work work = Work(NULL, 0, 0)
    cdef Py_ssize_t n
    for array in w:
        numbers_of(array, PyBUF_SIMPLE, &n)
        work.numbers += n
        work.count += count_blocks(n)
    work.blocks = <Block*>scratch_take(work.count * sizeof(Block))
    if work.blocks == NULL:
        raise MemoryError()
    try:
        fill(work.blocks, w, g, slots)
    except BaseException:
        scratch_give(work.blocks)
        raise
    return work


cdef int fill(Block* blocks, list w, list g, tuple slots) except -1:
    cdef Block whole
    cdef Py_ssize_t place, slot, part, n
    for place in range(len(w)):
        whole = Block(numbers_of(w[place], PyBUF_WRITABLE, &n), numbers_of(g[place], PyBUF_SIMPLE))
        for slot in range(3):
            whole.slots[slot] = NULL
            if slot < len(slots) and slots[slot] is not None:
                whole.slots[slot] = numbers_of(slots[slot][place], PyBUF_WRITABLE)
        for part in range(count_blocks(n)):
            blocks[0] = part_of(&whole, part * BLOCK, min(<Py_ssize_t>BLOCK, n - part * BLOCK))
            blocks += 1
    return 0


cdef inline Block part_of(const Block* whole, Py_ssize_t start, Py_ssize_t size) noexcept nogil:
    cdef Block block
    cdef Py_ssize_t slot
    block.w, block.g, block.size = whole.w + start, whole.g + start, size
    for slot in range(3):
        block.slots[slot] = NULL if whole.slots[slot] == NULL else whole.slots[slot] + start
    return block


# Stochastic gradient descent ------------------------------------------------------------------------------------------


cdef inline void sgd_block(const Block* block, real rate, real momentum, bint nesterov) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef real* w = block.w
    cdef const real* g = block.g
    cdef real* m = block.slots[0]
    cdef Py_ssize_t i
    for i in range(block.size):
        if m == NULL:
            w[i] -= g[i] * rate
        else:
            m[i] = m[i] * momentum - g[i] * rate
            w[i] += m[i] * momentum - g[i] * rate if nesterov else m[i]
    restore_denormals(state)


def sgd_update(list w, list g, list m, double rate, double momentum, bint nesterov):
    """Updates w, and m unless it is None."""
    cdef Work work = cut(w, g, (m,))
    cdef Py_ssize_t i
    for i in prange(work.count, nogil=True, schedule="static", num_threads=threads_for(work.numbers * OPERATIONS)):
        sgd_block(&work.blocks[i], rate, momentum, nesterov)
    scratch_give(work.blocks)


# RMSprop --------------------------------------------------------------------------------------------------------------


cdef inline void rmsprop_block(
    const Block* block, real rate, real rho, real one_minus_rho, real momentum, real epsilon
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef real* w = block.w
    cdef const real* g = block.g
    cdef real* v = block.slots[0]
    cdef real* m = block.slots[1]
    cdef real* a = block.slots[2]
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
        w[i] -= step
    restore_denormals(state)


def rmsprop_update(
    list w, list g, list v, list m, list a, double rate, double rho, double momentum, double epsilon
):
    """Updates w and the mean square v, and unless they are None, the momentum m and the mean gradient a."""
    cdef Work work = cut(w, g, (v, m, a))
    cdef Py_ssize_t i
    for i in prange(work.count, nogil=True, schedule="static", num_threads=threads_for(work.numbers * OPERATIONS)):
        rmsprop_block(&work.blocks[i], rate, rho, 1 - rho, momentum, epsilon)
    scratch_give(work.blocks)


# Adam -----------------------------------------------------------------------------------------------------------------


cdef inline void adam_block(
    const Block* block, real rate, real one_minus_beta_1, real one_minus_beta_2, real epsilon
) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef real* w = block.w
    cdef const real* g = block.g
    cdef real* m = block.slots[0]
    cdef real* v = block.slots[1]
    cdef real* v_max = block.slots[2]
    cdef real variance
    cdef Py_ssize_t i
    for i in range(block.size):
        m[i] += (g[i] - m[i]) * one_minus_beta_1
        v[i] += (g[i] * g[i] - v[i]) * one_minus_beta_2
        variance = v[i]
        if v_max != NULL:
            # In this order, NaN wins.
            variance = v_max[i] = v_max[i] if v_max[i] > variance else variance
        w[i] -= m[i] * rate / (real_sqrt(variance) + epsilon)
    restore_denormals(state)


def adam_update(
    list w, list g, list m, list v, list v_max, double rate, double beta_1, double beta_2, double epsilon
):
    """Updates w, the mean gradient m, the mean square v, and its maximum v_max unless that is None.

    `rate` has the correction for the first steps in it.
    """
    cdef Work work = cut(w, g, (m, v, v_max))
    cdef Py_ssize_t i
    for i in prange(work.count, nogil=True, schedule="static", num_threads=threads_for(work.numbers * OPERATIONS)):
        adam_block(&work.blocks[i], rate, 1 - beta_1, 1 - beta_2, epsilon)
    scratch_give(work.blocks)


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
