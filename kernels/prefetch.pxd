# Asks for memory that will be read or written soon. Any address may be given, also one where nothing is.
#
# The prefetchers of a CPU follow lines that lie one behind the other. Where a loop goes through several rows at once, or jumps
# from one to the next, they lag behind, and a loop with little arithmetic waits. In a network, memory for results is rarely in a
# cache: whoever measures a layer by itself, again and again on the same arrays, does not see what that costs.
#
# Results that fill whole lines may also go around the caches: a line is not read before it is written. That pays for arrays
# which are no longer in a cache when somebody reads them.
from kernels.real cimport real, vec

cdef extern from *:
    """
    #define LINE ((int)(64 / sizeof(real)))

    #if defined(__GNUC__)
    #define prefetch_for_reading(address) __builtin_prefetch((address), 0, 2)  /* into L2 */
    #define prefetch_for_writing(address) __builtin_prefetch((address), 1, 3)
    #else
    #define prefetch_for_reading(address) ((void)(address))
    #define prefetch_for_writing(address) ((void)(address))
    #endif

    /* Up to 32 results that lie together, into L2: L1 has no room for those of many rows. A macro, since GCC takes a function that
       does nothing else for one without effect, and drops its calls. */
    #define prefetch_row(address, columns) do { \\
        prefetch_for_reading(address); \\
        prefetch_for_reading((address) + (columns) / 2); \\
        prefetch_for_reading((address) + (columns) - 1); \\
    } while (0)

    /* A whole vector, to a multiple of its size. `end_stores_around` comes before anybody else may read. */
    #if defined(__GNUC__) && defined(__SSE2__)
    #include <immintrin.h>
    #define AROUND 1
    #if VECTOR_BYTES == 64
    #define store_around(address, v) _mm512_stream_si512((__m512i*)(address), (__m512i)(v))
    #elif VECTOR_BYTES == 32
    #define store_around(address, v) _mm256_stream_si256((__m256i*)(address), (__m256i)(v))
    #else
    #define store_around(address, v) _mm_stream_si128((__m128i*)(address), (__m128i)(v))
    #endif
    #define end_stores_around() _mm_sfence()
    #else
    #define AROUND 0
    #define store_around(address, v) (*(vec*)(address) = (v))
    #define end_stores_around() ((void)0)
    #endif
    """
    enum:
        LINE  # numbers in a line of the cache
    bint AROUND  # whether there is an instruction for `store_around`
    void prefetch_for_reading(const void* address) noexcept nogil
    void prefetch_for_writing(const void* address) noexcept nogil
    void prefetch_row(const real* address, Py_ssize_t columns) noexcept nogil
    void store_around(real* address, vec v) noexcept nogil
    void end_stores_around() noexcept nogil


cdef inline void ask_for_lines(const real* row, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    """Some lines from there on, into L2, results as well. It needs a caller that inlines everything."""
    cdef Py_ssize_t i
    for i in range(first, end):
        prefetch_for_reading(row + i * LINE)
