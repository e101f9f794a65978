# Results stored around the caches.
#
# Design:
# a) A line of the cache that is written to is read from memory before. Lines that are stored whole, around the caches, are not:
#    a copy then moves two numbers for each one, not three. But whoever reads the result next finds it in no cache.
# b) So results go around the caches where they would have left them anyway: where all arrays that a loop goes through are more
#    than half of the last-level cache, for several threads more than all of it. (Measured for chains of copies, each the source
#    of the next: from there on that is quicker for all of them together, 1.1 to 2 times. Two threads write 1.4 to 2.2 times as
#    fast to the cache as to memory, which one thread fills.) Results that take the place of a source stay: their lines have been
#    read.
# c) A kernel computes a block of at most BLOCK results in memory of its own, which stays in L1, and `carry_around` takes it to
#    its place. So one loop serves both ways, and reading goes on while the block leaves: that is as quick as stores in the loop.
#    It goes on while stores find room to wait in. CPUs have 64 places or more: half of them for the vectors of a block, half for
#    those of the next. (With blocks of 64 vectors, normalization took 1.3 to 1.9 times as long.)
# d) A thread ends its stores once (`end_stores_around`). It waits for all of them: after each block, nothing would be gained.
from libc.stdint cimport uintptr_t

from convlayers._native.runtime cimport overflow_cache
from kernels.copy cimport copy
from kernels.prefetch cimport AROUND, store_around
from kernels.real cimport VL, real, vec

cdef extern from *:
    """
    #define BLOCK (32 * VL)
    """
    enum:
        BLOCK  # numbers

cdef enum:
    NEAR_BLOCK = 1024  # numbers, where results stay in the caches: fewer took 1.05 to 1.2 times as long


cdef inline bint go_around(double numbers) noexcept nogil:
    """Whether results go around the caches, where a loop reads and writes so many numbers."""
    return AROUND and overflow_cache(numbers * sizeof(real))


cdef inline void carry_around(const real* block, real* results, Py_ssize_t count) noexcept nogil:
    """Copies results around the caches; `end_stores_around` comes last. At the ends, what fills no vector is stored as usual."""
    cdef Py_ssize_t i = min(count, <Py_ssize_t>(-<uintptr_t>results % sizeof(vec) // sizeof(real)))
    copy(block, results, i)
    while i + VL <= count:
        store_around(results + i, (<const vec*>(block + i))[0])
        i += VL
    copy(block + i, results + i, count - i)
