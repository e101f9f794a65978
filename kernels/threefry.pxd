# Random numbers that follow from a key and a counter: Threefry4x32-20 of Salmon, Moraes, Dror and Shaw, "Parallel random
# numbers: as easy as 1, 2, 3" (SC 2011).
#
# Design:
# a) Twenty rounds of addition, rotation and exclusive or turn a counter of four words into four random words of 32 bits,
#    with the key added every four rounds. There is no state: any part of a sequence can be computed at any time, by any
#    thread, and again in a backward pass.
# b) COUNTERS counters in a row are turned at once, which are vectors to GCC. Their first words come first in a group of
#    GROUP_WORDS words, then their second words, and so on. That does not depend on the instruction set.
# c) Of its four words, the key uses two, and so does the counter. The others are 0.
from libc.stdint cimport uint32_t, uint64_t

cdef enum:
    COUNTERS = 16
    GROUP_WORDS = 64
    PARITY = 0x1BD11BDA  # the constant of the paper


cdef inline uint32_t rotated(uint32_t x, int bits) noexcept nogil:
    return (x << bits) | (x >> (32 - bits))


cdef inline void mix(uint32_t* a, uint32_t* b, int bits) noexcept nogil:
    a[0] += b[0]
    b[0] = rotated(b[0], bits) ^ a[0]


cdef inline void four_rounds(uint32_t* x, bint first_half) noexcept nogil:
    """Four rounds, with the first or the second half of the table of rotations"""
    mix(&x[0], &x[1], 10 if first_half else 6)
    mix(&x[2], &x[3], 26 if first_half else 20)
    mix(&x[0], &x[3], 11 if first_half else 17)
    mix(&x[2], &x[1], 21 if first_half else 11)
    mix(&x[0], &x[1], 13 if first_half else 25)
    mix(&x[2], &x[3], 27 if first_half else 10)
    mix(&x[0], &x[3], 23 if first_half else 18)
    mix(&x[2], &x[1], 5 if first_half else 20)


cdef inline void random_words(uint32_t key_0, uint32_t key_1, uint64_t group, uint32_t* words) noexcept nogil:
    """words = the GROUP_WORDS random words of a group: of the counters from COUNTERS * group on"""
    cdef uint32_t[5] key
    cdef uint32_t[4] x
    cdef uint64_t counter
    cdef int lane, word, injection
    key[0], key[1], key[2], key[3], key[4] = key_0, key_1, 0, 0, <uint32_t>PARITY ^ key_0 ^ key_1
    for lane in range(COUNTERS):
        counter = group * COUNTERS + lane
        x[0], x[1] = <uint32_t>counter + key[0], <uint32_t>(counter >> 32) + key[1]
        x[2], x[3] = key[2], key[3]
        for injection in range(1, 6):
            four_rounds(x, injection % 2)
            for word in range(4):
                x[word] += key[(injection + word) % 5]
            x[3] += injection
        for word in range(4):
            words[word * COUNTERS + lane] = x[word]
