# Choosing between two vectors, lane by lane.
#
# Design:
# a) A comparison of vectors is a vector of whole numbers, -1 in lanes where it holds and 0 elsewhere: a mask. Masks are
#    combined by & and |.
# b) `choose` is written as arithmetic on bits: GCC makes one instruction of it, and where the CPU has registers for masks,
#    uses them. A loop over lanes with a condition becomes that only where GCC happens to see it.
# c) Functions that work on vectors must become part of the loops that call them, however large they are.
cimport kernels.inlined
from kernels.real cimport real, vec

cdef extern from *:
    """
    #if defined(__GNUC__)
    #ifdef CONVLAYERS_FLOAT64
    typedef long long mask __attribute__((vector_size(VECTOR_BYTES)));
    #else
    typedef int mask __attribute__((vector_size(VECTOR_BYTES)));
    #endif
    static CYTHON_INLINE mask equal_or_nan(vec a, vec b) { return (a == b) | (a != a); }
    static CYTHON_INLINE mask larger_or_nan(vec a, vec b) { return (a > b) | (a != a); }
    static CYTHON_INLINE vec choose(mask where, vec a, vec b) { return (vec)((where & (mask)a) | (~where & (mask)b)); }
    static CYTHON_INLINE mask lanes_between(int first, int end) {
        mask lane = {0};
        for (int l = 0; l < VL; l++) lane[l] = l;
        return (lane >= first) & (lane < end);
    }
    #else
    typedef int mask;  /* vectors of one */
    static CYTHON_INLINE mask equal_or_nan(vec a, vec b) { return -(a == b || a != a); }
    static CYTHON_INLINE mask larger_or_nan(vec a, vec b) { return -(a > b || a != a); }
    static CYTHON_INLINE vec choose(mask where, vec a, vec b) { return where ? a : b; }
    static CYTHON_INLINE mask lanes_between(int first, int end) { return -(first <= 0 && 0 < end); }
    #endif
    """
    ctypedef int mask
    mask equal_or_nan(vec a, vec b) noexcept nogil    # a is b, or NaN
    mask larger_or_nan(vec a, vec b) noexcept nogil   # a is more than b, or NaN
    vec choose(mask where, vec a, vec b) noexcept nogil  # a where the mask holds, else b
    mask lanes_between(int first, int end) noexcept nogil
