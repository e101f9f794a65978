# Normally distributed numbers of random words: Box and Muller, "A note on the generation of random normal deviates" (1958).
#
# Design:
# a) Two words make two numbers: radius * cos(angle) and radius * sin(angle), with radius^2 = -2 log(u), u and the angle evenly
#    distributed. They are as independent as the words. Word i of the first half of a group goes with word i of the second.
# b) No branches and no tables, so that GCC makes vectors of the loop. Methods that throw numbers away (Marsaglia's) would have to
#    ask each one, and number i would no longer follow from the words of its place.
# c) All is float, also for double results: 32 bits of a word say no more. So both number types get the same numbers.
# d) u = (k + 1/2) / 2^31 with the upper 31 bits of a word: it is never 0, and numbers reach 6.6 standard deviations. One of 10^10
#    would lie beyond.
# e) The second word has a sign and an angle within half a turn around 0. The two polynomials are minimax fits (Lawson's method)
#    in t^2, |t| <= 1/2, with errors of 5e-9 and 3e-10.
from libc.math cimport sqrtf
from libc.stdint cimport uint32_t

from kernels.exponential cimport float_logarithm
from kernels.threefry cimport GROUP_WORDS

cdef enum:
    HALF_A_GROUP = GROUP_WORDS // 2


cdef inline float cosine_of_pi_times(float t) noexcept nogil:
    """cos(pi t) for |t| <= 1/2"""
    cdef float square = t * t
    cdef float p = <float>-2.442069997e-2
    p = p * square + <float>2.349539257e-1
    p = p * square + <float>-1.335216105
    p = p * square + <float>4.058709600
    p = p * square + <float>-4.934802156
    return p * square + <float>1


cdef inline float sine_of_pi_times(float t) noexcept nogil:
    """sin(pi t) for |t| <= 1/2"""
    cdef float square = t * t
    cdef float p = <float>7.756038697e-2
    p = p * square + <float>-5.982421264e-1
    p = p * square + <float>2.550069726
    p = p * square + <float>-5.167709685
    p = p * square + <float>3.141592637
    return p * t


cdef inline void normal_numbers(const uint32_t* words, float* numbers) noexcept nogil:
    """numbers = one for each of the GROUP_WORDS words, with a mean of 0 and a standard deviation of 1"""
    cdef float scale = 2.0**-31, of_32_bits = 2.0**-32
    cdef float u, radius, t
    cdef int i
    for i in range(HALF_A_GROUP):
        u = (<float><int>(words[i] >> 1) + <float>0.5) * scale
        radius = sqrtf(<float>-2 * float_logarithm(u))
        radius = -radius if <int>words[HALF_A_GROUP + i] < 0 else radius
        t = <float><int>(words[HALF_A_GROUP + i] << 1) * of_32_bits
        numbers[i] = radius * cosine_of_pi_times(t)
        numbers[HALF_A_GROUP + i] = radius * sine_of_pi_times(t)
