# Random numbers between two, all equally likely.
#
# Design:
# a) Number i of y, a contiguous array taken as flat, follows from word i of a random sequence (threefry.pxd): from 24 bits of it,
#    which a float has, so that both number types get the same numbers.
# b) One thread: there are a few numbers, one or two for each image. A generator of NumPy, made for them, would take longer than
#    what is done to a small image.
cimport numpy
from libc.stdint cimport uint32_t, uint64_t

from kernels.arrays cimport ANY, count_of, results_of
from kernels.real cimport real
from kernels.threefry cimport GROUP_WORDS, random_words


cdef inline void scale_words(const uint32_t* words, real low, real step, real* y, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        y[i] = low + step * <real><int>(words[i] >> 8)


def uniform(uint32_t key_0, uint32_t key_1, double low, double high, numpy.ndarray y not None):
    """y = numbers from `low` on and below `high`, decided by the two words of the key"""
    cdef real* target = results_of(y, ANY)
    cdef real step = <real>((high - low) * 2.0**-24)
    cdef Py_ssize_t n = count_of(y), start
    cdef uint32_t[GROUP_WORDS] words
    for start in range(0, n, GROUP_WORDS):
        random_words(key_0, key_1, <uint64_t>(start // GROUP_WORDS), words)
        scale_words(words, <real>low, step, target + start, min(<Py_ssize_t>GROUP_WORDS, n - start))
