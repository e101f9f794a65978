# What a kernel keeps from one call to the next. It lies here, not in kernels/, since Cython binds it by this name when a kernel is
# imported.
cdef class Kept:
    cdef void* buffer
    cdef void hold(self, void* buffer) noexcept
