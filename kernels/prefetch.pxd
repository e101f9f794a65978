# Asks for memory that will be read or written soon. Any address may be given, also one where nothing is.
#
# The prefetchers of a CPU follow lines that lie one behind the other. Where a loop goes through several rows at once, or jumps
# from one to the next, they lag behind, and a loop with little arithmetic waits.
cdef extern from *:
    """
    #if defined(__GNUC__)
    #define prefetch_for_reading(address) __builtin_prefetch((address), 0, 2)  /* into L2 */
    #define prefetch_for_writing(address) __builtin_prefetch((address), 1, 3)
    #else
    #define prefetch_for_reading(address) ((void)(address))
    #define prefetch_for_writing(address) ((void)(address))
    #endif
    """
    void prefetch_for_reading(const void* address) noexcept nogil
    void prefetch_for_writing(const void* address) noexcept nogil
