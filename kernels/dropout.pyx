# Numbers set to zero at random.
#
# Design:
# a) x and y are contiguous arrays of one shape, taken as flat; y may be x. Number i is kept if word i of a random sequence
#    (threefry.pxd) is not below the threshold, which is the rate times 2^32.
# b) Nothing is kept for the backward pass: it is the same function, with the same key, of the gradient.
# c) Threads share blocks of NEAR_BLOCK numbers, which are whole groups of random words. A result depends on the place of a
#    number only, so the division of the work cannot be seen in it.
# d) Where whole channels are dropped, one factor is drawn for each channel of each sample, and what is left is a
#    multiplication (merge.pyx). That goes around the caches; with random numbers to draw for each number, it would be no quicker.
cimport numpy
from cython.parallel cimport prange
from libc.stdint cimport uint32_t, uint64_t

from kernels.around cimport NEAR_BLOCK
from kernels.arrays cimport ANY, count_of, numbers_of, results_of
from kernels.fpu cimport flush_denormals, restore_denormals
from kernels.parallel cimport threads_for
from kernels.real cimport real
from kernels.threefry cimport GROUP_WORDS, random_words

cdef enum:
    OPERATIONS = 8  # for a number

cdef struct Drawing:
    uint32_t key_0, key_1
    uint32_t threshold
    real scale


cdef inline void drop_numbers(
    const Drawing* drawing, const uint32_t* words, const real* x, real* y, Py_ssize_t count
) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        y[i] = x[i] * (drawing.scale if words[i] >= drawing.threshold else <real>0)


cdef inline void drop_block(const Drawing* drawing, const real* x, real* y, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    cdef unsigned long long state = flush_denormals()
    cdef uint32_t[GROUP_WORDS] words
    cdef Drawing local = drawing[0]
    while start < end:
        random_words(local.key_0, local.key_1, <uint64_t>(start // GROUP_WORDS), words)
        if end - start >= GROUP_WORDS:
            drop_numbers(&local, words, x + start, y + start, GROUP_WORDS)
        else:
            drop_numbers(&local, words, x + start, y + start, end - start)
        start += GROUP_WORDS
    restore_denormals(state)


def dropout(numpy.ndarray x not None, uint32_t key_0, uint32_t key_1, double rate, numpy.ndarray y not None):
    """y = x / (1 - rate), or 0 with a probability of `rate`, decided by the two words of the key"""
    cdef const real* source = numbers_of(x, ANY)
    cdef real* target = results_of(y, ANY)
    cdef Py_ssize_t n = count_of(x), start
    cdef Drawing drawing = Drawing(key_0, key_1, <uint32_t>min(rate * 4294967296.0, 4294967295.0), 0)
    if rate < 1:
        drawing.scale = <real>(1 / (1 - rate))
    for start in prange(0, n, NEAR_BLOCK, nogil=True, schedule="static", num_threads=threads_for(n * OPERATIONS)):
        drop_block(&drawing, source, target, start, min(start + NEAR_BLOCK, n))
