# Pages of 2 MB, which save a CPU from looking up where each of 4 KB is.
cdef extern from *:
    """
    #ifdef __linux__
    #include <sys/mman.h>
    /* As NumPy does for large arrays: pages of 2 MB, where the system has them for those who ask. */
    static void use_huge_pages(char *start, size_t bytes) {
        size_t before = -(size_t)start & 4095;
        madvise(start + before, (bytes - before) & ~(size_t)4095, MADV_HUGEPAGE);
    }
    #else
    #define use_huge_pages(start, bytes)
    #endif
    """
    void use_huge_pages(char* start, size_t bytes) noexcept
