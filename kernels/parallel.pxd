# How many threads to use for a piece of work: prange(..., num_threads=threads_for(work)).
#
# It is all threads or one, nothing between: GNU OpenMP ends the threads that a smaller team leaves idle, and starting them
# again costs more than they save. (A team of one leaves them alone.)
from convlayers._native.runtime cimport threads_now

cdef enum:
    SMALL_WORK = 400_000  # takes 40 microseconds or more, some times as long as waking the threads


cdef inline int threads_for(double work) noexcept nogil:
    """The number of threads for `work` elementary operations, on numbers or on vectors of them."""
    return 1 if work < SMALL_WORK else threads_now()
