# Normally distributed noise.
#
# Design:
# a) x and y are contiguous arrays of one shape, taken as flat; y may be x. Number i is disturbed by number i of a sequence of
#    normally distributed ones (normal.pxd), which follow from random words (threefry.pxd).
# b) Nothing is kept for the backward pass. That of a sum has nothing to do; that of a product is the same function, with the same
#    key, of the gradient.
# c) Threads share blocks of NEAR_BLOCK numbers, which are whole groups of random words. A result depends on the place of a
#    number only, so the division of the work cannot be seen in it.
# d) Drawing the numbers takes longer than reading and writing them, so results need not go around the caches.
cimport numpy
from cython.parallel cimport prange
from libc.stdint cimport uint32_t, uint64_t

from kernels.around cimport NEAR_BLOCK
from kernels.arrays cimport ANY, count_of, numbers_of, results_of
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.normal cimport normal_numbers
from kernels.parallel cimport threads_for
from kernels.real cimport real
from kernels.threefry cimport GROUP_WORDS, random_words

cdef enum:
    OPERATIONS = 16  # for a number

cdef struct Noise:
    uint32_t key_0, key_1
    real stddev
    bint multiplies


cdef inline void disturb_numbers(
    const Noise* noise, const float* normal, const real* x, real* y, Py_ssize_t count
) noexcept nogil:
    cdef real stddev = noise.stddev
    cdef Py_ssize_t i
    if noise.multiplies:
        for i in range(count):
            y[i] = x[i] * (<real>1 + stddev * normal[i])
    else:
        for i in range(count):
            y[i] = x[i] + stddev * normal[i]


cdef inline void disturb_block(const Noise* noise, const real* x, real* y, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef uint32_t[GROUP_WORDS] words
    cdef float[GROUP_WORDS] normal
    while start < end:
        random_words(noise.key_0, noise.key_1, <uint64_t>(start // GROUP_WORDS), words)
        normal_numbers(words, normal)
        if end - start >= GROUP_WORDS:
            disturb_numbers(noise, normal, x + start, y + start, GROUP_WORDS)
        else:
            disturb_numbers(noise, normal, x + start, y + start, end - start)
        start += GROUP_WORDS
    restore_denormals(state)


cdef int disturb(numpy.ndarray x, Noise noise, numpy.ndarray y) except -1:
    cdef const real* source = numbers_of(x, ANY)
    cdef real* target = results_of(y, ANY)
    cdef Py_ssize_t n = count_of(x), start
    for start in prange(0, n, NEAR_BLOCK, nogil=True, schedule="static", num_threads=threads_for(n * OPERATIONS)):
        disturb_block(&noise, source, target, start, min(start + NEAR_BLOCK, n))
    return 0


def add_noise(numpy.ndarray x not None, uint32_t key_0, uint32_t key_1, double stddev, numpy.ndarray y not None):
    """y = x + noise with a mean of 0, decided by the two words of the key"""
    disturb(x, Noise(key_0, key_1, <real>stddev, False), y)


def multiply_by_noise(numpy.ndarray x not None, uint32_t key_0, uint32_t key_1, double stddev, numpy.ndarray y not None):
    """y = x * noise with a mean of 1"""
    disturb(x, Noise(key_0, key_1, <real>stddev, True), y)
