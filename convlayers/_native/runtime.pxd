# What kernels share at run time. It lies here, not in kernels/, since Cython binds it by this name when a kernel is imported.
cdef int threads_now() noexcept nogil
cdef bint overflow_cache(double bytes) noexcept nogil
cdef bint prefetchers_follow_rows() noexcept nogil
cdef void* scratch_take(size_t bytes) noexcept nogil
cdef void scratch_give(void* buffer) noexcept nogil
