# How many threads to use for a piece of work: prange(..., num_threads=threads_for(work)).
#
# It is all threads or one, nothing between: GNU OpenMP ends the threads that a smaller team leaves idle, and starting them
# again costs more than they save. (A team of one leaves them alone.)
#
# GNU OpenMP makes a team also of one thread, with system calls at its barriers: a microsecond for each loop, as long as small
# arrays take. So one thread calls what the compiler has made of the loop as the plain function that it is. That asks which part of
# the loop is its own, and so must not be called by a thread of a team, which has only a part. The linker gives kernels this
# function in place of OpenMP's (setup.py).
from convlayers._native.runtime cimport threads_now

cdef extern from *:
    """
    #if defined(_OPENMP) && defined(__linux__) && !defined(__clang__)
    #include <omp.h>
    void __real_GOMP_parallel(void (*loop)(void *), void *data, unsigned threads, unsigned flags);
    __attribute__((visibility("hidden")))
    void __wrap_GOMP_parallel(void (*loop)(void *), void *data, unsigned threads, unsigned flags) {
        if (threads == 1 && omp_get_num_threads() == 1)
            loop(data);
        else
            __real_GOMP_parallel(loop, data, threads, flags);
    }
    #endif
    """

cdef enum:
    SMALL_WORK = 150_000  # takes 15 microseconds or more, some times as long as threads that wait for work take to begin


cdef inline int threads_for(double work) noexcept nogil:
    """The number of threads for `work` elementary operations, on numbers or on vectors of them."""
    return 1 if work < SMALL_WORK else threads_now()
