# Whoever cimports this has all functions inside of their callers, in GCC and Clang.
#
# Where a function has literal arguments, as register tiles do, GCC would make one copy for several callers, with a size as a
# variable; or one for each, in which arrays of vectors go through the stack, as loops of constant length are found too late.
cdef extern from *:
    """
    #if defined(__GNUC__)
    #undef CYTHON_INLINE
    #define CYTHON_INLINE inline __attribute__((always_inline))
    #endif
    """
