# What all kernels share while they run: the number of threads that they may use, what is known of the caches, and scratch memory.
#
# Design:
# a) Built once, for the least CPU. Every kernel module reaches the one copy of this state through kernels/parallel.pxd and
#    kernels/scratch.pxd, kernels/around.pxd.
# b) The number of threads is read at each call, so OMP_NUM_THREADS, omp_set_num_threads and threadpoolctl work. thread_cap is
#    set by convlayers._native at import. A child of fork() gets 1: GNU OpenMP hangs there, since its threads exist only in
#    the parent.
# c) Scratch memory goes back to a pool, not to the system: fresh pages cost as much as the arithmetic done in them. Sizes are
#    rounded up to a power of two, and each power has its own row of slots, so a buffer from a row always fits. (Rounding up
#    costs addresses, not memory: pages never touched do not exist.)
# d) A slot is emptied and filled by one atomic exchange each. A thread starts its search at slots of its own, so it gets back
#    the buffer that lies in its cache. With no slot left, or for sizes past the last row, it is plain malloc and free.
# e) Compiled for AddressSanitizer, there is no pool: every buffer is a block of its own that ends where it should, since the
#    sanitizer sees only what leaves a block.
from libc.limits cimport INT_MAX
from libc.stdint cimport uintptr_t
from libc.stdlib cimport free, malloc

cdef extern from *:
    """
    #ifdef _OPENMP
    #include <omp.h>
    #define COMPILED_WITH_OPENMP 1
    #else
    #define omp_get_max_threads() 1
    #define omp_get_thread_num() 0
    #define COMPILED_WITH_OPENMP 0
    #endif

    #ifdef _WIN32
    #define pthread_atfork(prepare, parent, child) 0  /* Windows has no fork */
    #else
    #include <pthread.h>
    #endif

    #ifdef __SANITIZE_ADDRESS__
    #define SANITIZED 1
    static void *block_of(size_t alignment, size_t bytes) {
        void *block;
        return posix_memalign(&block, alignment, bytes) ? NULL : block;
    }
    #else
    #define SANITIZED 0
    #define block_of(alignment, bytes) NULL
    #endif

    #ifdef _MSC_VER
    #include <intrin.h>
    #define EMPTY_SLOT(slot) _InterlockedExchangePointer(slot, NULL)
    #define FILL_SLOT(slot, buffer) (_InterlockedCompareExchangePointer(slot, buffer, NULL) == NULL)
    #else
    #define EMPTY_SLOT(slot) __atomic_exchange_n(slot, NULL, __ATOMIC_ACQUIRE)
    #define FILL_SLOT(slot, buffer) __sync_bool_compare_and_swap(slot, NULL, buffer)
    #endif
    """
    bint COMPILED_WITH_OPENMP
    bint SANITIZED
    int omp_get_max_threads() noexcept nogil
    int omp_get_thread_num() noexcept nogil
    int pthread_atfork(void (*prepare)() noexcept nogil, void (*parent)() noexcept nogil, void (*child)() noexcept nogil)
    void* block_of(size_t alignment, size_t bytes) noexcept nogil
    void* EMPTY_SLOT(void** slot) noexcept nogil
    bint FILL_SLOT(void** slot, void* buffer) noexcept nogil


openmp = bool(COMPILED_WITH_OPENMP)
sanitized = bool(SANITIZED)
unlimited = INT_MAX

# Threads ----------------------------------------------------------------------------------------------------------------

cdef int thread_cap = 1


cdef int threads_now() noexcept nogil:
    return min(thread_cap, omp_get_max_threads())


def threads():
    """The number of threads that a large call uses now."""
    return threads_now()


def set_thread_cap(int cap):
    """Let kernels use up to `cap` threads, where OpenMP allows as many."""
    global thread_cap
    thread_cap = cap


cdef void serial_in_child() noexcept nogil:
    global thread_cap
    thread_cap = 1


pthread_atfork(NULL, NULL, &serial_in_child)

# The last-level cache -----------------------------------------------------------------------------------------------------

cdef double cache = 0  # bytes, 0 if nobody knows


cdef bint overflow_cache(double bytes) noexcept nogil:
    """Whether it is quicker to bring arrays of so many bytes, which a loop goes through side by side, past the cache.

    One thread: if they have left it before they are used again, since what comes next brings arrays of its own. Several threads
    have to share the memory, not the bandwidth of the cache: there, only what does not fit in it.
    """
    return 0 < cache < (bytes if threads_now() > 1 else 2 * bytes)


def set_cache(double bytes):
    """Tells kernels the size of the last-level cache, 0 if it is not known."""
    global cache
    cache = bytes


# Prefetchers ------------------------------------------------------------------------------------------------------------

cdef bint follow_rows = False


cdef bint prefetchers_follow_rows() noexcept nogil:
    """Whether prefetchers bring the lines of several rows that are read side by side, or in any order.

    Then kernels ask only for memory that they write to, ahead of time. Else they ask for what they read, in the order of memory.
    """
    return follow_rows


def set_prefetchers_follow_rows(bint follow):
    """Tells kernels what the prefetchers of this CPU do."""
    global follow_rows
    follow_rows = follow


# Scratch memory ---------------------------------------------------------------------------------------------------------

cdef enum:
    ALIGNMENT = 64  # bytes: a cache line, and the longest vector
    FIRST_POWER = 12  # the smallest buffer has 4 KiB
    ROWS = 20  # the largest buffer that is kept has 2 GiB
    SLOTS = 256
    SLOTS_OF_A_THREAD = 4  # a kernel holds so many buffers of about one size at once

cdef struct Header:  # lies in front of every buffer
    void* block  # what malloc returned
    int row

cdef void* pool[ROWS][SLOTS]


cdef inline Header* header_of(void* buffer) noexcept nogil:
    return <Header*>buffer - 1


cdef void* scratch_take(size_t bytes) noexcept nogil:
    """Memory for `bytes` bytes, aligned to 64, with any content. NULL if there is none."""
    cdef int row = 0, i, first
    cdef void* block
    cdef void* buffer
    if SANITIZED:
        return block_of(ALIGNMENT, bytes)
    while row < ROWS and (<size_t>1 << (FIRST_POWER + row)) < bytes:
        row += 1
    if row < ROWS:
        bytes = <size_t>1 << (FIRST_POWER + row)
        first = omp_get_thread_num() * SLOTS_OF_A_THREAD
        for i in range(SLOTS):
            if pool[row][(first + i) % SLOTS] != NULL:
                buffer = EMPTY_SLOT(&pool[row][(first + i) % SLOTS])
                if buffer != NULL:
                    return buffer
    block = malloc(bytes + sizeof(Header) + ALIGNMENT)
    if block == NULL:
        return NULL
    buffer = <void*>((<uintptr_t>block + sizeof(Header) + ALIGNMENT) & ~<uintptr_t>(ALIGNMENT - 1))
    header_of(buffer)[0] = Header(block, row)
    return buffer


cdef void scratch_give(void* buffer) noexcept nogil:
    """Takes back what `scratch_take` returned; NULL is ignored."""
    cdef int row, i, first
    if SANITIZED:
        free(buffer)
        return
    if buffer == NULL:
        return
    row = header_of(buffer).row
    if row < ROWS:
        first = omp_get_thread_num() * SLOTS_OF_A_THREAD
        for i in range(SLOTS):
            if FILL_SLOT(&pool[row][(first + i) % SLOTS], buffer):
                return
    free(header_of(buffer).block)
